import { workerData } from 'node:worker_threads'
import { scoreAll } from '../evaluate/metrics/score-all.ts'
import type { FoldResult, FoldTask } from '../evaluate/search/trial-result.ts'
import type { Encoding } from '../learn/estimator.ts'
import { estimator } from '../learn/estimators.ts'
import { fitModelOn, type PreparedFeatures, prepareFeatures } from '../learn/fitted-pipeline.ts'
import type { Table } from '../table/table.ts'
import { selectRows } from '../table/table.ts'
import { selectTarget, type Target } from '../table/target.ts'
import type { TrialContext } from './trial-context.ts'

/**
 * Runs in a worker thread: fits one candidate on one fold and scores it. Features depend on the fold and the encoding alone, so they are
 * fitted once per worker and kept. The answer depends on the task, never on which worker takes it or in what order.
 */
const context = (workerData as [unknown, TrialContext])[1]
const kept = new Map<string, { prepared: PreparedFeatures; validation: Table; actual: Target }>()

function prepared(fold: number, encoding: Encoding) {
  const key = `${fold}/${encoding}`
  const known = kept.get(key)
  if (known) return known
  const { table, schema, inputs, target, featureOptions, folds, seed } = context
  const { train, validation } = folds[fold]!
  const made = {
    prepared: prepareFeatures({
      table: selectRows(table, train),
      schema,
      inputs,
      target: selectTarget(target, train),
      featureOptions,
      encoding,
      seed,
    }),
    validation: selectRows(table, validation),
    actual: selectTarget(target, validation),
  }
  kept.set(key, made)
  return made
}

export default function runTrial(task: FoldTask): FoldResult {
  const started = performance.now()
  const { prepared: features, validation, actual } = prepared(task.fold, estimator(task.estimator).encoding)
  const fitted = fitModelOn(features, task.estimator, task.params, task.seed)
  const predictions = fitted.predict(validation)
  return { metrics: scoreAll(actual, predictions), predictions, seconds: (performance.now() - started) / 1000 }
}
