import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { FeatureOptions } from '../features/feature-options.ts'
import { fitPipeline } from '../learn/fitted-pipeline.ts'
import type { TableSchema } from '../table/schema.ts'
import { makeTable, type Table } from '../table/table.ts'
import fixture from './fixtures/partial-dependence.json' with { type: 'json' }
import { partialDependence } from './partial-dependence.ts'

const [a, b, c] = fixture.columns.map((values) => Float64Array.from(values))
const table = makeTable([
  ['a', { kind: 'number', values: a! }],
  ['b', { kind: 'number', values: b! }],
  ['c', { kind: 'category', codes: Int32Array.from(c!), categories: ['0', '1', '2', '3', 'never'] }],
])

function valuesOf(rows: Table): { a: number; b: number; c: number }[] {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => rows.columns.get(name)!)
  if (a?.kind !== 'number' || b?.kind !== 'number' || c?.kind !== 'category') throw new Error('other kinds of columns')
  return Array.from(a.values, (value, row) => ({ a: value, b: b.values[row]!, c: c.codes[row]! }))
}
const models = {
  number: (rows: Table) => Float64Array.from(valuesOf(rows), ({ a, b, c }) => a ** 2 - a * b + 3 * Number(c === 2)),
  classes: (rows: Table) =>
    Float64Array.from(
      valuesOf(rows).flatMap(({ a, b, c }) => {
        const powers = [a, a * b, c].map(Math.exp)
        return powers.map((power) => power / powers.reduce((sum, other) => sum + other))
      }),
    ),
}

describe(`partial dependence against scikit-learn ${fixture.sklearn}, method brute`, () => {
  test.each(fixture.cases)('$model by columns $features, resolution $gridResolution, weights $weighted', (of) => {
    const columns = of.features.map((feature) => 'abc'[feature]!)
    const nOutputs = of.model === 'number' ? 1 : 3
    const found = partialDependence(table, models[of.model as keyof typeof models], {
      columns: columns.length === 1 ? [columns[0]!] : [columns[0]!, columns[1]!],
      nOutputs,
      gridResolution: of.gridResolution,
      percentiles: [of.percentiles[0]!, of.percentiles[1]!],
      ...(of.weighted ? { sampleWeight: Float64Array.from(fixture.weights) } : {}),
    })
    for (const [i, grid] of of.grid.entries()) {
      const values = found.axes[i]!.values.map(Number)
      expect(values).toHaveLength(grid.length)
      for (const [at, value] of grid.entries()) expect(values[at]).toBeCloseTo(value, 12)
    }
    const expected = (of.averages as unknown[]).flat(2) as number[]
    expect(found.averages).toHaveLength(expected.length)
    for (const [at, value] of expected.entries()) expect(found.averages[at]).toBeCloseTo(value, 11)
  })
})

describe('what partial dependence tries', () => {
  const linear = (rows: Table) => Float64Array.from(valuesOf(rows), ({ a, b }) => 2 * a - b)

  test('the mean of a function without interactions moves as the function does, and not with a column that it does not read', () => {
    const byA = partialDependence(table, linear, { columns: ['a'], nOutputs: 1, gridResolution: 5 })
    const values = byA.axes[0]!.values as readonly number[]
    for (let i = 1; i < 5; i++) {
      expect(byA.averages[i]! - byA.averages[i - 1]!).toBeCloseTo(2 * (values[i]! - values[i - 1]!), 12)
    }
    const byC = partialDependence(table, linear, { columns: ['c'], nOutputs: 1 })
    expect(new Set(byC.averages).size).toBe(1)
  })

  test('categories that occur, in their own order, and none that never does', () => {
    const { axes } = partialDependence(table, linear, { columns: ['c'], nOutputs: 1 })
    expect(axes).toEqual([{ name: 'c', kind: 'category', values: ['0', '1', '2', '3'] }])
  })

  test('no missing value, and dates in whole milliseconds', () => {
    const dates = Float64Array.from({ length: 40 }, (_, i) => (i === 3 ? Number.NaN : 1e12 + i * 7919))
    const rows = makeTable([...table.columns, ['d', { kind: 'date', values: dates }]])
    const few = partialDependence(rows, linear, { columns: ['d'], nOutputs: 1 })
    expect(few.axes[0]!.values).toEqual(Array.from(dates).filter((date) => !Number.isNaN(date)))
    const grid = partialDependence(rows, linear, { columns: ['d'], nOutputs: 1, gridResolution: 6 })
    expect(grid.axes[0]).toMatchObject({ name: 'd', kind: 'date' })
    expect(grid.axes[0]!.values).toHaveLength(6)
    expect(grid.axes[0]!.values.every(Number.isInteger)).toBe(true)
  })

  test('a whole pipeline, features and categories included', () => {
    const observed = { missing: 0, distinct: 0, min: null, max: null, categories: [] }
    const described = { declared: { required: false }, observed }
    const schema: TableSchema = {
      columns: [
        { ...described, name: 'a', kind: 'number', dataType: 'float' },
        { ...described, name: 'b', kind: 'number', dataType: 'float' },
        { ...described, name: 'c', kind: 'category', dataType: 'string' },
      ],
    }
    const pipeline = fitPipeline({
      table,
      schema,
      inputs: ['a', 'b', 'c'],
      target: { task: 'regression', values: models.number(table) },
      featureOptions: FeatureOptions.parse({}),
      estimatorName: 'ridge',
      estimatorOptions: { alpha: 0.001 },
      seed: 1,
    })
    const { averages } = partialDependence(table, pipeline.predict, { columns: ['c'], nOutputs: 1 })
    // The target is 3 higher where c is 2.
    for (const other of [0, 1, 3]) expect(averages[2]! - averages[other]!).toBeGreaterThan(1)
  })

  test('the table is left as it was, and progress is told point by point', () => {
    const before = structuredClone(table.columns)
    const told: string[] = []
    partialDependence(table, linear, {
      columns: ['a', 'c'],
      nOutputs: 1,
      gridResolution: 4,
      onPoint: (done, of) => told.push(`${done}/${of}`),
    })
    expect(table.columns).toEqual(before)
    expect(told).toHaveLength(16)
    expect(told.at(-1)).toBe('16/16')
  })
})

describe('what partial dependence refuses', () => {
  const constant = (rows: Table) => new Float64Array(rows.nRows)
  const odd = makeTable([
    ['text', { kind: 'text', values: ['x', 'y', null] }],
    ['empty', { kind: 'number', values: new Float64Array(3).fill(Number.NaN) }],
    ['number', { kind: 'number', values: Float64Array.of(1, 2, 3) }],
    ['category', { kind: 'category', codes: Int32Array.of(0, 1, 2), categories: ['x', 'y', 'z'] }],
  ])

  test.each([
    ['a column of text', { columns: ['text'] }, /holds text/],
    ['a column without values', { columns: ['empty'] }, /has none/],
    ['more categories than the resolution', { columns: ['category'], gridResolution: 2 }, /3 categories/],
    ['the same column twice', { columns: ['number', 'number'] }, /must differ/],
    ['a resolution below 2', { columns: ['number'], gridResolution: 1 }, /2 or more/],
    ['percentiles that fall', { columns: ['number'], percentiles: [0.9, 0.1] }, /should rise/],
    ['weights that are all 0', { columns: ['number'], sampleWeight: new Float64Array(3) }, /not all 0/],
    ['too few weights', { columns: ['number'], sampleWeight: Float64Array.of(1) }, /expected 3 weights/],
  ] as const)('%s', (_, options, message) => {
    const call = () => partialDependence(odd, constant, { nOutputs: 1, ...options })
    expect(codeOf(call)).toBe('USAGE')
    expect(call).toThrow(message)
  })

  test('percentiles that coincide', () => {
    const values = Float64Array.from({ length: 50 }, (_, i) => (i === 0 ? -1 : i === 49 ? 1 : 0))
    const rows = makeTable([['n', { kind: 'number', values }]])
    const call = () => partialDependence(rows, constant, { columns: ['n'], nOutputs: 1, gridResolution: 3 })
    expect(call).toThrow(/coincide/)
  })

  test('an aborted call with CANCELLED, and another number of predictions than was said', () => {
    const options = { columns: ['number'], nOutputs: 1 } as const
    expect(codeOf(() => partialDependence(odd, constant, { ...options, signal: AbortSignal.abort() }))).toBe(
      'CANCELLED',
    )
    expect(codeOf(() => partialDependence(odd, constant, { ...options, nOutputs: 2 }))).toBe('INTERNAL')
    expect(codeOf(() => partialDependence(odd, constant, { columns: ['none'], nOutputs: 1 }))).toBe('INTERNAL')
  })
})
