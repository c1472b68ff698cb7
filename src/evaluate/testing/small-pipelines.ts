import { FeatureOptions } from '../../features/feature-options.ts'
import { estimator } from '../../learn/estimators.ts'
import { type FittedPipeline, fitModelOn, type PreparedFeatures, prepareFeatures } from '../../learn/fitted-pipeline.ts'
import type { Column } from '../../table/column.ts'
import { RandomState } from '../../table/random.ts'
import type { TableSchema } from '../../table/schema.ts'
import { makeTable } from '../../table/table.ts'
import type { Target } from '../../table/target.ts'

/** A small table with a number, a category, holes in both, and a derived column; for tests of pipelines. */
export const N_ROWS = 80
const random = new RandomState(11)
const columns: Record<string, Column> = {
  age: {
    kind: 'number',
    values: Float64Array.from({ length: N_ROWS }, (_, i) => (i % 13 === 5 ? Number.NaN : 18 + random.randint(20))),
  },
  course: {
    kind: 'category',
    codes: Int32Array.from({ length: N_ROWS }, (_, i) => (i % 17 === 3 ? -1 : random.randint(4))),
    categories: ['art', 'law', 'maths', 'physics'],
  },
  grade: { kind: 'number', values: Float64Array.from({ length: N_ROWS }, () => random.random() * 20) },
}
export const table = makeTable(Object.entries(columns))
export const schema: TableSchema = {
  columns: Object.entries(columns).map(([name, { kind }]) => ({
    name,
    kind,
    dataType: kind === 'number' ? 'float' : 'string',
    declared: { required: false },
    observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
  })),
}
const grades = (columns['grade'] as { values: Float64Array }).values
const codes = (of: (grade: number, i: number) => number) => Int32Array.from(grades, of)

export const targets = {
  three: {
    task: 'classification',
    classes: ['Dropout', 'Enrolled', 'Graduate'],
    codes: codes((grade, i) => (i % 7 === 0 ? 1 : grade > 9 ? 2 : 0)),
  },
  two: {
    task: 'classification',
    classes: ['fail', 'pass'],
    codes: codes((grade, i) => (grade + (i % 5) > 11 ? 1 : 0)),
  },
  value: { task: 'regression', values: grades.map((grade, i) => 2 * grade + (i % 5)) },
} as const satisfies Record<string, Target>

const kept = new Map<string, PreparedFeatures>()

/** A model of that kind, on features that it shares with others of its encoding. */
export function fitSmall(
  name: string,
  of: keyof typeof targets,
  options: Record<string, unknown> = {},
): FittedPipeline {
  const { encoding } = estimator(name)
  const key = `${of}/${encoding}`
  const prepared =
    kept.get(key) ??
    prepareFeatures({
      table,
      schema,
      inputs: ['age', 'course', 'grade'],
      target: targets[of],
      featureOptions: FeatureOptions.parse({ derived: { perYear: 'ratio(grade, age)' } }),
      encoding,
      seed: 3,
    })
  kept.set(key, prepared)
  return fitModelOn(prepared, name, options, 3)
}
