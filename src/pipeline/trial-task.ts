import type { FeatureOptions } from '../features/feature-options.ts'
import type { TableSchema } from '../table/schema.ts'
import type { Table } from '../table/table.ts'
import type { Target } from '../table/target.ts'

/** What every worker of a search holds: the training rows, with numbers in shared memory, and the folds. */
export interface TrialContext {
  readonly table: Table
  readonly schema: TableSchema
  readonly inputs: readonly string[]
  readonly target: Target
  readonly featureOptions: FeatureOptions
  readonly folds: readonly { readonly train: Uint32Array; readonly validation: Uint32Array }[]
  readonly seed: number
}

/** One fit and its scores: a candidate on a fold. */
export interface TrialTask {
  readonly estimator: string
  readonly trial: number
  readonly fold: number
  readonly params: Readonly<Record<string, unknown>>
  readonly seed: number
}
