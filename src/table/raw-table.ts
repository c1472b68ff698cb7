/**
 * A column as its file gave it: texts of a CSV file, or typed values of Parquet and JSON.
 * Texts: null is missing (so is each text that `RawTable.missing` lists). Numbers, booleans (0 and 1) and dates
 * (milliseconds since 1970 UTC): NaN is missing.
 */
export type RawColumn =
  | { readonly name: string; readonly type: 'text'; readonly values: readonly (string | null)[] }
  | { readonly name: string; readonly type: 'integer' | 'float' | 'boolean' | 'date'; readonly values: Float64Array }

/** A row that has no place in the table because its line can't be taken apart into the header's columns. */
export interface MalformedRow {
  /** Line (or record) of the file where it starts, from 1. */
  readonly row: number
  readonly reason: string
  /** The row as it stands in the file, cut at 10,000 characters. */
  readonly text: string
}

/** What a reader gives: columns of equal length, where each row came from, and what could not be read. */
export interface RawTable {
  /** Name of the file or address, for messages. */
  readonly source: string
  readonly columns: readonly RawColumn[]
  readonly nRows: number
  /** Place of each row in the file, from 1, shape (nRows): the line for CSV and JSON lines, the record for others. */
  readonly rowNumbers: Uint32Array
  readonly rowNoun: 'line' | 'record'
  /** Texts that mean "missing" beside null, compared after trimming. */
  readonly missing: readonly string[]
  readonly decimal: '.' | ','
  readonly malformed: readonly MalformedRow[]
  /** What was found about the file, in sentences for people. */
  readonly notes: readonly string[]
}

/** Rows of the file, readable or not. */
export function sourceRows(raw: RawTable): number {
  return raw.nRows + raw.malformed.length
}

/** A raw value as text; null is missing. Dates are ISO 8601, booleans `true` and `false`. */
export function rawText(column: RawColumn, row: number): string | null {
  if (column.type === 'text') return column.values[row] ?? null
  const value = column.values[row]!
  if (Number.isNaN(value)) return null
  if (column.type === 'boolean') return value === 0 ? 'false' : 'true'
  return column.type === 'date' ? new Date(value).toISOString() : String(value)
}
