export interface CsvOptions {
  /** Texts that a spreadsheet would take for a formula get an apostrophe in front. */
  readonly spreadsheet?: boolean
}

/**
 * One line of CSV by RFC 4180. Numbers are written with all the digits that give them back exactly; missing values and empty texts are
 * empty.
 */
export function csvLine(cells: readonly (string | number | null)[], options: CsvOptions = {}, end = '\n'): string {
  return `${cells.map((cell) => csvCell(cell, options)).join(',')}${end}`
}

/**
 * Text that begins like a formula (`=`, `+`, `-`, `@`, tab, carriage return; also after blanks) is run by spreadsheets when they open
 * the file; a number is none.
 * @see OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^\s*[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function csvCell(cell: string | number | null, { spreadsheet }: CsvOptions): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = spreadsheet && FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
