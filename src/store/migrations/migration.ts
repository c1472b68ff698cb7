/**
 * One step from a schema to the next. Its SQL is what SQLite and PostgreSQL both take (BIGINT, DOUBLE PRECISION, TEXT). A step that was released is
 * never edited; a change is a further step. Times are milliseconds since 1970-01-01 UTC.
 */
export interface Migration {
  /** File name without its ending: a number of four digits and what the step changes. */
  readonly name: string
  readonly statements: readonly string[]
}
