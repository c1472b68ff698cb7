import type { Fold } from '../evaluate/splits/fold.ts'
import type { FeatureOptions } from '../features/feature-options.ts'
import type { Directions } from '../learn/fitted-pipeline.ts'
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
  readonly monotone: Directions
  readonly folds: readonly Fold[]
  readonly seed: number
}
