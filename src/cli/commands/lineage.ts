import path from 'node:path'
import { writeFileWhole } from '../../data/write-file-whole.ts'
import { findLineage } from '../../track/lineage/find-lineage.ts'
import type { LineageGraph } from '../../track/lineage/lineage.ts'
import { lineageLabel, lineageMermaid } from '../../track/lineage/mermaid.ts'
import { text, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { note, printJson, printLine } from '../output.ts'

/** What something was made from, and what was made from it. */
export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  const graph = await withHome(options, (home) =>
    findLineage(id!, {
      ...home,
      predicted: (prediction) =>
        withPredictionLog(home.folder, async (log) => {
          for await (const { model, version } of log.entries({ ids: new Set([prediction]) })) return { model, version }
          return null
        }),
    }),
  )
  const svg = text(options, 'svg')
  if (svg) {
    const [{ lineageChart }, { renderChart }] = await Promise.all([
      import('../../report/charts/lineage-chart.ts'),
      import('../../report/charts/render-chart.ts'),
    ])
    await writeFileWhole(path.resolve(svg), Buffer.from(await renderChart(lineageChart(graph))))
    note(`picture: ${svg}`)
  }
  if (options['json']) printJson(graph)
  else if (options['mermaid']) process.stdout.write(lineageMermaid(graph))
  else printGraph(graph)
  return 0
}

function printGraph({ nodes, edges, start, truncated }: LineageGraph): void {
  const labels = new Map(nodes.map((node) => [node.key, lineageLabel(node)]))
  printLine(labels.get(start))
  if (edges.length === 0) printLine('made from nothing that is kept here, and nothing was made from it')
  else
    printLine(
      formatTable(
        ['from', 'as', 'to'],
        edges.map(({ from, as, to }) => [labels.get(from), as, labels.get(to)]),
      ),
    )
  if (truncated) note(`… and more than ${edges.length} steps`)
}
