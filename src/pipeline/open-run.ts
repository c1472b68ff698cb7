import type { LoadedDataset } from '../data/load-dataset.ts'
import type { Run } from '../track/tracking-store.ts'
import { keepDataset } from './keep-dataset.ts'
import type { Project } from './load-project.ts'
import type { ProjectOptions } from './project.ts'
import { processIsAlive, processTag, provenanceTags } from './provenance.ts'
import type { RunDeps } from './run-deps.ts'

/** What is known of any run before it begins. */
export interface Opening {
  readonly project: Pick<Project, 'folder'>
  readonly options: Pick<ProjectOptions, 'name' | 'task' | 'data'>
  readonly dataset: LoadedDataset
  /** What was noticed of the data and gone on with, in sentences. */
  readonly warnings: readonly string[]
  /** Said of the data wherever the model shows. */
  readonly notes: readonly string[]
}

export type OpeningDeps = Omit<RunDeps, 'models' | 'actor' | 'drawFigures' | 'threads' | 'signal' | 'earlier'>

/**
 * Begins a run: ends those whose process died, keeps the dataset, says what it is, and records the run with what made it.
 * @param params Beside those that every run has.
 * @param started Milliseconds since 1970 UTC.
 */
export async function openRun(
  { project, options, dataset, warnings, notes }: Opening,
  params: Readonly<Record<string, string>>,
  deps: OpeningDeps,
  started: number,
): Promise<Run> {
  const { tracking, onEvent } = deps
  await tracking.reapRuns(processIsAlive, started)
  await keepDataset({ project, options, dataset }, deps)
  const { id, nRows, nRejected, schema } = dataset
  onEvent({ type: 'dataset', id, nRows, nRejected, nColumns: schema.columns.length })
  for (const message of warnings) onEvent({ type: 'warning', message })
  const experiment = await tracking.ensureExperiment(options.name, started)
  const run = await tracking.createRun({
    experimentId: experiment.id,
    name: `${options.name} ${new Date(started).toISOString().slice(0, 16).replace('T', ' ')}`,
    startTime: started,
    tags: {
      'bellwether.project': options.name,
      'bellwether.process': processTag(),
      ...provenanceTags(deps.provenance),
      ...(notes.length > 0 ? { 'bellwether.notes': notes.join('\n') } : {}),
      ...(warnings.length > 0 ? { 'bellwether.warnings': warnings.join('\n') } : {}),
      ...deps.tags,
    },
  })
  onEvent({ type: 'run-opened', runId: run.id })
  await tracking.logDataset(run.id, id, 'training')
  await tracking.logBatch(run.id, { params: { task: options.task, ...params, 'rows.rejected': String(nRejected) } })
  return run
}
