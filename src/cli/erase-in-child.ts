import type { PersonEraser } from '../server/person-eraser.ts'
import { runInChild } from './run-in-child.ts'

/** `erase` in a process of its own: tables are read and written whole. @param place Where the home is. */
export function eraseInChild(place: string): PersonEraser {
  return {
    erase: ({ identifier, columns = [], dryRun }, actor) =>
      runInChild(
        place,
        [
          'erase',
          '--id',
          '-',
          '--actor',
          actor,
          ...(columns.length > 0 ? ['--column', columns.join(',')] : []),
          ...(dryRun ? ['--dry-run'] : []),
        ],
        { input: `${identifier}\n` },
      ),
    expire: () => runInChild(place, ['erase', '--expired', '--actor', 'retention']),
  }
}
