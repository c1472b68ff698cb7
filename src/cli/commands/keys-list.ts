import type { StoredKey } from '../../security/key-store.ts'
import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return withHome(options, async (home) => {
    const keys = await home.keys.keys()
    if (options['json']) {
      printJson({ keys: keys.map(({ hash: _, ...key }) => key) })
      return 0
    }
    const now = Date.now()
    printLine(
      formatTable(
        ['key', 'name', 'role', 'models', 'state', 'last used (UTC)', 'made (UTC)'],
        keys.map((key) => [
          key.id,
          key.name,
          key.role + (key.sensitive ? ' + sensitive' : ''),
          key.models?.join(', ') ?? 'all',
          stateOf(key, now),
          key.lastUsedTime === null ? 'never' : time(key.lastUsedTime),
          time(key.createdTime),
        ]),
      ),
    )
    return 0
  })
}

function stateOf(key: StoredKey, now: number): string {
  if (key.revokedTime !== null) return 'revoked'
  if (key.expiresTime === null) return 'live'
  return key.expiresTime <= now ? 'expired' : `until ${time(key.expiresTime)}`
}
