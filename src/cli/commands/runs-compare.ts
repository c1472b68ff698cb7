import { BellwetherError } from '../../errors.ts'
import { shortParams } from '../../track/short-params.ts'
import type { Run } from '../../track/tracking-store.ts'
import { withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { figure, printJson, printLine } from '../output.ts'

export async function action(options: Record<string, unknown>, ids: string[]): Promise<number> {
  if (ids.length < 2) throw new BellwetherError('USAGE', 'Name at least two runs to compare.')
  return withHome(options, async (home) => {
    const runs = await Promise.all(ids.map((id) => home.tracking.run(id)))
    if (options['json']) {
      printJson({ runs: runs.map(({ id, name, status, params, metrics }) => ({ id, name, status, params, metrics })) })
      return 0
    }
    const keys = (of: (run: Run) => Readonly<Record<string, unknown>>) =>
      [...new Set(runs.flatMap((run) => Object.keys(of(run))))].sort()
    const params = keys((run) => run.params).filter((key) => new Set(runs.map((run) => run.params[key])).size > 1)
    const head = runs.map((run) => `${run.name}\n${run.id.slice(0, 8)}`)
    if (params.length > 0)
      printLine(
        formatTable(
          ['param that differs', ...head],
          params.map((key) => [key, ...shortParams(runs.map((run) => run.params[key]))]),
        ),
      )
    if (params.length > 0) printLine()
    printLine(
      formatTable(
        ['metric', ...head],
        keys((run) => run.metrics).map((key) => [key, ...runs.map((run) => figure(run.metrics[key]))]),
        ['left', ...runs.map(() => 'right' as const)],
      ),
    )
    return 0
  })
}
