import { workerData } from 'node:worker_threads'
import { scoreAll } from '../evaluate/metrics/score-all.ts'
import { subsampleFold } from '../evaluate/search/subsample-fold.ts'
import type { FoldResult, FoldTask } from '../evaluate/search/trial-result.ts'
import type { Encoding } from '../learn/estimator.ts'
import { estimator } from '../learn/estimators.ts'
import { fitModelOn, type PreparedFeatures, prepareFeatures } from '../learn/fitted-pipeline.ts'
import { deriveSeed } from '../table/random.ts'
import type { Table } from '../table/table.ts'
import { selectRows } from '../table/table.ts'
import { selectTarget, type Target } from '../table/target.ts'
import type { TrialContext } from './trial-context.ts'

/**
 * Runs in a worker thread: fits one candidate on one fold and scores it. Features depend on the fold and the encoding alone, so they are
 * fitted once per worker and kept. The answer depends on the task, never on which worker takes it or in what order.
 */
const context = (workerData as [unknown, TrialContext])[1]
interface PreparedFold {
  readonly prepared: PreparedFeatures
  readonly validation: Table
  readonly actual: Target
  /** Where the validation rows stand among the fold's; null where they are all of them. */
  readonly places: Uint32Array | null
}
let kept = new Map<string, PreparedFold>()
let keptShare = 1

function prepared(fold: number, encoding: Encoding, share: number): PreparedFold {
  // Rungs come one after the other: what was made for another share of the rows is not asked for again.
  if (share !== keptShare) kept = new Map()
  keptShare = share
  const key = `${fold}/${encoding}`
  const known = kept.get(key)
  if (known) return known
  const { table, schema, inputs, target, featureOptions, monotone, folds, seed } = context
  const whole = folds[fold]!
  const { train, validation } = subsampleFold(whole, target, share, deriveSeed(seed, 'fold', fold))
  const made = {
    prepared: prepareFeatures({
      table: selectRows(table, train),
      schema,
      inputs,
      target: selectTarget(target, train),
      featureOptions,
      encoding,
      seed,
      monotone,
    }),
    validation: selectRows(table, validation),
    actual: selectTarget(target, validation),
    places: share < 1 ? placesIn(whole.validation, validation) : null,
  }
  kept.set(key, made)
  return made
}

export default function runTrial(task: FoldTask): FoldResult {
  const started = performance.now()
  const { encoding } = estimator(task.estimator)
  const { prepared: features, validation, actual, places } = prepared(task.fold, encoding, task.share ?? 1)
  const fitted = fitModelOn(features, task.estimator, task.params, task.seed)
  const predictions = fitted.predict(validation)
  return {
    metrics: scoreAll(actual, predictions),
    predictions: places ? spread(predictions, places, context.folds[task.fold]!.validation.length) : predictions,
    seconds: (performance.now() - started) / 1000,
  }
}

/** Where the rows of a part stand among all; both ascending. */
function placesIn(all: Uint32Array, part: Uint32Array): Uint32Array {
  let at = 0
  return part.map((row) => {
    while (all[at]! < row) at++
    return at
  })
}

/** Predictions for a part of the rows, in their places among all; the others hold NaN. */
function spread(predictions: Float64Array, places: Uint32Array, nRows: number): Float64Array {
  const width = predictions.length / places.length
  const all = new Float64Array(nRows * width).fill(Number.NaN)
  for (const [i, place] of places.entries()) {
    all.set(predictions.subarray(i * width, (i + 1) * width), place * width)
  }
  return all
}
