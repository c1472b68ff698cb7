import { text, wholeNumber, withHome } from '../context.ts'
import { figure, formatTable, printJson, printLine, time } from '../output.ts'

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
    const key = parent ? 'cv.' : 'test.'
    const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))]
      .filter((name) => name.startsWith(key) && !name.endsWith('.std'))
      .slice(0, 4)
    printLine(
      formatTable(
        ['run', 'name', 'status', 'started (UTC)', 'seconds', ...metrics],
        runs.map((run) => [
          run.id.slice(0, 8),
          run.name,
          run.status,
          time(run.startTime),
          run.endTime === null ? '' : ((run.endTime - run.startTime) / 1000).toFixed(1),
          ...metrics.map((name) => figure(run.metrics[name])),
        ]),
        ['left', 'left', 'left', 'left', 'right', ...metrics.map(() => 'right' as const)],
      ),
    )
    return 0
  })
}
