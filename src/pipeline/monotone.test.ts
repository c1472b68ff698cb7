import { expect, test } from 'vitest'
import { DataOptions } from '../data/data-options.ts'
import { BellwetherError } from '../errors.ts'
import { FeatureOptions } from '../features/feature-options.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import { makeTable } from '../table/table.ts'
import { selectTarget, type Target } from '../table/target.ts'
import { checkDirections, directionsOf } from './monotone.ts'
import { resolveRoles } from './roles.ts'
import { openTrialPool } from './trial-pool.ts'

const column = (name: string, kind: ColumnSchema['kind']): ColumnSchema => ({
  name,
  kind,
  dataType: kind === 'number' ? 'float' : kind === 'date' ? 'date' : 'string',
  declared: { required: false },
  observed: { missing: 0, distinct: 9, min: null, max: null, categories: [] },
})
const schema: TableSchema = {
  columns: [column('age', 'number'), column('grade', 'number'), column('course', 'category'), column('y', 'number')],
}
const numbers: Target = { task: 'regression', values: Float64Array.of(1, 2) }

function check(
  columns: Readonly<Record<string, object>>,
  { target = numbers, models = ['baseline', 'gradient-boosting'], features = {} } = {},
) {
  const data = DataOptions.parse({ target: 'y', columns })
  return checkDirections(directionsOf(data, schema), {
    schema,
    roles: resolveRoles(schema, { ...data, target: 'y' }),
    target,
    families: models,
    features: FeatureOptions.parse(features),
  })
}

function refusal(...given: Parameters<typeof check>): string {
  try {
    check(...given)
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'PROJECT_INVALID') return error.message
    throw error
  }
  throw new Error('it was taken')
}

const RISING = { monotone: 'increasing' }
const classes = (...names: string[]): Target => ({ task: 'classification', classes: names, codes: Int32Array.of(0, 1) })

test('directions are those of the columns that the table has', () => {
  const { columns } = DataOptions.parse({
    target: 'y',
    columns: { age: RISING, grade: { monotone: 'decreasing' }, course: {}, gone: { ...RISING, optional: true } },
  })
  expect(directionsOf({ columns }, schema)).toEqual({ age: 1, grade: -1 })
})

test('numbers and two classes may have directions, and boosting alone needs no warning', () => {
  expect(check({ age: RISING })).toEqual([])
  expect(check({ age: RISING }, { target: classes('no', 'yes') })).toEqual([])
})

test('three classes are refused', () => {
  expect(refusal({ age: RISING }, { target: classes('a', 'b', 'c') })).toMatch(/^data\.columns\.age\.monotone: .*has 3/)
})

test('a category is refused, encoded as numbers or not', () => {
  for (const encode of ['ordinal', 'target', 'native'])
    expect(refusal({ course: RISING }, { features: { categorical: { encode } } })).toMatch(/is a category/)
  expect(DataOptions.safeParse({ target: 'y', columns: { course: { ...RISING, kind: 'category' } } }).success).toBe(
    false,
  )
})

test('a column that is no feature is refused', () => {
  expect(refusal({ y: RISING })).toMatch(/no feature/)
  expect(refusal({ age: RISING }, { features: { drop: ['age'] } })).toMatch(/features\.drop/)
})

test('models that cannot keep to a direction are named', () => {
  expect(check({ age: RISING }, { models: ['baseline', 'ridge', 'gradient-boosting', 'random-forest'] })).toEqual([
    "monotone: ridge, random-forest can't keep to a direction, and neither does a blend with them; models: [gradient-boosting] does.",
  ])
})

test('columns derived from it are named, one derived from another of them too', () => {
  const derived = { older: 'age + 1', oldest: 'older * 2', passed: 'grade > 3' }
  const [warning] = check({ age: RISING }, { features: { derived } })
  expect(warning).toMatch(/"older", "oldest" are derived/)
})

test('the trials of a search keep to them in every fold', async () => {
  const n = 120
  const values = Float64Array.from({ length: n }, (_, i) => (i * 7) % 20)
  const target: Target = { task: 'regression', values: values.map((age, i) => age + 6 * Math.sin(age) + (i % 3)) }
  const table = makeTable([['age', { kind: 'number', values }]])
  const rows = Array.from({ length: n }, (_, i) => i)
  const fold = {
    train: Uint32Array.from(rows.filter((i) => i % 3 > 0)),
    validation: Uint32Array.from(rows.filter((i) => i % 3 === 0)),
  }
  const validated = selectTarget({ task: 'regression', values }, fold.validation) as { values: Float64Array }
  /** Answers of the fold's validation rows, by rising age. */
  const answers = async (monotone: ReturnType<typeof directionsOf>) => {
    const pool = openTrialPool(
      {
        table,
        schema: { columns: [column('age', 'number')] },
        inputs: ['age'],
        target,
        featureOptions: FeatureOptions.parse({}),
        monotone,
        folds: [fold],
        seed: 0,
      },
      1,
    )
    try {
      const task = { estimator: 'gradient-boosting', trial: 0, params: {}, fold: 0, seed: 0 }
      const { predictions } = await pool.run(task)
      const order = [...validated.values.keys()].sort((a, b) => validated.values[a]! - validated.values[b]!)
      return order.map((i) => predictions[i]!)
    } finally {
      await pool.close()
    }
  }
  const rises = (found: readonly number[]) => found.every((answer, i) => i === 0 || answer >= found[i - 1]!)
  expect(rises(await answers({ age: 1 }))).toBe(true)
  expect(rises(await answers({}))).toBe(false)
}, 60_000)
