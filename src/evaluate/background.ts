import { readState } from '../learn/read-state.ts'
import { type Column, isMissing } from '../table/column.ts'
import { quantileSorted, sortedWithoutNaN } from '../table/quantile.ts'
import { deriveSeed, RandomState } from '../table/random.ts'
import type { State } from '../table/state.ts'
import { columnOf, makeTable, type Table } from '../table/table.ts'

/** Rows that explanations of blends compare with. */
export const BACKGROUND_ROWS = 24

/**
 * Made-up rows that stand for the training rows where an explanation asks "compared with what?". Each column by itself is
 * spread as in training: numbers and dates at evenly spaced quantiles, categories by their shares, holes as often as there
 * were; the columns are then put together at random. So no row is anybody's, and a model can be given away with them. Texts are
 * missing: a text is somebody's, and there is none between two others.
 * @param table The training rows.
 * @param inputs Columns that the model reads.
 */
export function makeBackground(table: Table, inputs: readonly string[], seed: number, nRows = BACKGROUND_ROWS): Table {
  return makeTable(
    inputs.map((name): [string, Column] => {
      const order = new Uint32Array(nRows).map((_, i) => i)
      new RandomState(deriveSeed(seed, `background ${name}`)).shuffle(order)
      return [name, spread(columnOf(table, name), table.nRows, order)]
    }),
    nRows,
  )
}

export function backgroundState(table: Table): State {
  return {
    nRows: table.nRows,
    columns: Array.from(table.columns, ([name, column]): State => {
      switch (column.kind) {
        case 'category':
          return { name, kind: column.kind, codes: column.codes, categories: column.categories }
        case 'text':
          return { name, kind: column.kind }
        default:
          return { name, kind: column.kind, values: column.values }
      }
    }),
  }
}

/** @throws MODEL_STATE_INVALID */
export function restoreBackground(state: State): Table {
  const reader = readState(state, 'background')
  const nRows = reader.count('nRows', 1)
  const columns = reader.raw('columns')
  if (!Array.isArray(columns)) return reader.fail('columns', 'a list')
  return makeTable(
    columns.map((each: State): [string, Column] => {
      const own = readState(each, 'background.columns')
      const kind = own.text('kind')
      if (kind === 'text') return [own.text('name'), { kind, values: new Array<null>(nRows).fill(null) }]
      if (kind === 'number' || kind === 'date')
        return [own.text('name'), { kind, values: own.float64('values', nRows) }]
      if (kind !== 'category') return own.fail('kind', 'number, date, category or text')
      const categories = own.texts('categories')
      const codes = own.int32('codes', nRows)
      if (!codes.every((code) => code >= -1 && code < categories.length))
        own.fail('codes', 'indexes of categories, or -1')
      return [own.text('name'), { kind, codes, categories }]
    }),
    nRows,
  )
}

function spread(column: Column, nRows: number, order: Uint32Array): Column {
  const n = order.length
  let missing = 0
  for (let row = 0; row < nRows; row++) if (isMissing(column, row)) missing++
  /** The first so many places are holes. */
  const holes = nRows === 0 ? n : Math.round((missing / nRows) * n)
  const kept = n - holes
  if (column.kind === 'text') return { kind: 'text', values: Array.from(order, () => null) }
  if (column.kind === 'category') {
    const counts = new Float64Array(column.categories.length)
    for (const code of column.codes) if (code >= 0) counts[code]! += 1
    const known = counts.reduce((sum, count) => sum + count, 0)
    const codes = new Int32Array(n).fill(-1)
    for (let i = 0; i < kept; i++) {
      let left = ((i + 0.5) / kept) * known
      let code = 0
      while (code < counts.length - 1 && left >= counts[code]!) left -= counts[code++]!
      codes[order[holes + i]!] = code
    }
    return { kind: 'category', codes, categories: column.categories }
  }
  const sorted = sortedWithoutNaN(column.values)
  const values = new Float64Array(n).fill(Number.NaN)
  for (let i = 0; i < kept; i++) {
    const value = quantileSorted(sorted, (i + 0.5) / kept)
    // Columns of whole numbers stay so.
    values[order[holes + i]!] = column.values.every((own) => Number.isNaN(own) || Number.isInteger(own))
      ? Math.round(value)
      : value
  }
  return { kind: column.kind, values }
}
