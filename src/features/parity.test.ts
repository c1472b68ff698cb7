import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../test/support/datasets.ts'
import { sortCategories } from '../table/code-point-order.ts'
import type { CategoryColumn, Column } from '../table/column.ts'
import { matrixColumn } from '../table/matrix.ts'
import { quantileSorted, sortedWithoutNaN } from '../table/quantile.ts'
import { asDenseMatrix } from '../table/sparse-matrix.ts'
import { makeTable, selectRows } from '../table/table.ts'
import type { Target } from '../table/target.ts'
import { CategoryIndex, countCategories } from './category-index.ts'
import { FeatureOptions } from './feature-options.ts'
import { fitFeatures } from './fit-features.ts'
import { fitImpute, mostFrequent } from './impute.ts'
import { applyNumericSteps, fitNumericSteps } from './numeric-steps.ts'
import { fitOneHot } from './one-hot.ts'
import { fitOrdinal } from './ordinal.ts'
import { numericPlan } from './resolve-options.ts'
import { applyScale, fitScale } from './scale.ts'
import { crossFitTarget, encodeTarget, targetParts } from './target-encode.ts'

/** Golden figures from scikit-learn, made by tools/parity/features.py; each file names the versions. */
function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as T
}

type Cell = number | null
const numbers = (cells: readonly Cell[]) => Float64Array.from(cells, (cell) => cell ?? Number.NaN)

/** Sums are taken in another order than numpy's: equal within 1e-9 of the larger, and of 1. */
function expectClose(actual: ArrayLike<number>, expected: readonly Cell[], tolerance = 1e-9): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const wanted = expected[i] ?? Number.NaN
    if (Number.isNaN(wanted)) expect(actual[i]).toBeNaN()
    else expect(Math.abs(actual[i]! - wanted)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted)))
  }
}

function categoryColumn(values: readonly (string | null)[], categories?: readonly string[]): CategoryColumn {
  const known = categories ?? sortByCodePoint(values)
  return {
    kind: 'category',
    categories: known,
    codes: Int32Array.from(values, (v) => (v === null ? -1 : known.indexOf(v))),
  }
}

/** A letter in front keeps "33" a text for the order, as it is in the fixtures. */
function sortByCodePoint(values: readonly (string | null)[]): string[] {
  const texts = new Set(values.filter((value) => value !== null))
  return sortCategories(Array.from(texts, (text) => `_${text}`)).map((text) => text.slice(1))
}

interface Scaled {
  readonly center: number
  readonly scale: number
  readonly values: readonly Cell[]
}
interface NumericCase {
  readonly name: string
  readonly values: readonly Cell[]
  readonly mean?: number
  readonly median?: number
  readonly standard?: Scaled
  readonly robust?: Scaled
  readonly percentiles?: Readonly<Record<string, number>>
  readonly 'median then standard'?: readonly number[]
}

describe('numbers are imputed and scaled as by scikit-learn', () => {
  const options = FeatureOptions.parse({})
  for (const c of fixture<{ cases: NumericCase[] }>('numeric').cases) {
    const values = numbers(c.values)
    const sorted = sortedWithoutNaN(values)
    if (c.median === undefined) {
      test(`${c.name}: there is nothing to learn`, () => {
        expect(fitNumericSteps(values, numericPlan(options, 'x', 'linear'))).toBeNull()
      })
      continue
    }
    test(`${c.name}: mean, median and percentiles`, () => {
      expectClose([fitImpute(sorted, 'mean', 0)!, fitImpute(sorted, 'median', 0)!], [c.mean!, c.median!])
      for (const [p, expected] of Object.entries(c.percentiles!)) {
        expectClose([quantileSorted(sorted, Number(p) / 100)], [expected], 1e-14)
      }
    })
    for (const method of ['standard', 'robust'] as const) {
      test(`${c.name}: ${method} scaling`, () => {
        const { center, scale, values: expected } = c[method]!
        const scaling = fitScale(sorted, method)!
        expectClose([scaling.center], [center])
        // A spread that is tiny beside the mean has fewer correct digits, in any implementation.
        expect(Math.abs(scaling.scale - scale)).toBeLessThanOrEqual(1e-6 * scale)
        const scaled = values.slice()
        applyScale({ center, scale }, scaled, 0, scaled.length)
        expectClose(scaled, expected)
      })
    }
    test(`${c.name}: imputation, then scaling`, () => {
      const { steps } = fitNumericSteps(values, numericPlan(options, 'x', 'linear'))!
      const scaled = values.slice()
      applyNumericSteps(steps, scaled, 0, scaled.length)
      // The last bits of a mean that is large beside the spread weigh more once it is divided by the spread.
      const { center, scale } = steps.scale!
      expectClose(scaled, c['median then standard']!, 1e-9 + (4 * Number.EPSILON * Math.abs(center)) / scale)
    })
  }
})

interface EncoderOptions {
  readonly min_frequency?: number
  readonly max_categories?: number
}
const limits = (options: EncoderOptions) => ({
  minFrequency: options.min_frequency ?? 1,
  maxCategories: options.max_categories ?? 10_000,
})

interface OneHotCase {
  readonly name: string
  readonly train: readonly (string | null)[]
  readonly test: readonly (string | null)[]
  readonly options: EncoderOptions
  readonly unknown: 'infrequent_if_exist' | 'ignore'
  readonly names: readonly string[]
  readonly trainMatrix: readonly (readonly number[])[]
  readonly testMatrix: readonly (readonly number[])[]
}

describe('categories become the 0/1 columns of OneHotEncoder', () => {
  for (const c of fixture<{ cases: OneHotCase[] }>('one-hot').cases) {
    test(`${c.name}, ${JSON.stringify(c.options)}, unknown: ${c.unknown}`, () => {
      const seen = countCategories(categoryColumn(c.train))
      const unknown = c.unknown === 'ignore' ? 'ignore' : 'infrequent'
      const { slots, nColumns, meaning } = fitOneHot(seen.counts, seen.nMissing, { ...limits(c.options), unknown })
      const nameOf = (category: number) => (category < 0 ? 'infrequent_sklearn' : (seen.categories[category] ?? 'None'))
      expect(meaning.map((category) => `x_${nameOf(category)}`)).toEqual(c.names)
      const index = new CategoryIndex(seen.categories)
      const encode = (values: readonly (string | null)[]) =>
        Array.from(index.rows(categoryColumn(values))!, (i) =>
          Array.from({ length: nColumns }, (_, j) => Number(slots[i] === j)),
        )
      expect(encode(c.train)).toEqual(c.trainMatrix)
      expect(encode(c.test)).toEqual(c.testMatrix)
    })
  }
})

interface OrdinalCase {
  readonly name: string
  readonly train: readonly (string | null)[]
  readonly options: EncoderOptions
  readonly codes: readonly Cell[]
}

describe('categories become the numbers of OrdinalEncoder', () => {
  for (const c of fixture<{ cases: OrdinalCase[] }>('ordinal').cases) {
    test(`${c.name}, ${JSON.stringify(c.options)}`, () => {
      const seen = countCategories(categoryColumn(c.train))
      const values = fitOrdinal(seen.counts, c.train.length, { ...limits(c.options), unknown: 'infrequent' })
      const codes = Array.from(seen.codes, (code) => (code < 0 ? Number.NaN : values[code]!))
      expect(codes.map((code) => (Number.isNaN(code) ? null : code))).toEqual(c.codes)
    })
  }
})

test('the most frequent category is that of SimpleImputer, the smallest of several', () => {
  for (const c of fixture<{ cases: { train: (string | null)[]; mode: string }[] }>('mode').cases) {
    const seen = countCategories(categoryColumn(c.train))
    expect(seen.categories[mostFrequent(seen.counts)]).toBe(c.mode)
  }
})

interface TargetCase {
  readonly name: string
  readonly kind: string
  readonly train: readonly (string | null)[]
  readonly y: readonly string[] | readonly number[]
  readonly smooth: number | 'auto'
  readonly foldOf: readonly number[]
  readonly test: readonly (string | null)[]
  readonly encoded: readonly (readonly number[])[]
  readonly crossFitted: readonly (readonly number[])[]
}

describe('categories get the encodings of TargetEncoder', () => {
  for (const c of fixture<{ cases: TargetCase[] }>('target').cases) {
    test(`${c.name}, ${c.kind}, smooth ${c.smooth}`, () => {
      const seen = countCategories(categoryColumn(c.train))
      const n = seen.categories.length
      const codes = seen.codes.map((code) => (code < 0 ? n : code))
      const known = seen.nMissing > 0 ? n + 1 : n
      const parts = targetParts(targetOf(c.y))
      expect(parts.length).toBe(c.encoded.length)
      parts.forEach((y, part) => {
        const { encodings, mean } = encodeTarget(codes, y, known, c.smooth)
        const encoded = c.test.map((value) => {
          const i = value === null ? n : seen.categories.indexOf(value)
          return i < 0 ? mean : encodings[i]!
        })
        expectClose(encoded, c.encoded[part]!)
        expectClose(crossFitTarget(codes, y, Int32Array.from(c.foldOf), known, c.smooth), c.crossFitted[part]!)
      })
    })
  }
})

function targetOf(y: readonly string[] | readonly number[]): Target {
  if (typeof y[0] === 'number') return { task: 'regression', values: Float64Array.from(y as number[]) }
  const classes = [...new Set(y as string[])].sort()
  return { task: 'classification', classes, codes: Int32Array.from(y as string[], (label) => classes.indexOf(label)) }
}

const anyTarget = (nRows: number): Target => ({
  task: 'regression',
  values: Float64Array.from({ length: nRows }, (_, i) => i),
})

test('a table goes through the linear defaults as through a ColumnTransformer of the same steps', () => {
  const c = fixture<{
    nTrain: number
    columns: Record<string, Cell[] | string[]>
    train: number[][]
    test: number[][]
  }>('pipeline')
  const columns = Object.entries(c.columns).map(([name, cells]): [string, Column] => {
    const texts = cells.some((cell) => typeof cell === 'string')
    return [name, texts ? categoryColumn(cells as string[]) : { kind: 'number', values: numbers(cells as Cell[]) }]
  })
  const table = makeTable(columns)
  const train = Uint32Array.from({ length: c.nTrain }, (_, i) => i)
  const rest = Uint32Array.from({ length: table.nRows - c.nTrain }, (_, i) => c.nTrain + i)
  const { fitted, matrix } = fitFeatures({
    table: selectRows(table, train),
    schema: schemaOf(columns),
    inputs: columns.map(([name]) => name),
    target: anyTarget(c.nTrain),
    options: FeatureOptions.parse({}),
    encoding: 'linear',
    seed: 0,
  })
  const tested = asDenseMatrix(fitted.transform(selectRows(table, rest)))
  expect(matrix.nColumns).toBe(c.train.length)
  for (let j = 0; j < matrix.nColumns; j++) {
    expectClose(matrixColumn(asDenseMatrix(matrix), j), c.train[j]!)
    expectClose(matrixColumn(tested, j), c.test[j]!)
  }
})

function schemaOf(columns: readonly (readonly [string, Column])[]) {
  return {
    columns: columns.map(([name, { kind }]) => ({
      name,
      kind,
      dataType: kind === 'number' ? ('float' as const) : ('string' as const),
      declared: { required: false },
      observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
    })),
  }
}

describeWithDatasets('features of the UCI dropout file equal scikit-learn', () => {
  const CATEGORIES =
    /^(Marital status|Application mode|Course|Previous qualification|Nacionality|(Mother|Father)'s .*)$/

  test('each column of the held-out rows has the same weighted sum', () => {
    const lines = readFileSync(dataset('student-dropout', 'data.csv'), 'utf8')
      .replace(/^\uFEFF/, '')
      .trimEnd()
      .split('\r\n')
    const names = lines[0]!.split(';').map((name) => name.replaceAll('"', '').trim())
    const rows = lines.slice(1).map((line) => line.split(';'))
    const columns = names.slice(0, -1).map((name, j): [string, Column] => {
      const cells = rows.map((row) => row[j]!)
      return [
        name,
        CATEGORIES.test(name) ? categoryColumn(cells) : { kind: 'number', values: Float64Array.from(cells, Number) },
      ]
    })
    const table = makeTable(columns)
    const all = Uint32Array.from(rows, (_, row) => row)
    const train = selectRows(
      table,
      all.filter((row) => row % 5 !== 0),
    )
    const { fitted } = fitFeatures({
      table: train,
      schema: schemaOf(columns),
      inputs: names.slice(0, -1),
      target: anyTarget(train.nRows),
      options: FeatureOptions.parse({}),
      encoding: 'linear',
      seed: 0,
    })
    const matrix = fitted.transform(
      selectRows(
        table,
        all.filter((row) => row % 5 === 0),
      ),
    )
    const expected = fixture<{ heldOut: number; columns: { source: string; weightedSums: number[] }[] }>('dropout')
    expect(matrix.nRows).toBe(expected.heldOut)
    for (const { source, weightedSums } of expected.columns) {
      const sums = fitted.sources.flatMap((from, j) => {
        if (from !== source) return []
        return matrixColumn(asDenseMatrix(matrix), j).reduce((sum, value, row) => sum + Math.sqrt(row + 1) * value, 0)
      })
      if (CATEGORIES.test(source)) sums.sort((a, b) => a - b)
      expectClose(sums, weightedSums, 1e-8)
    }
  })
})
