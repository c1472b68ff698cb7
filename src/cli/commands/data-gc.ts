import { collectGarbage } from '../../store/collect-garbage.ts'
import { wholeNumber, withHome } from '../context.ts'
import { bytesText } from '../data-text.ts'
import { note, printJson, printLine } from '../output.ts'

const HOUR_MS = 3_600_000

/** Removes contents that nothing refers to. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const hours = wholeNumber(options, 'olderThan', 0, 100_000) ?? 24
  const dryRun = options['dryRun'] === true
  return withHome(options, async (home) => {
    const garbage = await collectGarbage(home, { now: Date.now(), olderThanMs: hours * HOUR_MS, dryRun })
    if (options['json']) {
      printJson(garbage)
      return 0
    }
    const { blobs, storedBytes, left, unusedInPacks, writers } = garbage
    printLine(`${blobs} blobs ${dryRun ? 'would be' : 'were'} removed, ${bytesText(storedBytes)}`)
    if (left > 0) note(`${left} more that nothing refers to are left: they are younger than ${hours} h, or in a bucket`)
    if (unusedInPacks > 0) note(`${bytesText(unusedInPacks)} that no version has are left in packs with others`)
    if (writers > 0) note('data is being added just now; packs are left for the next time')
    return 0
  })
}
