import { withHome } from '../context.ts'
import { formatTable, printJson, printLine, time } from '../output.ts'

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
            entry.reason,
          ]),
          ['right'],
        ),
      )
    }
    return 0
  })
}
