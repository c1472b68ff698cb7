import { wholeNumber, withHome } from '../context.ts'
import { extentText } from '../data-text.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'

/** What a name, or each, came to mean in the course of time, newest first. */
export async function action(options: Record<string, unknown>, [name]: string[]): Promise<number> {
  const limit = wholeNumber(options, 'limit', 1, 1_000_000) ?? 50
  return withHome(options, async (home) => {
    const entries = await home.datasets.log({ limit, ...(name === undefined ? {} : { name }) })
    if (options['json']) {
      printJson({ log: entries })
      return 0
    }
    printLine(
      formatTable(
        ['time (UTC)', 'name', 'dataset', 'holds', 'rejected', 'source'],
        entries.map((e) => [time(e.time), e.name, e.id.slice(0, 19), extentText(e), e.nRejected, e.source]),
        ['left', 'left', 'left', 'right', 'right'],
      ),
    )
    return 0
  })
}
