import { BellwetherError } from '../errors.ts'
import {
  type CrossValidated,
  crossValidated,
  type PlannedTrial,
  type TrialResult,
} from '../evaluate/search/trial-result.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { ModelRegistry } from '../track/model-registry.ts'
import type { Run, RunDetail, TrackingStore } from '../track/tracking-store.ts'
import { paramTexts, unquotedParams } from './param-text.ts'
import type { PreparedRun } from './prepare-run.ts'
import { type Provenance, processIsAlive } from './provenance.ts'
import { OUT_OF_FOLD } from './record-trial.ts'
import { differences, SEARCH_RECORD, SearchRecord, searchRecord } from './search-record.ts'
import { versionOfRun } from './version-of-run.ts'

/** A run that was stopped or killed, whose finished trials another run takes over. */
export interface EarlierAttempt {
  readonly runId: string
  /** Trials that it finished. */
  readonly nTrials: number
  /** From its beginning to the end of its last trial; what it has used of a time budget. */
  readonly spentMs: number
  /** What it says of a trial; null where it did not finish it. */
  restore(trial: PlannedTrial): Promise<TrialResult | null>
}

export interface AttemptDeps {
  readonly tracking: TrackingStore
  readonly models: ModelRegistry
  readonly blobs: BlobStore
  readonly clock: () => number
  readonly provenance: Provenance
}

/**
 * Finds the trials of an earlier attempt at the same run. Its data, its options and the program must be the same, for what it
 * found is taken as it is.
 * @param id The run's, or its first 6 characters or more.
 * @throws RUN_NOT_FOUND; RUN_NOT_RESUMABLE where it still works, ended with a model version, was no search, or anything differs
 */
export async function earlierAttempt(prepared: PreparedRun, id: string, deps: AttemptDeps): Promise<EarlierAttempt> {
  const { tracking, blobs, clock } = deps
  await tracking.reapRuns(processIsAlive, clock())
  const run = await tracking.run(id)
  await refuseUnlessStopped(run, deps)
  const found = differences(await recordOf(run, blobs), searchRecord(prepared, deps.provenance))
  if (found.length > 0) {
    refuse(run, `is another one than is asked for now: ${found.map(({ path }) => path).join(', ')} differ`, found)
  }
  const trials = new Map<string, Run>()
  let lastEnd = run.startTime
  // Oldest first, so that what was recorded last counts.
  for (const trial of (await tracking.runs({ parentRunId: run.id })).reverse()) {
    // A failure may have come from outside, such as a want of memory: it is tried again.
    if (trial.status !== 'FINISHED') continue
    trials.set(keyOfRun(trial), trial)
    lastEnd = Math.max(lastEnd, trial.endTime ?? 0)
  }
  return {
    runId: run.id,
    nTrials: trials.size,
    spentMs: lastEnd - run.startTime,
    async restore(planned) {
      const trial = trials.get(keyOfTrial(planned))
      return trial ? restored(planned, trial, prepared.scoring.name, deps) : null
    },
  }
}

async function refuseUnlessStopped(run: RunDetail, { models }: AttemptDeps): Promise<void> {
  if (run.parentRunId) refuse(run, 'is a trial of another one, not a search')
  if (run.status === 'RUNNING') refuse(run, 'still works')
  if (run.status !== 'FINISHED') return
  const version = await versionOfRun(run.id, models)
  if (version) refuse(run, `is finished: it made ${version.model} version ${version.version}`)
}

async function recordOf(run: RunDetail, blobs: BlobStore): Promise<SearchRecord> {
  const artifact = run.artifacts.find(({ path }) => path === SEARCH_RECORD)
  if (!artifact) return refuse(run, `has no ${SEARCH_RECORD}: it ended before its search began, or was no search`)
  const text = new TextDecoder().decode(await blobs.get(artifact.hash))
  const parsed = SearchRecord.safeParse(JSON.parse(text))
  if (!parsed.success) return refuse(run, `has a ${SEARCH_RECORD} of another version of Bellwether`)
  return parsed.data
}

function refuse(run: Run, message: string, details: { path: string; message: string }[] = []): never {
  throw new BellwetherError('RUN_NOT_RESUMABLE', `The run ${run.id.slice(0, 8)} ${message}.`, { details })
}

const keyOf = (estimator: string, index: string, rung: string, params: Readonly<Record<string, string>>) =>
  JSON.stringify([estimator, index, rung, Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))])

function keyOfTrial(trial: PlannedTrial): string {
  return keyOf(trial.estimator, String(trial.index), String(trial.rung?.rung ?? ''), paramTexts(trial.params))
}

function keyOfRun({ params, tags }: Run): string {
  const own = Object.entries(params).filter(([key]) => key !== 'estimator' && !key.startsWith('search.'))
  return keyOf(
    params['estimator'] ?? '',
    tags['bellwether.trial'] ?? '',
    params['search.rung'] ?? '',
    unquotedParams(Object.fromEntries(own)),
  )
}

/** null where the record does not say all that the search needs; the trial is then made again. */
async function restored(
  planned: PlannedTrial,
  run: Run,
  scoring: string,
  { tracking, blobs }: AttemptDeps,
): Promise<TrialResult | null> {
  const names = Object.keys(run.metrics).flatMap((key) => (key.startsWith('fold.') ? [key.slice('fold.'.length)] : []))
  const cv: Record<string, CrossValidated> = {}
  const histories = await Promise.all(names.map((name) => tracking.metricHistory(run.id, `fold.${name}`)))
  const nFolds = Math.max(0, ...histories.flat().map(({ step }) => step + 1))
  for (const [i, name] of names.entries()) {
    const folds = new Array<number>(nFolds).fill(Number.NaN)
    for (const { step, value } of histories[i]!) folds[step] = value
    cv[name] = crossValidated(folds)
  }
  if (!cv[scoring] || Number.isNaN(cv[scoring].mean)) return null
  const { artifacts } = await tracking.run(run.id)
  const kept = artifacts.find(({ path }) => path === OUT_OF_FOLD)
  return {
    ...planned,
    cv,
    seconds: ((run.endTime ?? run.startTime) - run.startTime) / 1000,
    ...(kept ? { outOfFold: float64(await blobs.get(kept.hash)) } : {}),
  }
}

function float64(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.slice().buffer)
}
