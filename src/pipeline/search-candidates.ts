import { randomisedSearch, type SearchResult, type TrialResult } from '../evaluate/search/randomised-search.ts'
import { estimator } from '../learn/estimators.ts'
import type { TrackingStore } from '../track/tracking-store.ts'
import type { PreparedRun } from './prepare-run.ts'
import { type Provenance, provenanceTags } from './provenance.ts'
import type { RunEvent } from './run-events.ts'
import { familyOf } from './search-families.ts'
import { openTrialPool } from './trial-pool.ts'

export interface SearchDeps {
  readonly tracking: TrackingStore
  readonly clock: () => number
  readonly provenance: Provenance
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onEvent: (event: RunEvent) => void
}

/**
 * Runs the search on worker threads and records each trial as a child run the moment it ends, so that a stopped search keeps what it
 * finished. The result does not depend on the number of threads.
 */
export async function searchCandidates(
  prepared: PreparedRun,
  run: { id: string; experimentId: string },
  deps: SearchDeps,
): Promise<SearchResult> {
  const { options, train, folds, families, scoring, dataset, roles } = prepared
  const { signal, onEvent } = deps
  const spaceFacts = (name: string) => {
    const features = prepared.features.get(estimator(name).encoding)!
    return { nRows: train.table.nRows, nColumns: features.matrix.nColumns, task: options.task }
  }
  const pool = openTrialPool(
    {
      table: train.table,
      schema: dataset.schema,
      inputs: roles.inputs,
      target: train.target,
      featureOptions: options.features,
      folds,
      seed: options.search.seed,
    },
    deps.threads,
    signal,
  )
  try {
    let done = 0
    let total = 0
    let best: number | null = null
    return await randomisedSearch({
      families: families.map((name) => familyOf(name, spaceFacts(name), options.search.spaces)),
      nTrials: options.search.trials,
      folds,
      seed: options.search.seed,
      scoring,
      concurrency: deps.threads,
      ...(signal ? { signal } : {}),
      onPlan: (trials) => {
        total = trials * folds.length
        onEvent({ type: 'search-started', trials, folds: folds.length, threads: deps.threads })
      },
      evaluateFold: async (task) => {
        const result = await pool.run(task)
        onEvent({ type: 'fold-finished', done: ++done, total })
        return result
      },
      onTrial: async (trial) => {
        const score = trial.cv?.[scoring.name]?.mean ?? Number.NaN
        if (!Number.isNaN(score) && (best === null || (scoring.greaterIsBetter ? score > best : score < best)))
          best = score
        await recordTrial(trial, run, prepared, deps)
        onEvent({
          type: 'trial-finished',
          estimator: trial.estimator,
          index: trial.index,
          scoring: scoring.name,
          score: Number.isNaN(score) ? null : score,
          best,
          seconds: trial.seconds,
        })
      },
    })
  } finally {
    await pool.close()
  }
}

/** A trial says by itself what made it: data, seed and versions, as its run does. */
async function recordTrial(
  trial: TrialResult,
  run: { id: string; experimentId: string },
  { dataset, options }: PreparedRun,
  { tracking, clock, provenance }: SearchDeps,
): Promise<void> {
  const now = clock()
  const metrics = Object.entries(trial.cv ?? {}).flatMap(([key, { mean, std, folds }]) => [
    { key: `cv.${key}`, value: mean, step: 0, timestamp: now },
    { key: `cv.${key}.std`, value: std, step: 0, timestamp: now },
    ...folds.map((value, step) => ({ key: `fold.${key}`, value, step, timestamp: now })),
  ])
  await tracking.recordRun({
    experimentId: run.experimentId,
    name: `${trial.estimator} ${trial.index}`,
    parentRunId: run.id,
    startTime: Math.round(now - trial.seconds * 1000),
    endTime: now,
    status: trial.error ? 'FAILED' : 'FINISHED',
    params: {
      estimator: trial.estimator,
      'search.seed': String(options.search.seed),
      ...Object.fromEntries(Object.entries(trial.params).map(([key, value]) => [key, JSON.stringify(value)])),
    },
    metrics: metrics.filter(({ value }) => !Number.isNaN(value)),
    tags: {
      'bellwether.trial': String(trial.index),
      ...provenanceTags(provenance),
      ...(trial.error ? { 'bellwether.error': trial.error } : {}),
    },
    datasets: [{ id: dataset.id, context: 'training' }],
  })
}
