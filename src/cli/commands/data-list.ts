import { text, withHome } from '../context.ts'
import { extentText } from '../data-text.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return withHome(options, async (home) => {
    const name = text(options, 'name')
    const datasets = await home.datasets.datasets(name === undefined ? {} : { name })
    if (options['json']) {
      printJson({ datasets: datasets.map(({ schema: _schema, profile: _profile, ...rest }) => rest) })
      return 0
    }
    printLine(
      formatTable(
        ['dataset', 'name', 'holds', 'rejected', 'source', 'added (UTC)'],
        datasets.map((d) => [d.id.slice(0, 19), d.name, extentText(d), d.nRejected, d.source, time(d.createdTime)]),
        ['left', 'left', 'right', 'right'],
      ),
    )
    return 0
  })
}
