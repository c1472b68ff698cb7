import { runSearch, type SearchResult } from '../evaluate/search/run-search.ts'
import type { SearchFamily } from '../evaluate/search/search-plan.ts'
import { estimator } from '../learn/estimators.ts'
import { keptPerFamily } from './build-answer.ts'
import type { EarlierAttempt } from './earlier-attempt.ts'
import { directionsOf } from './monotone.ts'
import type { PreparedRun } from './prepare-run.ts'
import { recordTrial, type TrialRecorder } from './record-trial.ts'
import type { RunEvent } from './run-events.ts'
import { budgetOf, trialsByFamily } from './search-budget.ts'
import { familyOf } from './search-families.ts'
import { planOf } from './search-plan.ts'
import { keepSearchRecord, searchRecord } from './search-record.ts'
import { openTrialPool } from './trial-pool.ts'

export interface SearchDeps extends TrialRecorder {
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onEvent: (event: RunEvent) => void
  /** A stopped run of the same search, whose finished trials are taken as they are. */
  readonly earlier?: EarlierAttempt
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
  const { signal, onEvent, earlier, tracking } = deps
  await keepSearchRecord(run.id, searchRecord(prepared, deps.provenance), deps)
  if (earlier) await tracking.logBatch(run.id, { tags: { 'bellwether.resumes': earlier.runId } })
  const drawn = families.map((name): SearchFamily => {
    const features = prepared.features.get(estimator(name).encoding)!
    const facts = { nRows: train.table.nRows, nColumns: features.matrix.nColumns, task: options.task }
    // Where the project sets the presets, it knows.
    const notes = options.search.spaces[name]?.['preset'] ? [] : (estimator(name).notes?.(facts) ?? [])
    for (const message of notes) onEvent({ type: 'note', message })
    return familyOf(name, facts, options.search.spaces)
  })
  const pool = openTrialPool(
    {
      table: train.table,
      schema: dataset.schema,
      inputs: roles.inputs,
      target: train.target,
      featureOptions: options.features,
      monotone: directionsOf(options.data, dataset.schema),
      folds,
      seed: options.search.seed,
    },
    deps.threads,
    signal,
  )
  try {
    let done = 0
    let total = 0
    let planned = 0
    let best: number | null = null
    const plan = planOf(prepared, drawn)
    const result = await runSearch({
      families: drawn,
      plan,
      folds,
      seed: options.search.seed,
      scoring,
      keepOutOfFold: keptPerFamily(prepared),
      concurrency: deps.threads,
      mayBegin: budgetOf(options.search, deps.clock, earlier?.spentMs),
      ...(earlier ? { restore: (trial) => earlier.restore(trial) } : {}),
      ...(signal ? { signal } : {}),
      onPlan: (trials) => {
        planned = trials
        total = trials * folds.length
        onEvent({
          type: 'search-started',
          method: options.search.method,
          trials,
          folds: folds.length,
          threads: deps.threads,
          timeBudgetSeconds: options.search.timeBudgetSeconds ?? null,
          restored: earlier?.nTrials ?? 0,
        })
      },
      evaluateFold: async (task) => {
        const result = await pool.run(task)
        onEvent({ type: 'fold-finished', done: ++done, total })
        return result
      },
      onTrial: async (trial, how) => {
        if (how.restored) done += folds.length
        const score = trial.cv?.[scoring.name]?.mean ?? Number.NaN
        // A score on part of the rows, or of the rounds, is about another question.
        const compares = !trial.rung || trial.rung.rung === trial.rung.nRungs - 1
        if (compares && !Number.isNaN(score)) {
          if (best === null || (scoring.greaterIsBetter ? score > best : score < best)) best = score
        }
        await recordTrial(trial, how, run, prepared, deps)
        onEvent({
          type: 'trial-finished',
          estimator: trial.estimator,
          index: trial.index,
          scoring: scoring.name,
          score: Number.isNaN(score) ? null : score,
          best,
          seconds: trial.seconds,
          rung: trial.rung ? { index: trial.rung.rung, count: trial.rung.nRungs } : null,
        })
      },
    })
    if (!result.cancelled) {
      const { trials, complete } = result
      const byFamily = Object.entries(trialsByFamily(families, result))
      await tracking.logBatch(run.id, {
        params: {
          'search.trials.planned': String(planned),
          'search.trials.done': String(trials.length),
          'search.complete': String(complete),
          ...Object.fromEntries(byFamily.map(([name, n]) => [`search.trials.done.${name}`, String(n)])),
        },
      })
      onEvent({ type: 'search-ended', done: trials.length, planned, complete })
    }
    return result
  } finally {
    await pool.close()
  }
}
