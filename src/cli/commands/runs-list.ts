import { text, wholeNumber, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { headlineMetrics } from '../headline-metrics.ts'
import { figure, printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return withHome(options, async (home) => {
    const experiment = text(options, 'experiment')
    const parent = text(options, 'parent')
    const runs = await home.tracking.runs({
      ...(experiment ? { experiment } : {}),
      parentRunId: parent ? (await home.tracking.run(parent)).id : null,
      limit: wholeNumber(options, 'limit', 1, 100_000) ?? 20,
    })
    if (options['json']) {
      printJson({ runs })
      return 0
    }
    const stage = parent ? 'cv' : 'test'
    const metrics = headlineMetrics(
      runs.flatMap((run) =>
        Object.keys(run.metrics).flatMap((key) => (key.startsWith(`${stage}.`) ? [key.slice(stage.length + 1)] : [])),
      ),
    )
    printLine(
      formatTable(
        ['run', 'name', 'status', 'started (UTC)', 'seconds', ...metrics.map((name) => `${stage}\n${name}`)],
        runs.map((run) => [
          run.id.slice(0, 8),
          run.name,
          run.status,
          time(run.startTime),
          run.endTime === null ? '' : ((run.endTime - run.startTime) / 1000).toFixed(1),
          ...metrics.map((name) => figure(run.metrics[`${stage}.${name}`])),
        ]),
        ['left', 'left', 'left', 'left', 'right', ...metrics.map(() => 'right' as const)],
        { droppable: [3, 4, ...metrics.map((_, index) => 4 + metrics.length - index)] },
      ),
    )
    return 0
  })
}
