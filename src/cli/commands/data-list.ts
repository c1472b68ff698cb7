import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return withHome(options, async (home) => {
    const datasets = await home.datasets.datasets()
    if (options['json']) {
      printJson({ datasets: datasets.map(({ schema: _schema, profile: _profile, ...rest }) => rest) })
      return 0
    }
    printLine(
      formatTable(
        ['dataset', 'name', 'rows', 'rejected', 'source', 'added (UTC)'],
        datasets.map((d) => [d.id.slice(0, 19), d.name, d.nRows, d.nRejected, d.source, time(d.createdTime)]),
        ['left', 'left', 'right', 'right'],
      ),
    )
    return 0
  })
}
