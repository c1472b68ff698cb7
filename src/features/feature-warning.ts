/** Something about a column that does not stop the fit; recorded with the run. Never holds a row's value. */
export interface FeatureWarning {
  readonly code:
    | 'COLUMN_ALL_MISSING'
    | 'COLUMN_CONSTANT'
    | 'COLUMN_IDENTIFIER'
    | 'IMPUTE_REQUIRED'
    | 'STOP_WORDS'
    | 'TEXT_NO_TERMS'
    | 'TEXT_TERMS'
  readonly column: string
  readonly message: string
}
