import { openHome } from '../../store/open-home.ts'
import { type Pulled, pullVersion, remoteVersion, remoteVersions } from '../../store/remote/pull-version.ts'
import { homeFolder } from '../context.ts'
import { withRemote } from '../data-remote.ts'
import { bytesText } from '../data-text.ts'
import { printJson, printLine } from '../output.ts'

/** Brings versions from a shared remote: those that are named, or all that are not here. */
export async function action(options: Record<string, unknown>, ids: string[]): Promise<number> {
  return withRemote(options, true, async (remote) => {
    const wanted =
      ids.length > 0 ? await Promise.all(ids.map((id) => remoteVersion(remote, id))) : await remoteVersions(remote)
    const home = await openHome(homeFolder(options), { create: true })
    const pulled: Pulled[] = []
    try {
      for (const id of wanted) {
        const each = await pullVersion(id, home, remote, Date.now)
        pulled.push(each)
        if (!options['json'])
          printLine(
            `${each.id}  ${each.name}  ${each.already ? 'was here' : `${bytesText(each.receivedBytes)} received`}`,
          )
      }
    } finally {
      await home.close()
    }
    if (options['json']) printJson({ remote: remote.place, versions: pulled })
    return 0
  })
}
