import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { FeatureOptions } from '../features/feature-options.ts'
import type { Column } from '../table/column.ts'
import { RandomState } from '../table/random.ts'
import type { TableSchema } from '../table/schema.ts'
import type { State } from '../table/state.ts'
import { makeTable, selectRows, type Table } from '../table/table.ts'
import { selectTarget, type Target } from '../table/target.ts'
import { defaultModels, estimator } from './estimators.ts'
import { type FitPipelineInput, fitModelOn, fitPipeline, prepareFeatures, restorePipeline } from './fitted-pipeline.ts'

const N = 80
const random = new RandomState(11)
const columns: Record<string, Column> = {
  age: {
    kind: 'number',
    values: Float64Array.from({ length: N }, (_, i) => (i % 13 === 5 ? Number.NaN : 18 + random.randint(20))),
  },
  course: {
    kind: 'category',
    codes: Int32Array.from({ length: N }, (_, i) => (i % 17 === 3 ? -1 : random.randint(4))),
    categories: ['art', 'law', 'maths', 'physics'],
  },
  grade: { kind: 'number', values: Float64Array.from({ length: N }, () => random.random() * 20) },
}
const table = makeTable(Object.entries(columns))
const schema: TableSchema = {
  columns: Object.entries(columns).map(([name, { kind }]) => ({
    name,
    kind,
    dataType: kind === 'number' ? 'float' : 'string',
    declared: { required: false },
    observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
  })),
}
const grades = (columns['grade'] as { values: Float64Array }).values
const targets: Record<'classification' | 'regression', Target> = {
  classification: {
    task: 'classification',
    classes: ['Dropout', 'Enrolled', 'Graduate'],
    codes: Int32Array.from(grades, (grade, i) => (i % 11 === 0 ? 1 : grade > 9 ? 2 : 0)),
  },
  regression: { task: 'regression', values: grades.map((grade, i) => 2 * grade + (i % 5)) },
}

const input = (
  task: Target['task'],
  estimatorName: string,
  more: Partial<FitPipelineInput> = {},
): FitPipelineInput => ({
  table,
  schema,
  inputs: ['age', 'course', 'grade'],
  target: targets[task],
  featureOptions: FeatureOptions.parse({ derived: { perYear: 'ratio(grade, age)' } }),
  estimatorName,
  estimatorOptions: {},
  seed: 3,
  ...more,
})

const cases = (['classification', 'regression'] as const).flatMap((task) =>
  defaultModels(task).map((name) => ({ task, name })),
)

describe.each(cases)('a pipeline of $name for $task', ({ task, name }) => {
  const pipeline = fitPipeline(input(task, name))
  const width = task === 'classification' ? 3 : 1
  const predictions = pipeline.predict(table)

  test('answers every row of a table, and a row alone with the same bits', () => {
    expect(predictions).toHaveLength(N * width)
    expect(pipeline.target).toEqual({
      task,
      classes: task === 'classification' ? ['Dropout', 'Enrolled', 'Graduate'] : [],
    })
    for (const row of [0, 5, 79]) {
      expect(pipeline.predict(selectRows(table, Uint32Array.of(row)))).toEqual(
        predictions.slice(row * width, (row + 1) * width),
      )
    }
  })

  test('explains by the input and derived columns, adding up to the score', () => {
    for (let output = 0; output < width; output++) {
      const { base, score, contributions } = pipeline.explain(table, 5, output)
      expect(contributions.map(({ feature }) => feature)).toEqual(['age', 'course', 'grade', 'perYear'])
      const sum = contributions.reduce((total, { contribution }) => total + contribution, base)
      expect(Math.abs(sum - score)).toBeLessThan(1e-9)
    }
  })

  test('comes back from its state with the same bits', () => {
    const restored = restorePipeline(pipeline.state())
    expect(restored.predict(table)).toEqual(predictions)
    expect(restored.explain(table, 7, 0)).toEqual(pipeline.explain(table, 7, 0))
    expect(restored.target).toEqual(pipeline.target)
    expect(restored.features.inputs).toEqual(['age', 'course', 'grade'])
    expect(restored.state()).toEqual(pipeline.state())
  })

  test('is the same whether features are prepared for it or for many', () => {
    const { estimatorName: _, estimatorOptions: __, ...of } = input(task, name)
    const prepared = prepareFeatures({ ...of, encoding: estimator(name).encoding })
    expect(fitModelOn(prepared, name, {}, 3).state()).toEqual(pipeline.state())
  })

  test('depends on the training rows alone: rows of a table that it answers later change nothing', () => {
    const strange = makeTable([
      ['age', { kind: 'number', values: Float64Array.of(Number.NaN, 1e6) }],
      ['course', { kind: 'category', codes: Int32Array.of(0, 1), categories: ['law', 'never seen'] }],
      ['grade', { kind: 'number', values: Float64Array.of(Number.NaN, 0) }],
    ])
    const answers = pipeline.predict(strange)
    expect(answers.every(Number.isFinite)).toBe(true)
    expect(pipeline.predict(table)).toEqual(predictions)
  })
})

describe('poisoned validation rows', () => {
  const train = Uint32Array.from({ length: 60 }, (_, i) => i)
  /** The same training rows; from row 60 on, other values, other categories (which shift the codes of all), other targets. */
  const poisoned = makeTable([
    ['age', { kind: 'number', values: changed('age', () => 1e9) }],
    [
      'course',
      {
        kind: 'category',
        codes: Int32Array.from((columns['course'] as { codes: Int32Array }).codes, (code, row) =>
          row >= 60 ? 0 : code < 0 ? -1 : code + 1,
        ),
        categories: ['_poison', 'art', 'law', 'maths', 'physics'],
      },
    ],
    ['grade', { kind: 'number', values: changed('grade', () => Number.NaN) }],
  ])
  function changed(name: string, value: () => number): Float64Array {
    return (columns[name] as { values: Float64Array }).values.map((given, row) => (row >= 60 ? value() : given))
  }

  test.each([
    ['logistic-regression', 'one-hot'],
    ['logistic-regression', 'target'],
    ['random-forest', 'auto'],
    ['gradient-boosting', 'ordinal'],
    ['baseline', 'auto'],
  ] as const)('leave nothing in what %s learns, with %s encoding and oversampling', (name, encode) => {
    const featureOptions = FeatureOptions.parse({
      categorical: { encode },
      balance: 'oversample',
      numeric: { clip: 'iqr' },
    })
    const target = selectTarget(targets.classification, train)
    const of = (source: Table) =>
      fitPipeline(input('classification', name, { table: selectRows(source, train), target, featureOptions }))
    expect(of(poisoned).state()).toEqual(of(table).state())
  })
})

describe('balancing classes', () => {
  const prepared = (balance: FeatureOptions['balance']) => {
    const { estimatorName: _, estimatorOptions: __, ...of } = input('classification', 'baseline')
    return prepareFeatures({ ...of, featureOptions: FeatureOptions.parse({ balance }), encoding: 'tree' })
  }
  const counts = (target: Target) => {
    if (target.task !== 'classification') throw new Error('classes expected')
    return [0, 1, 2].map((code) => target.codes.filter((each) => each === code).length)
  }
  const given = counts(targets.classification)

  test('none leaves the rows as they came', () => {
    expect(prepared('none')).toMatchObject({ target: targets.classification })
    expect(prepared('none').sampleWeight).toBeUndefined()
  })

  test('weights make every class count the same', () => {
    const { sampleWeight, target, matrix } = prepared('weights')
    expect(matrix.nRows).toBe(N)
    expect(target).toBe(targets.classification)
    const shares = fitModelOn(prepared('weights'), 'baseline', {}, 0).predict(table).slice(0, 3)
    for (const share of shares) expect(share).toBeCloseTo(1 / 3, 12)
    expect(sampleWeight).toHaveLength(N)
  })

  test.each([
    ['oversample', Math.max(...given)],
    ['undersample', Math.min(...given)],
  ] as const)('%s gives every class %i training rows, with the features of all rows as they came', (balance, size) => {
    const { matrix, target, features } = prepared(balance)
    expect(counts(target)).toEqual([size, size, size])
    expect(matrix.nRows).toBe(3 * size)
    expect(features.state()).toEqual(prepared('none').features.state())
    expect(prepared(balance).matrix).toEqual(matrix)
  })
})

test('a linear model gets imputed numbers even where the features were told not to impute, with a warning', () => {
  const featureOptions = FeatureOptions.parse({ numeric: { impute: 'none' } })
  const pipeline = fitPipeline(input('regression', 'ridge', { featureOptions }))
  expect(pipeline.warnings.map(({ code, column }) => `${code} ${column}`)).toContain('IMPUTE_REQUIRED age')
  expect(pipeline.predict(table).every(Number.isFinite)).toBe(true)
})

describe('directions of columns', () => {
  const monotone = { grade: -1, age: 1 } as const
  const estimatorOptions = { maxIterations: 30 }

  test('boosting keeps to them, whatever the features do with missing values, and other models are as without', () => {
    for (const impute of ['none', 'median'] as const) {
      const featureOptions = FeatureOptions.parse({ numeric: { impute } })
      const given = input('regression', 'gradient-boosting', { featureOptions, estimatorOptions })
      const model = fitPipeline({ ...given, monotone })
      const along = Array.from({ length: 41 }, (_, i) => {
        const moved = makeTable(
          Object.entries({ ...columns, grade: { kind: 'number', values: new Float64Array(N).fill(i / 2) } as Column }),
        )
        return model.predict(moved)
      })
      for (const [i, answers] of along.slice(1).entries())
        for (const [row, answer] of answers.entries()) expect(answer).toBeLessThanOrEqual(along[i]![row]!)
      expect(model.predict(table)).not.toEqual(fitPipeline(given).predict(table))
    }
    const ridge = input('regression', 'ridge')
    expect(fitPipeline({ ...ridge, monotone }).state()).toEqual(fitPipeline(ridge).state())
  })

  test('a column that is left out, for it is constant in these rows, has none', () => {
    const constant = makeTable(
      Object.entries({ ...columns, age: { kind: 'number', values: new Float64Array(N).fill(20) } as Column }),
    )
    const { estimatorName: _, estimatorOptions: __, ...of } = input('regression', 'gradient-boosting')
    const prepared = prepareFeatures({ ...of, table: constant, encoding: 'tree', monotone })
    expect(prepared.monotone).toEqual({ grade: -1 })
    expect(fitModelOn(prepared, 'gradient-boosting', estimatorOptions, 0).predict(constant)).toHaveLength(N)
  })

  test('a category is refused, encoded as a number or not, and so is a column that there is not', () => {
    const featureOptions = FeatureOptions.parse({ categorical: { encode: 'ordinal' } })
    const given = input('regression', 'gradient-boosting', { featureOptions, estimatorOptions })
    expect(codeOf(() => fitPipeline({ ...given, monotone: { course: 1 } }))).toBe('FEATURES_INVALID')
    expect(codeOf(() => fitPipeline({ ...given, monotone: { grades: 1 } }))).toBe('FEATURES_INVALID')
  })
})

describe('what a pipeline refuses', () => {
  test('a model for another task', () => {
    expect(codeOf(() => fitPipeline(input('classification', 'ridge')))).toBe('ESTIMATOR_TASK_MISMATCH')
    expect(codeOf(() => fitPipeline(input('regression', 'logistic-regression')))).toBe('ESTIMATOR_TASK_MISMATCH')
  })

  test('a model that there is not', () => {
    expect(codeOf(() => fitPipeline(input('regression', 'rigde')))).toBe('ESTIMATOR_UNKNOWN')
  })

  test('options that the model does not have or that are out of range, naming them', () => {
    const bad = input('classification', 'logistic-regression', { estimatorOptions: { C: -1, penalty: 'l1' } })
    expect(codeOf(() => fitPipeline(bad))).toBe('ESTIMATOR_OPTIONS_INVALID')
    expect(() => fitPipeline(bad)).toThrow(/C: .*penalty/)
  })

  test('features prepared for another encoding', () => {
    const { estimatorName: _, estimatorOptions: __, ...of } = input('regression', 'ridge')
    const prepared = prepareFeatures({ ...of, encoding: 'tree' })
    expect(codeOf(() => fitModelOn(prepared, 'ridge', {}, 0))).toBe('INTERNAL')
  })

  test('a signal that is aborted', () => {
    const signal = AbortSignal.abort()
    expect(codeOf(() => fitPipeline(input('regression', 'ridge', { signal })))).toBe('CANCELLED')
  })

  test('an explanation of a row that there is not', () => {
    const pipeline = fitPipeline(input('regression', 'ridge'))
    expect(codeOf(() => pipeline.explain(table, N, 0))).toBe('INTERNAL')
    expect(codeOf(() => pipeline.explain(table, 0, 1))).toBe('INTERNAL')
  })

  test('states that are damaged or do not belong together', () => {
    const state = fitPipeline(input('classification', 'logistic-regression')).state() as Record<string, State>
    const other = fitPipeline(input('classification', 'baseline')).state() as Record<string, State>
    const damaged: State[] = [
      null,
      {},
      { ...state, estimator: 'neural-network' },
      { ...state, estimator: 'ridge' },
      { ...state, target: { task: 'clustering', classes: [] } },
      { ...state, target: { task: 'classification', classes: ['one', 'two'] } },
      { ...state, target: { task: 'regression', classes: [] } },
      { ...state, target: { task: 'classification', classes: [1, 2, 3] } },
      { ...state, model: {} },
      { ...state, features: other['features']! },
    ]
    for (const each of damaged) expect(codeOf(() => restorePipeline(each))).toBe('MODEL_STATE_INVALID')
    expect(codeOf(() => restorePipeline({ ...state, features: {} }))).toBe('FEATURES_STATE_INVALID')
  })
})

test('the table that it learns from is left as it was', () => {
  const copy = (of: Table) => structuredClone([...of.columns])
  const before = copy(table)
  fitPipeline(
    input('classification', 'logistic-regression', { featureOptions: FeatureOptions.parse({ balance: 'oversample' }) }),
  )
  expect(copy(table)).toEqual(before)
})
