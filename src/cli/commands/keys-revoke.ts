import { revokeKey } from '../../security/manage-keys.ts'
import { actor, text, withHome } from '../context.ts'
import { note, printJson } from '../output.ts'

export async function action(options: Record<string, unknown>, [id = '']: string[]): Promise<number> {
  return withHome(options, async (home) => {
    await revokeKey(home.keys, id, { actor: actor(), now: Date.now() }, text(options, 'reason') ?? '')
    if (options['json']) printJson({ id, revoked: true })
    else note(`key ${id} is revoked; servers that run stop taking it within a second`)
    return 0
  })
}
