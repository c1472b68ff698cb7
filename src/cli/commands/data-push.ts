import { type Pushed, pushVersion } from '../../store/remote/push-version.ts'
import { withHome } from '../context.ts'
import { withRemote } from '../data-remote.ts'
import { bytesText } from '../data-text.ts'
import { note, printJson, printLine } from '../output.ts'

/** Puts versions into a shared remote: those that are named, or all. */
export async function action(options: Record<string, unknown>, ids: string[]): Promise<number> {
  return withHome(options, (home) =>
    withRemote(options, false, async (remote) => {
      const versions =
        ids.length > 0 ? await Promise.all(ids.map((id) => home.datasets.dataset(id))) : await home.datasets.datasets()
      const pushed: Pushed[] = []
      for (const version of versions) {
        if (ids.length === 0 && version.erased) {
          note(`${version.id.slice(0, 19)} is left out: its rows were erased`)
          continue
        }
        const each = await pushVersion(version, home, remote)
        pushed.push(each)
        if (!options['json'])
          printLine(`${each.id}  ${each.already ? 'was there' : `${bytesText(each.sentBytes)} sent`}`)
      }
      if (options['json']) printJson({ remote: remote.place, versions: pushed })
      return 0
    }),
  )
}
