import type { ModelVersion, NewModelVersion } from '../track/model-registry.ts'
import type { RecordedRun } from '../track/tracking-store.ts'
import { processTag } from './provenance.ts'
import type { RunDeps } from './run-deps.ts'
import { abandonRun } from './run-steps.ts'

/**
 * Records a run whose whole work is the version that it gives (an import, a distillation), and registers that version, with which the run ends. Where
 * the version is refused the run has failed, and says why.
 * @throws as recording and registering do
 */
export async function recordWithVersion(
  run: Omit<RecordedRun, 'status' | 'endTime' | 'parentRunId'>,
  version: Omit<NewModelVersion, 'runId' | 'endsRun'>,
  deps: Pick<RunDeps, 'tracking' | 'models' | 'clock'>,
): Promise<ModelVersion> {
  const { id } = await deps.tracking.recordRun({
    ...run,
    tags: { ...run.tags, 'bellwether.process': processTag() },
    status: 'RUNNING',
    endTime: version.now,
  })
  try {
    return await deps.models.createVersion({ ...version, runId: id, endsRun: true })
  } catch (error) {
    await abandonRun(id, error, deps)
    throw error
  }
}
