import os from 'node:os'
import type { ClusteringResult } from '../pipeline/execute-clustering.ts'
import type { RunResult } from '../pipeline/execute-run.ts'
import type { PreparedClustering } from '../pipeline/prepare-clustering.ts'
import type { PreparedRun } from '../pipeline/prepare-run.ts'
import type { RunEvent } from '../pipeline/run-events.ts'
import { logInto, logRunEvent } from './command-log.ts'
import { actor } from './context.ts'
import { withLineage } from './follow-lineage.ts'
import { personKeys } from './open-prediction-log.ts'
import { noteLabelled } from './output.ts'
import { runProgress } from './run-progress.ts'

export interface ExecuteOptions {
  readonly home: string
  readonly threads?: number
  readonly signal: AbortSignal
  /** Id of a stopped run to take up, or the start of it. */
  readonly resume?: string
  readonly tags?: Readonly<Record<string, string>>
}

/** Opens the home, wires stores, pictures and progress to a prepared clustering, and runs it. */
export async function clusterInHome(
  prepared: PreparedClustering,
  options: Omit<ExecuteOptions, 'threads' | 'resume'>,
): Promise<ClusteringResult> {
  const [{ openHome }, { executeClustering }, { provenance }, { drawClusterFigures }] = await Promise.all([
    import('../store/open-home.ts'),
    import('../pipeline/execute-clustering.ts'),
    import('../pipeline/provenance.ts'),
    import('../report/draw-cluster-figures.ts'),
  ])
  const origin = await provenance(prepared.project.folder)
  const home = await openHome(options.home, { create: true })
  logInto(home.folder)
  const progress = runProgress()
  for (const text of prepared.notes) noteLabelled('note', text)
  try {
    return await withLineage(prepared, (tell) =>
      executeClustering(prepared, {
        ...home,
        personKeys: personKeys(home.folder),
        clock: Date.now,
        provenance: origin,
        actor: actor(),
        drawFigures: drawClusterFigures,
        signal: options.signal,
        onEvent: toldEvents(tell, progress.onEvent),
        ...(options.tags ? { tags: options.tags } : {}),
      }),
    )
  } finally {
    progress.stop()
    await home.close()
  }
}

/** Opens the home, wires stores, pictures and progress to a prepared run, and runs it. */
export async function executeInHome(prepared: PreparedRun, options: ExecuteOptions): Promise<RunResult> {
  const [{ openHome }, { executeRun }, { earlierAttempt }, { provenance }, { drawFigures }] = await Promise.all([
    import('../store/open-home.ts'),
    import('../pipeline/execute-run.ts'),
    import('../pipeline/earlier-attempt.ts'),
    import('../pipeline/provenance.ts'),
    import('../report/draw-figures.ts'),
  ])
  const origin = await provenance(prepared.project.folder)
  const home = await openHome(options.home, { create: options.resume === undefined })
  logInto(home.folder)
  const progress = runProgress()
  options.signal.addEventListener('abort', progress.stop, { once: true })
  for (const text of prepared.notes) noteLabelled('note', text)
  try {
    const earlier = options.resume
      ? await earlierAttempt(prepared, options.resume, { ...home, clock: Date.now, provenance: origin })
      : null
    return await withLineage(prepared, (tell) =>
      executeRun(prepared, {
        ...home,
        personKeys: personKeys(home.folder),
        ...(earlier ? { earlier } : {}),
        clock: Date.now,
        provenance: origin,
        actor: actor(),
        drawFigures,
        threads: options.threads ?? os.availableParallelism(),
        signal: options.signal,
        onEvent: toldEvents(tell, progress.onEvent),
        ...(options.tags ? { tags: options.tags } : {}),
      }),
    )
  } finally {
    options.signal.removeEventListener('abort', progress.stop)
    progress.stop()
    await home.close()
  }
}

type Listener = (event: RunEvent) => void

/** Events are told to who asked for lineage, noted in the home's log, and drawn. */
function toldEvents(tell: Listener, draw: Listener): Listener {
  return (event) => {
    tell(event)
    logRunEvent(event)
    draw(event)
  }
}
