import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type { ColumnSchema } from '../table/schema.ts'
import { asDenseMatrix } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import { makeTable } from '../table/table.ts'
import type { Target } from '../table/target.ts'
import { FeatureOptions } from './feature-options.ts'
import { fitFeatures } from './fit-features.ts'
import { restoreFeatures } from './restore-features.ts'

const NaNs = Number.NaN
const number = (...values: number[]): Column => ({ kind: 'number', values: Float64Array.from(values) })
const category = (categories: string[], ...codes: number[]): Column => ({
  kind: 'category',
  categories,
  codes: Int32Array.from(codes),
})

function schemaOf(columns: Record<string, Column>): { columns: ColumnSchema[] } {
  return {
    columns: Object.entries(columns).map(([name, { kind }]) => ({
      name,
      kind,
      dataType: kind === 'number' ? 'float' : kind === 'date' ? 'date' : 'string',
      declared: { required: false },
      observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
    })),
  }
}

interface Setup {
  readonly columns: Record<string, Column>
  readonly options?: unknown
  readonly encoding?: 'linear' | 'tree'
  readonly inputs?: string[]
  readonly target?: Target
}

function fitOn({ columns, options = {}, encoding = 'linear', inputs, target }: Setup) {
  const table = makeTable(Object.entries(columns))
  const { matrix, ...rest } = fitFeatures({
    table,
    schema: schemaOf(columns),
    inputs: inputs ?? Object.keys(columns),
    target: target ?? { task: 'regression', values: Float64Array.from({ length: table.nRows }, (_, i) => i) },
    options: FeatureOptions.parse(options),
    encoding,
    seed: 1,
  })
  const fit = { ...rest, matrix: asDenseMatrix(matrix) }
  const column = (name: string) => {
    const j = fit.matrix.names.indexOf(name)
    if (j < 0) throw new Error(`no ${name} in ${fit.matrix.names.join(', ')}`)
    return Array.from(fit.matrix.data.subarray(j * table.nRows, (j + 1) * table.nRows))
  }
  return { ...fit, table, column, names: [...fit.fitted.names] }
}

function errorOf(setup: Setup): BellwetherError {
  try {
    fitOn(setup)
  } catch (error) {
    if (error instanceof BellwetherError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const raw = { numeric: { scale: 'none' }, categorical: { minFrequency: 1 } }

describe('numbers', () => {
  test('a linear model gets medians, indicators and one scale; a tree gets the numbers with their gaps', () => {
    const columns = { grade: number(1, NaNs, 3, 8), age: number(20, 30, 40, 50) }
    const linear = fitOn({ columns, options: raw })
    expect(linear.names).toEqual(['grade', 'isMissing(grade)', 'age'])
    expect(linear.column('grade')).toEqual([1, 3, 3, 8])
    expect(linear.column('isMissing(grade)')).toEqual([0, 1, 0, 0])
    const tree = fitOn({ columns, encoding: 'tree' })
    expect(tree.names).toEqual(['grade', 'age'])
    expect(tree.column('grade')).toEqual([1, NaNs, 3, 8])
    const scaled = fitOn({ columns }).column('age')
    expect(scaled.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 12)
    expect(scaled.reduce((sum, x) => sum + x * x, 0) / 4).toBeCloseTo(1, 12)
  })

  test('infinities count as missing', () => {
    expect(fitOn({ columns: { a: number(1, Number.POSITIVE_INFINITY, 5, 2) }, options: raw }).column('a')).toEqual([
      1, 2, 5, 2,
    ])
  })

  test('a missing value where training had none is imputed, and has no indicator', () => {
    const { fitted } = fitOn({ columns: { a: number(1, 2, 9) }, options: raw })
    expect(fitted.names).toEqual(['a'])
    expect(Array.from(asDenseMatrix(fitted.transform(makeTable([['a', number(NaNs)]]))).data)).toEqual([2])
  })

  test('outliers are clipped to the fences of Tukey or to quantiles', () => {
    const columns = { a: number(1, 2, 3, 4, 100) }
    expect(fitOn({ columns, options: { numeric: { ...raw.numeric, clip: 'iqr' } } }).column('a')).toEqual([
      1, 2, 3, 4, 7,
    ])
    const quantile = { numeric: { ...raw.numeric, clip: 'quantile', clipLow: 0.25, clipHigh: 0.75 } }
    expect(fitOn({ columns, options: quantile }).column('a')).toEqual([2, 2, 3, 4, 4])
  })

  test('a column that is mostly one value is not clipped to it', () => {
    const columns = { a: number(0, 0, 0, 0, 0, 5) }
    expect(fitOn({ columns, options: { numeric: { ...raw.numeric, clip: 'iqr' } } }).column('a')).toEqual([
      0, 0, 0, 0, 0, 5,
    ])
  })

  test('impute: none is overruled for a linear model, and said', () => {
    const { column, warnings } = fitOn({
      columns: { a: number(1, NaNs, 2, 6) },
      options: { numeric: { impute: 'none', scale: 'none' } },
    })
    expect(column('a')).toEqual([1, 2, 2, 6])
    expect(warnings.map(({ code, column: name }) => [code, name])).toEqual([['IMPUTE_REQUIRED', 'a']])
  })
})

describe('columns without anything to tell are left out with a warning', () => {
  const columns = {
    good: number(1, 2, 3),
    empty: number(NaNs, NaNs, NaNs),
    constant: number(7, 7, 7),
    'constant with gaps': number(7, NaNs, 7),
    'empty category': category(['a'], -1, -1, -1),
    'constant category': category(['a', 'b'], 1, 1, 1),
    'all rare': category(['a', 'b', 'c'], 0, 1, 2),
    'constant date': { kind: 'date', values: Float64Array.of(5, 5, 5) },
    'empty text': { kind: 'text', values: [null, null, null] },
  } satisfies Record<string, Column>

  test('for linear models', () => {
    const { names, warnings, fitted } = fitOn({ columns })
    expect(names).toEqual(['good', 'isMissing(constant with gaps)'])
    expect(warnings.map(({ code, column }) => `${column}: ${code}`)).toEqual([
      'empty: COLUMN_ALL_MISSING',
      'constant: COLUMN_CONSTANT',
      'constant with gaps: COLUMN_CONSTANT',
      'empty category: COLUMN_ALL_MISSING',
      'constant category: COLUMN_CONSTANT',
      'all rare: COLUMN_CONSTANT',
      'constant date: COLUMN_CONSTANT',
      'empty text: COLUMN_ALL_MISSING',
    ])
    expect(fitted.inputs).toEqual(['good', 'constant with gaps'])
  })

  test('an identifier is no category to take means in', () => {
    const { warnings, names } = fitOn({
      columns: { ...columns },
      options: { categorical: { encode: 'target' } },
      encoding: 'tree',
    })
    expect(names).toEqual(['good', 'constant with gaps'])
    expect(warnings.find(({ column }) => column === 'all rare')?.code).toBe('COLUMN_IDENTIFIER')
  })

  test('when none is left, that is an error with the reasons', () => {
    const error = errorOf({ columns: { constant: columns.constant } })
    expect(error.code).toBe('NO_FEATURES')
    expect(error.message).toContain('"constant" has the same value in all training rows')
    expect(errorOf({ columns: { a: number() } }).code).toBe('NO_FEATURES')
  })

  test('a single row teaches nothing, and says so', () => {
    expect(errorOf({ columns: { a: number(1), c: category(['x'], 0) } }).code).toBe('NO_FEATURES')
  })
})

describe('categories', () => {
  const course = category(['33', '171', '9003'], 0, 1, 1, 2, 2, 2, -1, -1)

  test('one-hot: rare ones share a column, missing has its own, unknown goes with the rare', () => {
    const { names, column, fitted } = fitOn({ columns: { course }, options: { categorical: { minFrequency: 2 } } })
    expect(names).toEqual(['course=171', 'course=9003', 'isMissing(course)', 'course=(infrequent)'])
    expect(column('course=(infrequent)')).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
    expect(column('isMissing(course)')).toEqual([0, 0, 0, 0, 0, 0, 1, 1])
    const unknown = makeTable([['course', category(['171', 'new'], 1, 0, -1)]])
    const matrix = asDenseMatrix(fitted.transform(unknown))
    expect(Array.from(matrix.data)).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0])
    expect(fitted.sources).toEqual(['course', 'course', 'course', 'course'])
  })

  test('impute: mode counts missing rows with the most frequent category, in every encoding', () => {
    for (const encode of ['one-hot', 'ordinal', 'target']) {
      const { fitted, names } = fitOn({
        columns: { course },
        options: { ...raw, categorical: { impute: 'mode', encode, minFrequency: 1 } },
      })
      expect(names.join()).not.toContain('isMissing')
      const both = asDenseMatrix(fitted.transform(makeTable([['course', category(['9003'], -1, 0)]])))
      for (let j = 0; j < both.nColumns; j++) expect(both.data[2 * j]).toBe(both.data[2 * j + 1])
    }
  })

  test('ordinal: positions, with missing and unknown ones in the middle and marked for linear models, NaN for trees', () => {
    const options = { numeric: { scale: 'none' }, categorical: { encode: 'ordinal', minFrequency: 1 } }
    const linear = fitOn({ columns: { course }, options })
    expect(linear.names).toEqual(['course', 'isMissing(course)'])
    const mean = (0 + 1 + 1 + 2 + 2 + 2) / 6
    expect(linear.column('course')).toEqual([0, 1, 1, 2, 2, 2, mean, mean])
    expect(fitOn({ columns: { course }, options, encoding: 'tree' }).column('course')).toEqual([
      0,
      1,
      1,
      2,
      2,
      2,
      NaNs,
      NaNs,
    ])
  })

  test('native: codes that the matrix says are categories, for trees; columns for linear models; the same after restoring', () => {
    const options = { categorical: { encode: 'native', minFrequency: 1 } }
    const codes = Array.from({ length: 60 }, (_, i) => i)
    const columns = {
      colour: category(['a', 'b', 'c', 'd'], ...codes.map((i) => i % 4)),
      size: { kind: 'number', values: Float64Array.from(codes) } as Column,
    }
    const trees = fitOn({ columns, options, encoding: 'tree' })
    expect(trees.names).toEqual(['colour', 'size'])
    expect(trees.column('colour').slice(0, 5)).toEqual([0, 1, 2, 3, 0])
    expect(asDenseMatrix(trees.fitted.transform(trees.table)).categories).toEqual(Int32Array.of(4, 0))
    const restored = restoreFeatures(trees.fitted.state())
    expect(restored.transform(trees.table)).toEqual(trees.fitted.transform(trees.table))
    const linear = fitOn({ columns, options })
    expect(linear.names).toContain('colour=d')
    expect(asDenseMatrix(linear.fitted.transform(linear.table)).categories).toBeUndefined()
  })

  test('for trees, auto is a number for two categories, columns for a few, target means for many', () => {
    const codes = Array.from({ length: 60 }, (_, i) => i)
    const columns = {
      two: category(['f', 'm'], ...codes.map((i) => i % 2)),
      few: category(['a', 'b', 'c'], ...codes.map((i) => i % 3)),
      many: category([...'abcdefghij'], ...codes.map((i) => i % 10)),
    }
    const classes = ['a', 'b', 'c']
    const target: Target = { task: 'classification', classes, codes: Int32Array.from(codes, (i) => (i * 7) % 3) }
    expect(fitOn({ columns, encoding: 'tree', target }).names).toEqual([
      'two',
      'few=a',
      'few=b',
      'few=c',
      'targetMean(many, a)',
      'targetMean(many, b)',
    ])
    expect(fitOn({ columns, encoding: 'tree' }).names.at(-1)).toBe('targetMean(many)')
  })

  test('a column of texts does for a category when scoring', () => {
    const { fitted } = fitOn({ columns: { course }, options: raw })
    const texts = fitted.transform(makeTable([['course', { kind: 'text', values: ['171', null, '?'] }]]))
    const codes = fitted.transform(makeTable([['course', category(['?', '171'], 1, -1, 0)]]))
    expect(texts).toEqual(codes)
  })
})

describe('dates and texts', () => {
  const day = (text: string) => Date.parse(`${text}T00:00:00Z`)
  const enrolled: Column = {
    kind: 'date',
    values: Float64Array.of(day('2024-03-01'), day('2024-03-11'), day('2024-04-30'), NaNs),
  }
  const body: Column = { kind: 'text', values: ['one two', '', null, 'three'] }

  test('give numbers named for what they are; parts that never change are left out', () => {
    const { names, column } = fitOn({ columns: { enrolled, body }, options: raw })
    expect(names).toEqual([
      'month(enrolled)',
      'dayOfWeek(enrolled)',
      'ageInDays(enrolled)',
      'isMissing(enrolled)',
      'length(body)',
      'wordCount(body)',
      'isMissing(body)',
    ])
    expect(column('ageInDays(enrolled)')).toEqual([60, 50, 0, 50])
    expect(column('isMissing(enrolled)')).toEqual([0, 0, 0, 1])
    expect(column('length(body)')).toEqual([7, 0, 5, 5])
    expect(column('isMissing(body)')).toEqual([0, 0, 1, 0])
  })

  test('take parts and measures of their own', () => {
    const options = {
      ...raw,
      columns: { enrolled: { parts: ['dayOfYear', 'quarter'] }, body: { measures: ['words'] } },
    }
    expect(fitOn({ columns: { enrolled, body }, options, encoding: 'tree' }).names).toEqual([
      'dayOfYear(enrolled)',
      'quarter(enrolled)',
      'wordCount(body)',
    ])
  })
})

describe('derived columns', () => {
  const columns = { approved: number(3, 0, 5, 6), enrolled: number(6, 0, 5, 12), 'G 3': number(1, 2, 3, 4) }

  test('are features of their own, may build on one another, and outlive the columns that they read', () => {
    const derived = { rate: 'ratio(approved, enrolled)', good: 'rate >= 0.5', 'double rate': 'rate * 2' }
    const { names, column, fitted } = fitOn({
      columns,
      options: { ...raw, derived, drop: ['approved', 'enrolled', 'rate', 'G 3'] },
    })
    expect(names).toEqual(['good=false', 'good=true', 'double rate'])
    expect(column('double rate')).toEqual([1, 0, 2, 1])
    expect(fitted.inputs).toEqual(['approved', 'enrolled'])
    expect(fitted.sources).toEqual(['good', 'good', 'double rate'])
    const restored = restoreFeatures(structuredClone(fitted.state()) as State)
    const table = makeTable(Object.entries(columns))
    expect(restored.transform(table)).toEqual(fitted.transform(table))
  })

  test('may not read the target or an identifier', () => {
    const error = errorOf({
      columns,
      inputs: ['approved', 'enrolled'],
      options: { derived: { leak: 'approved + `G 3`' } },
    })
    expect(error.code).toBe('EXPRESSION_INVALID')
    expect(error.message).toBe(
      'features.derived.leak, line 1, column 12: column "G 3" is no feature (the target, an identifier) and may not be used here',
    )
  })

  test('may not take the name of a column', () => {
    expect(errorOf({ columns, options: { derived: { approved: '1' } } }).message).toContain(
      'there is already a column "approved"',
    )
  })
})

describe('faults of the options are told with their place', () => {
  const columns = { grade: number(1, 2, 3), course: category(['a', 'b'], 0, 1, 1) }
  test.each([
    [{ drop: ['grad'] }, 'features.drop[0]: there is no column "grad"; did you mean "grade"?'],
    [{ columns: { cuorse: {} } }, 'features.columns.cuorse: there is no column "cuorse"; did you mean "course"?'],
    [{ columns: { grade: { encode: 'target' } } }, 'features.columns.grade.encode: this is a number column; it takes'],
    [{ columns: { course: { clip: 'iqr' } } }, 'features.columns.course.clip: this is a category column; it takes'],
    [{ columns: { course: { impute: 'median' } } }, 'median is for numbers; a category takes missing-category or mode'],
    [{ columns: { grade: { impute: 'mode' } } }, 'mode is for categories; a number takes'],
    [{ columns: { grade: { clipLow: 0.995 } } }, 'features.columns.grade.clipLow: it must be less than clipHigh'],
  ])('%j', (options, message) => {
    const error = errorOf({ columns, options })
    expect(error.code).toBe('FEATURES_INVALID')
    expect(error.message).toContain(message)
  })

  test('and so are unknown keys and values', () => {
    for (const bad of [
      { numeric: { imput: 'mean' } },
      { numeric: { impute: 'average' } },
      { numeric: { clipLow: 0.9, clipHigh: 0.1 } },
      { categorical: { minFrequency: 0 } },
      { categorical: { minFrequency: 2.5 } },
      { balance: 'smote' },
      { columns: { a: { parts: ['decade'] } } },
      { derived: { a: 'x'.repeat(5000) } },
    ]) {
      expect(FeatureOptions.safeParse(bad).success).toBe(false)
    }
  })
})

describe('a table that does not fit', () => {
  const { fitted } = fitOn({
    columns: { a: number(1, 2), course: category(['x', 'y'], 0, 1) },
    options: { ...raw, derived: { b: 'a * 2' } },
  })

  test('is refused by the name of the column', () => {
    const missing = () => fitted.transform(makeTable([['a', number(1)]]))
    expect(missing).toThrow('The model was trained with a column "course"; the table has none.')
    const wrong = () =>
      fitted.transform(
        makeTable([
          ['a', category(['1'], 0)],
          ['course', number(1)],
        ]),
      )
    expect(wrong).toThrow('Column "a" was a number column in training and is a category column here.')
  })

  test('may have further columns and no rows', () => {
    const empty = asDenseMatrix(
      fitted.transform(
        makeTable([
          ['z', number()],
          ['course', category([])],
          ['a', number()],
        ]),
      ),
    )
    expect([empty.nRows, empty.nColumns, empty.data.length]).toEqual([0, 4, 0])
  })
})

describe('a state of unknown origin', () => {
  const state = fitOn({
    columns: { a: number(1, 2), course: category(['x', 'y'], 0, 1) },
    options: raw,
  }).fitted.state() as {
    readonly blocks: readonly Record<string, State>[]
  } & Record<string, State>

  test.each<[string, State]>([
    ['nothing', null],
    ['another format', { ...state, format: 'other' }],
    ['a newer version', { ...state, version: 2 }],
    ['an unknown block', { ...state, blocks: [{ type: 'script', source: 'a' }] }],
    ['slots beyond the columns', { ...state, blocks: [{ ...state.blocks[1], slots: Int32Array.of(0, 99, 0, 0) }] }],
    ['slots as plain numbers', { ...state, blocks: [{ ...state.blocks[1], slots: [0, 1, -1, -1] }] }],
    ['too few slots', { ...state, blocks: [{ ...state.blocks[1], slots: Int32Array.of(0) }] }],
  ])('%s is refused', (_, broken) => {
    let code = ''
    try {
      restoreFeatures(broken)
    } catch (error) {
      if (error instanceof BellwetherError) code = error.code
    }
    expect(code).toBe('FEATURES_STATE_INVALID')
  })
})

test('matrix columns have names of their own even where categories imitate them', () => {
  const columns = { a: category(['b=c', 'x'], 0, 1, 0, 1), 'a=b': category(['c', 'y'], 0, 1, 1, 0) }
  const { names } = fitOn({ columns, options: raw })
  expect(names).toEqual(['a=b=c', 'a=x', 'a=b=c (2)', 'a=b=y'])
})
