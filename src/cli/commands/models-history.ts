import { liveAt } from '../../track/ledger.ts'
import type { LedgerEntry } from '../../track/model-registry.ts'
import { sharesInWords } from '../../track/traffic-plan.ts'
import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'
import { timeGiven } from '../time-given.ts'

/** The first digits tell runs apart, and a line stays a line; `--json` has all of them. */
const RUN_ID = /\b([0-9a-f]{8})[0-9a-f]{24}\b/g

function printLive(options: Record<string, unknown>, entries: readonly LedgerEntry[], at: number): number {
  const aliases = [...new Set(entries.flatMap(({ alias }) => alias ?? []))].sort()
  const live = aliases.flatMap((alias) => liveAt(entries, alias, at) ?? [])
  if (options['json']) printJson({ at, live })
  else if (live.length === 0) printLine(`No alias pointed at a version at ${time(at)} UTC.`)
  else {
    const rows = live.map((entry) => [
      entry.alias,
      entry.to,
      time(entry.time),
      entry.actor,
      entry.reason.replaceAll(RUN_ID, '$1'),
    ])
    printLine(formatTable(['alias', 'version', 'since (UTC)', 'by', 'why'], rows))
  }
  return 0
}

/** The reason, with the shares where traffic changed. */
function whyOf({ reason, traffic }: LedgerEntry): string {
  const why = reason.replaceAll(RUN_ID, '$1')
  if (!traffic) return why
  return `${traffic.to ? sharesInWords(traffic.to) : 'all to the champion'}: ${why}`
}

export async function action(options: Record<string, unknown>, [model]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const at = timeGiven(options, 'at')
    const entries = await home.models.history(model!)
    if (at !== undefined) return printLive(options, entries, at)
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
            whyOf(entry),
          ]),
          ['right'],
        ),
      )
    }
    return 0
  })
}
