import { BellwetherError } from '../errors.ts'
import { type Column, selectColumn } from '../table/column.ts'
import { RandomState } from '../table/random.ts'
import { columnOf, type Table } from '../table/table.ts'
import type { Target } from '../table/target.ts'
import { scoringMetric } from './metrics/registry.ts'
import { checkedWeights, makeScorer, type ScoreOptions } from './metrics/score-all.ts'

export interface PermutationOptions extends ScoreOptions {
  /** Columns to permute, the model's inputs; in this order in the result. */
  readonly columns: readonly string[]
  /** Metric by which a loss of quality is measured. */
  readonly metric: string
  /** Permutations of each column. Default 5. */
  readonly repeats?: number
  readonly seed: number
  /**
   * Answers for the table with the named column replaced by each of some others: those of `predict`, for less work. `predict` is asked
   * where left out.
   */
  readonly predictReplaced?: PredictReplaced
  /** Called after each column, for progress. */
  readonly onColumn?: (done: number, of: number) => void
  /** Checked before each column; an aborted call throws CANCELLED. */
  readonly signal?: AbortSignal
}

/** What a model says of some rows with one input column replaced, for each of the columns given. */
export type PredictReplaced = (input: string, columns: readonly Column[]) => readonly Float64Array[]

export interface PermutationImportance {
  readonly metric: string
  /** The metric with all columns as they are. */
  readonly baseline: number
  readonly columns: readonly ColumnImportance[]
}

export interface ColumnImportance {
  readonly name: string
  /** How much worse the metric is with the column permuted, mean over the repeats; about 0 for a column that does not matter. */
  readonly mean: number
  /** Standard deviation over the repeats (ddof 0, as scikit-learn). */
  readonly std: number
  /** The loss of each repeat, shape (repeats). */
  readonly losses: readonly number[]
}

/**
 * How much a model leans on each input column: its values are shuffled among the rows, which breaks their tie with the
 * target and leaves their distribution, and the metric is taken again. It is about raw columns and the whole of the
 * model, features included, and so the same for every kind of model. Columns that say the same share their importance:
 * with one shuffled, the model reads it off the other.
 *
 * The shuffles are those of scikit-learn's `permutation_importance(n_repeats, random_state)`: one stream for every
 * column, each repeat shuffling the last one's order on.
 * @param predict The model: probabilities or values for a table, as for `scoreAll`.
 * @throws METRIC_UNKNOWN; CANCELLED when aborted.
 * @see Breiman (2001), https://doi.org/10.1023/A:1010933404324, section 10
 */
export function permutationImportance(
  table: Table,
  target: Target,
  predict: (table: Table) => Float64Array,
  options: PermutationOptions,
): PermutationImportance {
  const { columns, seed, repeats = 5, onColumn, signal } = options
  const metric = scoringMetric(options.metric, target)
  const weights = checkedWeights(target, options.sampleWeight)
  const throwIfStopped = () => {
    if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Permutation importance was stopped.')
  }
  const quality = (predictions: Float64Array): number => {
    const value = makeScorer(target, predictions, options).weigh(weights)(metric).value
    return metric.greaterIsBetter ? value : -value
  }
  const predictReplaced: PredictReplaced =
    options.predictReplaced ??
    ((name, replaced) =>
      replaced.map((column) => {
        throwIfStopped()
        return predict({ nRows: table.nRows, columns: new Map(table.columns).set(name, column) })
      }))
  throwIfStopped()
  const before = quality(predict(table))
  const streamSeed = new RandomState(seed).randint(2 ** 31)
  const importances = columns.map((name, done): ColumnImportance => {
    const random = new RandomState(streamSeed)
    const shuffle = Uint32Array.from({ length: table.nRows }, (_, row) => row)
    let column = columnOf(table, name)
    const shuffled = Array.from({ length: repeats }, () => {
      random.shuffle(shuffle)
      column = selectColumn(column, shuffle)
      return column
    })
    throwIfStopped()
    const losses = predictReplaced(name, shuffled).map((predictions) => before - quality(predictions))
    onColumn?.(done + 1, columns.length)
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / repeats
    const std = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / repeats)
    return { name, mean, std, losses }
  })
  return { metric: metric.name, baseline: metric.greaterIsBetter ? before : -before, columns: importances }
}
