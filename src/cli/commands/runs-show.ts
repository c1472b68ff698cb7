import { BellwetherError } from '../../errors.ts'
import { ERROR_TAG } from '../../pipeline/run-tags.ts'
import { shortParams } from '../../track/short-params.ts'
import { text, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { figure, printJson, printLine, time } from '../output.ts'

export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  return withHome(options, async (home) => {
    const run = await home.tracking.run(id!)
    const wanted = text(options, 'artifact')
    if (wanted) {
      const artifact = run.artifacts.find(({ path }) => path === wanted)
      if (!artifact) {
        throw new BellwetherError(
          'ARTIFACT_NOT_FOUND',
          `Run ${run.id.slice(0, 8)} has no artifact "${wanted}"; it has: ${run.artifacts.map(({ path }) => path).join(', ') || 'none'}.`,
        )
      }
      process.stdout.write(await home.blobs.get(artifact.hash))
      return 0
    }
    const trials = await home.tracking.runs({ parentRunId: run.id, limit: 100_000 })
    if (options['json']) {
      printJson({ ...run, trials: trials.map((trial) => trial.id) })
      return 0
    }
    printLine(`run ${run.id}  ${run.name}`)
    printLine(`${run.status}  ${time(run.startTime)} – ${time(run.endTime)} UTC`)
    const { [ERROR_TAG]: error, ...tags } = run.tags
    if (error) printLine(error)
    if (run.parentRunId) printLine(`trial of ${run.parentRunId}`)
    if (trials.length > 0) printLine(`${trials.length} trials: bellwether runs list --parent ${run.id.slice(0, 8)}`)
    for (const { id: dataset, context } of run.datasets) printLine(`dataset ${dataset} (${context})`)
    if (Object.keys(run.params).length > 0)
      printLine(
        `\n${formatTable(
          ['param', 'value'],
          Object.entries(run.params).map(([key, value]) => [key, ...shortParams([value])]),
        )}`,
      )
    if (Object.keys(run.metrics).length > 0) {
      printLine()
      printLine(
        formatTable(
          ['metric', 'value'],
          Object.entries(run.metrics).map(([key, value]) => [key, figure(value)]),
          ['left', 'right'],
        ),
      )
    }
    if (Object.keys(tags).length > 0) printLine(`\n${formatTable(['tag', 'value'], Object.entries(tags))}`)
    if (run.artifacts.length > 0) {
      printLine()
      printLine(
        formatTable(
          ['artifact', 'bytes', 'hash'],
          run.artifacts.map(({ path, sizeBytes, hash }) => [path, sizeBytes, hash.slice(0, 19)]),
          ['left', 'right', 'left'],
        ),
      )
    }
    return 0
  })
}
