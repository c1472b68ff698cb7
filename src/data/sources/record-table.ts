import { BellwetherError } from '../../errors.ts'
import type { RawColumn, RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { cleanNames } from '../read-csv.ts'

/**
 * A raw table of typed columns that were collected from a database, an API or a page.
 * @param makeColumns Given the names that the columns get.
 * @throws NO_ROWS, HEADER_DUPLICATED
 */
export function recordTable(
  source: string,
  written: readonly string[],
  nRows: number,
  makeColumns: (names: readonly string[]) => RawColumn[],
  read: Pick<ReadOptions, 'missing' | 'decimal'>,
): RawTable {
  if (nRows === 0 || written.length === 0) throw new BellwetherError('NO_ROWS', `${source} gave no rows.`)
  const notes: string[] = []
  const names = cleanNames(source, written, notes)
  return {
    source,
    columns: makeColumns(names),
    nRows,
    rowNumbers: Uint32Array.from({ length: nRows }, (_, row) => row + 1),
    rowNoun: 'record',
    missing: [...new Set(['', ...read.missing])],
    decimal: read.decimal ?? '.',
    malformed: [],
    notes,
  }
}
