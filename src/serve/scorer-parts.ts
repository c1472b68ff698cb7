import type { Table } from '../table/table.ts'
import { isPlainObject } from './predict-request.ts'
import type { Prediction, PredictionWarning } from './prediction.ts'

/** One row of a table that is being scored. */
export interface ScoredRow {
  readonly row: number
  /** As the caller sent it. */
  readonly record: unknown
  readonly warnings: readonly PredictionWarning[]
}

/** What a model said of the rows of one table. */
export interface PartAnswers {
  /** JSON has no word for NaN and infinities, and they are no answers. */
  isFinite(row: number): boolean
  answer(row: ScoredRow, options: { readonly explain: boolean; readonly newId: () => string }): Prediction
}

/** Scores the rows of a table. */
export type ScorePart = (table: Table) => PartAnswers

export function asRecord(record: unknown): Readonly<Record<string, unknown>> {
  return isPlainObject(record) ? record : {}
}
