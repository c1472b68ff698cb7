import type { Rejection } from './validate.ts'

/**
 * The rejects file: one line per rejected row, UTF-8, RFC 4180 with CRLF: where the row stands, the columns and rules that it
 * broke, the reasons, then its cells as the file gave them (a malformed row's text as it stands, in the last column).
 * @param columns Names of the file's columns, in its order.
 */
export function rejectsToCsv(rejected: readonly Rejection[], columns: readonly string[]): Uint8Array {
  const header = ['row', 'columns', 'rules', 'reasons', ...columns, 'malformed row']
  const lines = rejected.map(({ row, violations, cells }) => {
    const malformed = violations.some(({ rule }) => rule === 'malformed')
    return [
      String(row),
      [...new Set(violations.flatMap(({ column }) => (column === null ? [] : [column])))].join(' | '),
      [...new Set(violations.map(({ rule }) => rule))].join(' | '),
      violations.map(reasonOf).join(' | '),
      ...columns.map((_, i) => (malformed ? '' : (cells[i] ?? ''))),
      malformed ? (cells[0] ?? '') : '',
    ]
  })
  return Buffer.from([header, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join(''), 'utf8')
}

function reasonOf({ column, message, value }: Rejection['violations'][number]): string {
  const where = column === null ? '' : `${column}: `
  return `${where}${message}${value === null ? '' : `, found ${JSON.stringify(value.slice(0, 200))}`}`
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
