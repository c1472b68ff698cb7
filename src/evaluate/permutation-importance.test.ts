import { describe, expect, test } from 'vitest'
import { makeTable, type Table } from '../table/table.ts'
import type { Target } from '../table/target.ts'
import fixture from './fixtures/importance.json' with { type: 'json' }
import { permutationImportance } from './permutation-importance.ts'

const names = ['a', 'b', 'c']
const table = makeTable(
  names.map((name, i) => [name, { kind: 'number', values: Float64Array.from(fixture.columns[i]!) }]),
)
const numbers: Target = { task: 'regression', values: Float64Array.from(fixture.values) }
const classes: Target = { task: 'classification', codes: Int32Array.from(fixture.codes), classes: ['0', '1'] }

const valuesOf = (rows: Table, name: string): Float64Array => {
  const column = rows.columns.get(name)
  if (column?.kind !== 'number') throw new Error(`no numbers in ${name}`)
  return column.values
}
const linear = (rows: Table) => valuesOf(rows, 'a').map((a, row) => 2 * a - valuesOf(rows, 'b')[row]!)
const logistic = (rows: Table) =>
  Float64Array.from(Array.from(linear(rows)).flatMap((z) => [1 - 1 / (1 + Math.exp(-z)), 1 / (1 + Math.exp(-z))]))

describe('the losses are scikit-learn’s, repeat by repeat', () => {
  test.each(fixture.cases)('$metric, seed $seed', ({ metric, seed, losses, mean, std }) => {
    const regression = metric === 'rmse' || metric === 'r2'
    const found = permutationImportance(table, regression ? numbers : classes, regression ? linear : logistic, {
      columns: names,
      metric,
      repeats: fixture.repeats,
      seed,
    })
    found.columns.forEach((column, i) => {
      column.losses.forEach((loss, r) => {
        expect(loss).toBeCloseTo(losses[i]![r]!, 11)
      })
      expect(column.mean).toBeCloseTo(mean[i]!, 11)
      expect(column.std).toBeCloseTo(std[i]!, 11)
    })
  })
})

test('a column that the model does not read has importance 0, one that it leans on a positive one', () => {
  const { columns, baseline } = permutationImportance(table, numbers, linear, {
    columns: names,
    metric: 'rmse',
    seed: 1,
  })
  const [a, b, c] = columns
  expect(c).toMatchObject({ name: 'c', mean: 0, std: 0, losses: [0, 0, 0, 0, 0] })
  expect(a!.mean).toBeGreaterThan(b!.mean)
  expect(b!.mean).toBeGreaterThan(0)
  expect(baseline).toBeLessThan(1)
})

test('the table is left as it was, and progress is told column by column', () => {
  const before = Array.from(valuesOf(table, 'a'))
  const told: string[] = []
  permutationImportance(table, numbers, linear, {
    columns: ['a', 'b'],
    metric: 'mae',
    seed: 1,
    onColumn: (done, of) => told.push(`${done}/${of}`),
  })
  expect(Array.from(valuesOf(table, 'a'))).toEqual(before)
  expect(told).toEqual(['1/2', '2/2'])
})

test('an aborted call stops with CANCELLED', () => {
  const stop = new AbortController()
  const options = { columns: names, metric: 'mae', seed: 1, signal: stop.signal, onColumn: () => stop.abort() }
  expect(() => permutationImportance(table, numbers, linear, options)).toThrow(
    expect.objectContaining({ code: 'CANCELLED' }),
  )
})
