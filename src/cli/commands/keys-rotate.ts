import { rotateKey } from '../../security/manage-keys.ts'
import { actor, wholeNumber, withHome } from '../context.ts'
import { note, printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, [id = '']: string[]): Promise<number> {
  const minutes = wholeNumber(options, 'grace', 0, 43_200) ?? 0
  return withHome(options, async (home) => {
    const { key, stored } = await rotateKey(home.keys, id, minutes * 60_000, { actor: actor(), now: Date.now() })
    const { hash: _, ...shown } = stored
    if (options['json']) printJson({ key, ...shown })
    else {
      printLine(key)
      note(
        `key ${stored.id} succeeds ${id}, which ${minutes === 0 ? 'has ended' : `ends in ${minutes} min`}\nshown once: only its hash is kept`,
      )
    }
    return 0
  })
}
