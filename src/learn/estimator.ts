import type { z } from 'zod'
import type { Matrix } from '../table/matrix.ts'
import type { AnyMatrix } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import type { SupervisedTask, Target } from '../table/target.ts'
import type { FitThreads } from './kernels/kernel-team.ts'
import type { SearchSpace } from './search-space.ts'

/** Models of the linear family take sparse columns as well: features for them (`encoding: 'linear'`) may be sparse. */
export interface FitInput<X extends AnyMatrix = Matrix> {
  readonly x: X
  readonly target: Target
  /** Weight of each row, shape (nRows), not negative; all 1 when left out. */
  readonly sampleWeight?: Float64Array
  /** Seeds whatever is random; equal inputs and seeds give equal bytes. */
  readonly seed: number
  /** Checked between rounds or trees; an aborted fit throws CANCELLED. */
  readonly signal?: AbortSignal
  /** Threads that help where the estimator can use them and the table is large; the model is the same with and without. */
  readonly threads?: FitThreads
}

/** Why one answer is what it is: `base + sum(contributions) = score`, within 1e-9. */
export interface MatrixExplanation {
  /** The space in which contributions add up; `log-value` is the natural logarithm of the value. */
  readonly space: 'log-odds' | 'probability' | 'value' | 'log-value'
  readonly base: number
  readonly score: number
  /** shape (nColumns of the matrix) */
  readonly contributions: Float64Array
}

/** What fitting gives. Only a fitted model has `predict`, so "not fitted yet" cannot happen. */
export interface FittedModel {
  readonly estimator: string
  readonly task: SupervisedTask
  /** 0 for regression */
  readonly nClasses: number
  /** What whoever reads the run should know of the fit, such as that it did not converge; none when left out. */
  readonly warnings?: readonly string[]
  /** What was decided for the fit, such as a preset; none when left out, and of a restored model. */
  readonly notes?: readonly string[]
  /** What the fit measured of itself, such as `oob.accuracy`; none when left out. A run records them as metrics. */
  readonly figures?: Readonly<Record<string, number>>
  /**
   * Classification: probabilities, shape (nRows * nClasses) row-major, each row sums to 1.
   * Regression: values, shape (nRows).
   * A row's answer never depends on the other rows of the batch, to the last bit.
   */
  predict(x: AnyMatrix): Float64Array
  /** Contributions of the matrix's columns to the score of class `output` (regression: 0) for one row. */
  explain(x: AnyMatrix, row: number, output: number): MatrixExplanation
  /** Importance of each matrix column as learnt (gain, |coefficient|), not negative, sum 1 or all 0; shape (nColumns). */
  importances(): Float64Array
  state(): State
}

/** Which representation of categories and scales an estimator wants from the features. */
export type Encoding = 'linear' | 'tree'

/** What options may depend on. */
export interface TableFacts {
  readonly nRows: number
  readonly nColumns: number
  readonly task: SupervisedTask
}

/** One kind of model: its options, what a search may draw, how it is fitted and restored. */
export interface EstimatorDefinition<Options = unknown> {
  /** Name in project files and runs, such as `random-forest`. */
  readonly name: string
  readonly title: string
  readonly tasks: readonly SupervisedTask[]
  readonly encoding: Encoding
  /** The option that bounds its rounds or trees: what a search by halving may give candidates more of. Left out where it has none. */
  readonly rounds?: string
  /** It has an option `monotone`, matrix column -> 1 or -1, and keeps to it. */
  readonly monotone?: true
  /** Type, check, default and text of each option. */
  readonly options: z.ZodType<Options>
  searchSpace(facts: TableFacts): SearchSpace
  /** Values of the options left out, where they depend on the table; else the schema's own. */
  defaults?(facts: TableFacts): Readonly<Record<string, unknown>>
  /** What whoever reads a search over such a table should know of how the kind of model is set. */
  notes?(facts: TableFacts): readonly string[]
  /** Leaves its inputs unchanged. */
  fit(input: FitInput<AnyMatrix>, options: Options): FittedModel
  restore(state: State): FittedModel
}
