import { RandomState } from '../../table/random.ts'
import type { ColumnSchema, TableSchema } from '../../table/schema.ts'
import { makeTable, type Table } from '../../table/table.ts'
import type { Target } from '../../table/target.ts'

export interface Students {
  readonly table: Table
  readonly schema: TableSchema
  readonly target: Target
}

const COURSES = ['33', '171', '9500']
const CITIES = ['Elvas', 'Portalegre']
const CLASSES = ['Dropout', 'Enrolled', 'Graduate']

const schemaOf = (column: Partial<ColumnSchema> & Pick<ColumnSchema, 'name' | 'kind' | 'dataType'>): ColumnSchema => ({
  declared: { required: false },
  observed: { missing: 0, distinct: 3, min: null, max: null, categories: [] },
  ...column,
})

/** Invented students: who is older, behind with fees and has few grades tends to drop out. Every kind of column, missing grades among them. */
export function students(task: 'classification' | 'regression', nRows = 240, seed = 7, oldest = 100): Students {
  const random = new RandomState(seed)
  const age = Float64Array.from({ length: nRows }, () => 17 + random.randint(30))
  const grade = Float64Array.from({ length: nRows }, () =>
    random.random() < 0.1 ? Number.NaN : Math.round(random.random() * 2000) / 100,
  )
  const course = Int32Array.from({ length: nRows }, () => random.randint(COURSES.length))
  const fees = Int32Array.from({ length: nRows }, () => (random.random() < 0.8 ? 1 : 0))
  const city = Int32Array.from({ length: nRows }, () => random.randint(CITIES.length))
  const enrolled = Float64Array.from({ length: nRows }, () =>
    Date.UTC(2020, random.randint(24), 1 + random.randint(28)),
  )
  const risk = Float64Array.from(
    age,
    (years, row) =>
      (years - 25) / 8 -
      ((Number.isNaN(grade[row]) ? 8 : grade[row]!) - 10) / 4 -
      fees[row]! * 1.5 +
      random.random() * 2,
  )
  const schema: TableSchema = {
    columns: [
      schemaOf({
        name: 'Age',
        kind: 'number',
        dataType: 'integer',
        declared: { required: true, min: 15, max: oldest, dataType: 'integer' },
        observed: { missing: 0, distinct: 30, min: 17, max: 46, categories: [] },
        unit: 'years',
      }),
      schemaOf({
        name: 'Average grade',
        kind: 'number',
        dataType: 'float',
        observed: { missing: 20, distinct: 200, min: 0, max: 20, categories: [] },
        description: 'Mean of all grades',
      }),
      schemaOf({
        name: 'Course',
        kind: 'category',
        dataType: 'integer',
        declared: { required: false, categories: COURSES },
        observed: { missing: 0, distinct: 3, min: null, max: null, categories: COURSES },
        labels: { '33': 'Biofuels', '9500': 'Nursing' },
      }),
      schemaOf({
        name: 'Fees paid',
        kind: 'category',
        dataType: 'boolean',
        observed: { missing: 0, distinct: 2, min: null, max: null, categories: ['false', 'true'] },
      }),
      schemaOf({
        name: 'City',
        kind: 'category',
        dataType: 'string',
        observed: { missing: 0, distinct: 2, min: null, max: null, categories: CITIES },
      }),
      schemaOf({
        name: 'Enrolled',
        kind: 'date',
        dataType: 'date',
        observed: { missing: 0, distinct: 100, min: Date.UTC(2020, 0, 1), max: Date.UTC(2021, 11, 28), categories: [] },
      }),
    ],
  }
  const table = makeTable([
    ['Age', { kind: 'number', values: age }],
    ['Average grade', { kind: 'number', values: grade }],
    ['Course', { kind: 'category', codes: course, categories: COURSES }],
    ['Fees paid', { kind: 'category', codes: fees, categories: ['false', 'true'] }],
    ['City', { kind: 'category', codes: city, categories: CITIES }],
    ['Enrolled', { kind: 'date', values: enrolled }],
  ])
  const target: Target =
    task === 'regression'
      ? { task, values: risk }
      : { task, classes: CLASSES, codes: Int32Array.from(risk, (value) => (value > 1 ? 0 : value > -0.2 ? 1 : 2)) }
  return { table, schema, target }
}

/** A row of the table as a client would send it. */
export function recordOf(
  { table, schema }: Pick<Students, 'table' | 'schema'>,
  row: number,
): Record<string, string | number | boolean | null> {
  return Object.fromEntries(
    schema.columns.map(({ name, dataType }) => {
      const column = table.columns.get(name)!
      if (column.kind === 'category') {
        const text = column.categories[column.codes[row]!]!
        return [name, dataType === 'integer' ? Number(text) : dataType === 'boolean' ? text === 'true' : text]
      }
      if (column.kind === 'text') return [name, column.values[row]!]
      const value = column.values[row]!
      if (Number.isNaN(value)) return [name, null]
      return [name, column.kind === 'date' ? new Date(value).toISOString().slice(0, 10) : value]
    }),
  )
}
