import { csvLine } from '../table/csv-cell.ts'

/** A row that is left out; `Rejection` is one. */
export interface RejectedRow {
  readonly row: number
  readonly violations: readonly {
    readonly column: string | null
    readonly rule: string
    readonly message: string
    readonly value: string | null
  }[]
  readonly cells: readonly (string | null)[]
}

export interface RejectsOptions {
  /** Cells that a spreadsheet would take for a formula get an apostrophe in front. */
  readonly spreadsheet?: boolean
}

/**
 * The rejects file: one line per rejected row, UTF-8, RFC 4180 with CRLF: where the row stands, the columns and rules that it
 * broke, the reasons, then its cells as the file gave them (a malformed row's text as it stands, in the last column).
 * @param columns Names of the file's columns, in its order.
 */
export function rejectsToCsv(rejected: readonly RejectedRow[], columns: readonly string[]): Uint8Array {
  return Buffer.from(rejectsHeader(columns) + rejectsLines(rejected, columns), 'utf8')
}

export function rejectsHeader(columns: readonly string[], options: RejectsOptions = {}): string {
  return csvLine(['row', 'columns', 'rules', 'reasons', ...columns, 'malformed row'], options, '\r\n')
}

/** Its lines, for who writes it piece by piece. */
export function rejectsLines(
  rejected: readonly RejectedRow[],
  columns: readonly string[],
  options: RejectsOptions = {},
): string {
  const lines = rejected.map(({ row, violations, cells }) => {
    const malformed = violations.some(({ rule }) => rule === 'malformed')
    const line = [
      String(row),
      [...new Set(violations.flatMap(({ column }) => (column === null ? [] : [column])))].join(' | '),
      [...new Set(violations.map(({ rule }) => rule))].join(' | '),
      violations.map(reasonOf).join(' | '),
      ...columns.map((_, i) => (malformed ? '' : (cells[i] ?? ''))),
      malformed ? (cells[0] ?? '') : '',
    ]
    return csvLine(line, options, '\r\n')
  })
  return lines.join('')
}

function reasonOf({ column, message, value }: RejectedRow['violations'][number]): string {
  const where = column === null ? '' : `${column}: `
  return `${where}${message}${value === null ? '' : `, found ${JSON.stringify(value.slice(0, 200))}`}`
}
