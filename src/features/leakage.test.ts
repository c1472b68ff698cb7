import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column } from '../table/column.ts'
import type { Numbers } from '../table/matrix.ts'
import { asDenseMatrix } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import { makeTable, selectRows, type Table } from '../table/table.ts'
import { selectTarget, type Target } from '../table/target.ts'
import { FeatureOptions } from './feature-options.ts'
import { fitFeatures } from './fit-features.ts'
import { type MixedTable, mixedSchema, mixedTable, mixedTarget } from './fixtures/mixed-table.ts'
import { restoreFeatures } from './restore-features.ts'

/** Every step at once, so that each has its chance to learn from a row that it must not see. */
const EVERYTHING = {
  numeric: { clip: 'quantile', impute: 'mean', indicator: true, scale: 'robust' },
  categorical: { minFrequency: 2, maxCategories: 4 },
  derived: { rate: 'ratio(grade, age)', group: 'if(age > 25, concat(course, "+"), course)', since: 'enrolled' },
  columns: { course: { encode: 'target' }, city: { encode: 'ordinal' }, age: { clip: 'iqr', scale: 'standard' } },
} as const
const OPTIONS = [
  {},
  EVERYTHING,
  { ...EVERYTHING, categorical: { impute: 'mode', encode: 'target' }, columns: {} },
] as const
const TASKS = ['binary', 'multiclass', 'regression'] as const

function fitOn(table: Table, target: Target, options: object, encoding: 'linear' | 'tree') {
  const inputs = mixedSchema.columns.map((column) => column.name)
  return fitFeatures({
    table,
    schema: mixedSchema,
    inputs,
    target,
    options: FeatureOptions.parse(options),
    encoding,
    seed: 7,
  })
}

/** Every byte of a state, with the kind of each typed array; numbers keep -0 and all digits. */
function bytes(state: State): string {
  return JSON.stringify(state, (_, value: unknown) => {
    if (ArrayBuffer.isView(value))
      return [value.constructor.name, ...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]
    return Object.is(value, -0) ? '-0' : value
  })
}

/** The same rows, but those held out are full of what would show: extremes, missing values, categories and dates of their own. */
function poisoned(table: MixedTable, heldOut: Uint32Array, kind: 'extreme' | 'missing'): Table {
  return makeTable(
    Array.from(table.columns, ([name, column]): [string, Column] => {
      switch (column.kind) {
        case 'category': {
          const codes = column.codes.slice()
          // In front of the others: a step that numbers categories by their place in the table would show it.
          const categories = ['!poison', ...column.categories]
          for (let row = 0; row < codes.length; row++) codes[row] = codes[row]! < 0 ? -1 : codes[row]! + 1
          for (const row of heldOut) codes[row] = kind === 'missing' ? -1 : 0
          return [name, { kind: 'category', codes, categories }]
        }
        case 'text': {
          const values = [...column.values]
          for (const row of heldOut) values[row] = kind === 'missing' ? null : 'poison '.repeat(500)
          return [name, { kind: 'text', values }]
        }
        default: {
          const values = column.values.slice()
          heldOut.forEach((row, i) => {
            values[row] =
              kind === 'missing' ? Number.NaN : i % 3 === 0 ? Number.POSITIVE_INFINITY : i % 3 === 1 ? -1e300 : 8e14
          })
          return [name, { kind: column.kind, values }]
        }
      }
    }),
  )
}

function poisonedTarget(target: Target, heldOut: Uint32Array): Target {
  if (target.task === 'regression') {
    const values = target.values.slice()
    for (const row of heldOut) values[row] = 1e12
    return { task: 'regression', values }
  }
  const codes = target.codes.slice()
  for (const row of heldOut) codes[row] = (codes[row]! + 1) % target.classes.length
  return { ...target, codes }
}

describe('nothing learnt from a validation or test row reaches training', () => {
  const table = mixedTable(120, 3)
  const all = Uint32Array.from({ length: 120 }, (_, row) => row)
  for (const task of TASKS) {
    for (const encoding of ['linear', 'tree'] as const) {
      OPTIONS.forEach((options, i) => {
        test(`${task}, ${encoding}, options ${i}: poisoned folds leave state, names, warnings and training matrix as they are`, () => {
          const target = mixedTarget(120, task, 5)
          for (let fold = 0; fold < 4; fold++) {
            const train = all.filter((row) => row % 4 !== fold)
            const heldOut = all.filter((row) => row % 4 === fold)
            const clean = fitOn(selectRows(table, train), selectTarget(target, train), options, encoding)
            for (const kind of ['extreme', 'missing'] as const) {
              const dirty = fitOn(
                selectRows(poisoned(table, heldOut, kind), train),
                selectTarget(poisonedTarget(target, heldOut), train),
                options,
                encoding,
              )
              expect(bytes(dirty.fitted.state())).toBe(bytes(clean.fitted.state()))
              expect(dirty.fitted.names).toEqual(clean.fitted.names)
              expect(dirty.warnings).toEqual(clean.warnings)
              expect(dirty.matrix).toEqual(clean.matrix)
            }
          }
        })
      })
    }
  }

  test('the poison is strong enough: training on it does change the state', () => {
    const target = mixedTarget(120, 'binary', 5)
    const heldOut = all.filter((row) => row % 4 === 0)
    for (const kind of ['extreme', 'missing'] as const) {
      for (const encoding of ['linear', 'tree'] as const) {
        const clean = fitOn(table, target, {}, encoding)
        const dirty = fitOn(poisoned(table, heldOut, kind), target, {}, encoding)
        expect(bytes(dirty.fitted.state())).not.toBe(bytes(clean.fitted.state()))
      }
    }
  })
})

test('a training row never sees its own target: changing it leaves its own encoding as it is', () => {
  const table = mixedTable(60, 11)
  const options = { categorical: { encode: 'target' } }
  fc.assert(
    fc.property(fc.nat(59), fc.constantFrom('linear', 'tree'), (row, encoding) => {
      const target = mixedTarget(60, 'regression', 2)
      if (target.task !== 'regression') throw new Error('a regression was asked for')
      const changed = target.values.slice()
      changed[row]! += 1000
      const columns = (fitted: ReturnType<typeof fitOn>) =>
        fitted.fitted.names.flatMap((name, j) =>
          name.startsWith('targetMean') ? [asDenseMatrix(fitted.matrix).data[j * 60 + row]!] : [],
        )
      const unscaled = { ...options, numeric: { scale: 'none' } }
      const before = columns(fitOn(table, target, unscaled, encoding))
      const after = columns(fitOn(table, { task: 'regression', values: changed }, unscaled, encoding))
      expect(before.length).toBeGreaterThan(0)
      expect(after).toEqual(before)
    }),
    { numRuns: 40 },
  )
})

test('the matrix to train on differs from the transformed training rows in target encodings only', () => {
  const table = mixedTable(120, 3)
  const { fitted, matrix } = fitOn(table, mixedTarget(120, 'multiclass', 5), EVERYTHING, 'tree')
  const transformed = asDenseMatrix(fitted.transform(table))
  const differs = fitted.names.filter((_, j) => {
    const column = (data: Numbers) => Array.from(data.subarray(j * 120, (j + 1) * 120))
    return column(asDenseMatrix(matrix).data).some((value, row) => !Object.is(value, column(transformed.data)[row]))
  })
  expect(differs).toEqual(fitted.names.filter((name) => name.startsWith('targetMean')))
  expect(differs.length).toBeGreaterThan(0)
})

describe('properties of fitted features', () => {
  const anyFit = fc.record({
    options: fc.constantFrom(...OPTIONS),
    encoding: fc.constantFrom('linear' as const, 'tree' as const),
    task: fc.constantFrom(...TASKS),
    seed: fc.nat(1000),
  })
  const rowsOf = (n: number) => fc.array(fc.nat(n - 1), { maxLength: 12 }).map((rows) => Uint32Array.from(rows))

  test('a row is transformed to the same bits in any batch, and after the state has been written and read', () => {
    fc.assert(
      fc.property(anyFit, rowsOf(50), ({ options, encoding, task, seed }, rows) => {
        const table = mixedTable(50, seed)
        const { fitted } = fitOn(table, mixedTarget(50, task, seed), options, encoding)
        const restored = restoreFeatures(structuredClone(fitted.state()) as State)
        expect(restored.names).toEqual(fitted.names)
        expect(restored.sources).toEqual(fitted.sources)
        expect(restored.inputs).toEqual(fitted.inputs)
        expect(bytes(restored.state())).toBe(bytes(fitted.state()))
        const all = asDenseMatrix(fitted.transform(table))
        const some = asDenseMatrix(restored.transform(selectRows(table, rows)))
        for (let j = 0; j < all.nColumns; j++) {
          rows.forEach((row, i) => {
            expect(some.data[j * rows.length + i]).toBe(all.data[j * 50 + row])
          })
        }
      }),
      { numRuns: 40 },
    )
  })

  test('the order of the training rows changes no bit, but which fold a row falls in', () => {
    fc.assert(
      fc.property(anyFit, ({ encoding, task, seed }) => {
        const table = mixedTable(50, seed)
        const target = mixedTarget(50, task, seed)
        const reversed = Uint32Array.from({ length: 50 }, (_, i) => 49 - i)
        const options = { ...EVERYTHING, columns: { course: { encode: 'one-hot' }, city: { encode: 'ordinal' } } }
        const noTarget = { ...options, categorical: { ...options.categorical, encode: 'one-hot' } }
        const a = fitOn(table, target, noTarget, encoding)
        const b = fitOn(selectRows(table, reversed), selectTarget(target, reversed), noTarget, encoding)
        expect(bytes(b.fitted.state())).toBe(bytes(a.fitted.state()))
      }),
      { numRuns: 30 },
    )
  })

  test('any table of the same kinds is transformed: unknown categories, extremes and missing values never throw', () => {
    const cell = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308))
    fc.assert(
      fc.property(
        anyFit,
        fc.array(fc.tuple(cell, fc.string(), fc.option(fc.string())), { maxLength: 6 }),
        (f, rows) => {
          const { fitted } = fitOn(mixedTable(50, f.seed), mixedTarget(50, f.task, f.seed), f.options, f.encoding)
          const strange = makeTable(
            Array.from(mixedTable(1, 0).columns, ([name, column]): [string, Column] => {
              switch (column.kind) {
                case 'category': {
                  const categories = [...new Set(rows.map(([, text]) => text))]
                  return [
                    name,
                    {
                      kind: 'category',
                      categories,
                      codes: Int32Array.from(rows, ([, text, maybe]) =>
                        maybe === null ? -1 : categories.indexOf(text),
                      ),
                    },
                  ]
                }
                case 'text':
                  return [name, { kind: 'text', values: rows.map(([, , maybe]) => maybe) }]
                default:
                  return [name, { kind: column.kind, values: Float64Array.from(rows, ([value]) => value) }]
              }
            }),
            rows.length,
          )
          const { data, nColumns } = asDenseMatrix(fitted.transform(strange))
          expect(data.length).toBe(nColumns * rows.length)
          for (const value of data)
            expect(Number.isFinite(value) || (f.encoding === 'tree' && Number.isNaN(value))).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})
