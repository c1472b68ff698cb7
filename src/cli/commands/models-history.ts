import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'

/** The first digits tell runs apart, and a line stays a line; `--json` has all of them. */
const RUN_ID = /\b([0-9a-f]{8})[0-9a-f]{24}\b/g

export async function action(options: Record<string, unknown>, [model]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const entries = await home.models.history(model!)
    if (options['json']) printJson({ entries })
    else {
      printLine(
        formatTable(
          ['#', 'time (UTC)', 'who', 'what', 'alias', 'from', 'to', 'why'],
          entries.map((entry) => [
            entry.sequence,
            time(entry.time),
            entry.actor,
            entry.action,
            entry.alias,
            entry.from,
            entry.to,
            entry.reason.replaceAll(RUN_ID, '$1'),
          ]),
          ['right'],
        ),
      )
    }
    return 0
  })
}
