import type { TrialEnd } from '../evaluate/search/run-search.ts'
import type { TrialResult } from '../evaluate/search/trial-result.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { Artifact, TrackingStore } from '../track/tracking-store.ts'
import { paramTexts } from './param-text.ts'
import type { PreparedRun } from './prepare-run.ts'
import { type Provenance, provenanceTags } from './provenance.ts'
import { ERROR_TAG } from './run-tags.ts'

/** Artifact of a trial's run: its out-of-fold predictions as little-endian float64. */
export const OUT_OF_FOLD = 'out-of-fold.f64'
/** Larger predictions are not kept: where they are needed again, the trial is. */
const MOST_BYTES = 64 << 20

export interface TrialRecorder {
  readonly tracking: TrackingStore
  readonly blobs: BlobStore
  readonly clock: () => number
  readonly provenance: Provenance
}

/**
 * Writes a trial down as a child run. It says by itself what made it: data, seed and versions, as its run does. A trial that is
 * among the best so far has its out-of-fold predictions with it, so that a run that takes up the search need not make them again.
 */
export async function recordTrial(
  trial: TrialResult,
  { kept, restored }: TrialEnd,
  run: { id: string; experimentId: string },
  { dataset, options }: PreparedRun,
  { tracking, blobs, clock, provenance }: TrialRecorder,
): Promise<void> {
  const now = clock()
  const metrics = Object.entries(trial.cv ?? {}).flatMap(([key, { mean, std, folds }]) => [
    { key: `cv.${key}`, value: mean, step: 0, timestamp: now },
    { key: `cv.${key}.std`, value: std, step: 0, timestamp: now },
    ...folds.map((value, step) => ({ key: `fold.${key}`, value, step, timestamp: now })),
  ])
  await tracking.recordRun({
    experimentId: run.experimentId,
    name: nameOf(trial),
    parentRunId: run.id,
    startTime: Math.round(now - trial.seconds * 1000),
    endTime: now,
    status: trial.error ? 'FAILED' : 'FINISHED',
    params: {
      estimator: trial.estimator,
      'search.seed': String(options.search.seed),
      'search.method': options.search.method,
      ...(trial.rung
        ? {
            'search.rung': String(trial.rung.rung),
            'search.rungs': String(trial.rung.nRungs),
            'search.resource': trial.rung.resource,
            'search.resource.amount': String(trial.rung.amount),
            'search.resource.max': String(trial.rung.max),
          }
        : {}),
      ...paramTexts(trial.params),
    },
    metrics: metrics.filter(({ value }) => !Number.isNaN(value)),
    tags: {
      'bellwether.trial': String(trial.index),
      ...provenanceTags(provenance),
      ...(trial.error ? { [ERROR_TAG]: trial.error } : {}),
      ...(restored ? { 'bellwether.restored': 'true' } : {}),
    },
    datasets: [{ id: dataset.id, context: 'training' }],
    artifacts: kept ? await predictionsOf(trial, blobs) : [],
  })
}

function nameOf({ estimator, index, rung }: TrialResult): string {
  return rung ? `${estimator} ${index} rung ${rung.rung}` : `${estimator} ${index}`
}

async function predictionsOf({ outOfFold }: TrialResult, blobs: BlobStore): Promise<Artifact[]> {
  if (!outOfFold || outOfFold.byteLength > MOST_BYTES) return []
  const bytes = new Uint8Array(outOfFold.buffer, outOfFold.byteOffset, outOfFold.byteLength)
  const hash = await blobs.put(bytes)
  return [{ path: OUT_OF_FOLD, hash, sizeBytes: bytes.length, mediaType: 'application/octet-stream' }]
}
