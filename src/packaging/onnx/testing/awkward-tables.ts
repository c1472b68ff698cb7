import { mixedTable } from '../../../features/fixtures/mixed-table.ts'
import type { Column } from '../../../table/column.ts'
import { RandomState } from '../../../table/random.ts'
import { makeTable, type Table } from '../../../table/table.ts'

/** Rows such as training never saw: unknown categories, infinities, far numbers, odd dates, all missing. */
export function awkwardTable(nRows: number, seed: number): Table {
  const random = new RandomState(seed)
  const odd = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e12, -1e-300, Number.NaN, 17.000000000000004]
  const awkward = ([name, column]: readonly [string, Column]): [string, Column] => {
    switch (column.kind) {
      case 'number':
        return [
          name,
          { ...column, values: column.values.map((v) => (random.randint(6) === 0 ? odd[random.randint(8)]! : v)) },
        ]
      case 'date': {
        const days = () =>
          Date.UTC(1890 + random.randint(300), random.randint(12), 1 + random.randint(31), random.randint(24))
        return [name, { ...column, values: column.values.map((v) => (random.randint(3) === 0 ? days() : v)) }]
      }
      case 'category': {
        const categories = [...column.categories, `never seen ${seed}`, 'Ünbekannt 漢字']
        const codes = column.codes.map((code) =>
          random.randint(5) === 0 ? random.randint(categories.length + 1) - 1 : code,
        )
        return [name, { kind: 'category', codes, categories }]
      }
      case 'text':
        return [name, { ...column, values: column.values.map((v) => (random.randint(4) === 0 ? 'a 😀 b\u00a0c' : v)) }]
    }
  }
  const columns = Array.from(mixedTable(nRows, seed).columns, awkward)
  return makeTable([['row', { kind: 'number', values: new Float64Array(nRows) }], ...columns], nRows)
}
