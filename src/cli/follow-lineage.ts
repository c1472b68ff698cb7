import path from 'node:path'
import type { LineageFacts } from '../pipeline/open-lineage/run-lineage.ts'
import type { PreparedRun } from '../pipeline/prepare-run.ts'
import type { ProjectOptions } from '../pipeline/project.ts'
import type { RunEvent } from '../pipeline/run-events.ts'
import { noteLabelled } from './output.ts'

/**
 * Runs `work`, and tells it as OpenLineage events where the project or the environment asks for that. A target that does not take them is noted
 * once; the run neither waits for it nor fails with it.
 */
export async function withLineage<T>(
  prepared: LineageFacts & {
    readonly options: Pick<ProjectOptions, 'lineage'>
    readonly project: Pick<PreparedRun['project'], 'folder'>
  },
  work: (onEvent: (event: RunEvent) => void) => Promise<T>,
): Promise<T> {
  const options = prepared.options.lineage?.openLineage
  if (!options && !process.env['OPENLINEAGE_URL']) return work(() => {})
  const [{ lineageTargets }, { lineageSink }, { RunLineage }] = await Promise.all([
    import('../pipeline/open-lineage/open-lineage-options.ts'),
    import('../pipeline/open-lineage/lineage-sink.ts'),
    import('../pipeline/open-lineage/run-lineage.ts'),
  ])
  const targets = lineageTargets(options, process.env, (file) => path.resolve(prepared.project.folder, file))
  if (targets === null) return work(() => {})
  const sink = lineageSink(targets, (message) => noteLabelled('warning', message))
  const { namespace } = targets
  const lineage = new RunLineage(prepared, { namespace, send: sink.send, clock: Date.now })
  // Whatever becomes of telling, the run is what counts.
  const safely = (tell: () => void) => {
    try {
      tell()
    } catch {
      noteLabelled('warning', 'An OpenLineage event could not be made; the run goes on without it.')
    }
  }
  try {
    const result = await work((event) => safely(() => lineage.onEvent(event)))
    safely(() => lineage.complete())
    return result
  } catch (error) {
    safely(() => lineage.fail(error))
    throw error
  } finally {
    await sink.close()
  }
}
