import { describe, expect, test } from 'vitest'
import { profileTable } from '../table/profile.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import { makeTable } from '../table/table.ts'
import { makeSignature } from './make-signature.ts'

type Overrides = Partial<Omit<ColumnSchema, 'name' | 'kind' | 'dataType'>>

const column = (
  name: string,
  kind: ColumnSchema['kind'],
  dataType: ColumnSchema['dataType'],
  more: Overrides = {},
): ColumnSchema => ({
  name,
  kind,
  dataType,
  declared: { required: false },
  observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
  ...more,
})

const numbers = (...values: number[]) => ({ kind: 'number' as const, values: Float64Array.from(values) })
const dates = (...values: string[]) => ({
  kind: 'date' as const,
  values: Float64Array.from(values, (text) => Date.parse(text)),
})
const categories = (all: string[], ...codes: number[]) => ({
  kind: 'category' as const,
  categories: all,
  codes: Int32Array.from(codes),
})

function exampleOf(
  schema: ColumnSchema,
  values: Parameters<typeof makeTable>[0] extends Iterable<readonly [string, infer C]> ? C : never,
): unknown {
  const whole: TableSchema = { columns: [schema] }
  const profile = profileTable(makeTable([[schema.name, values]]), whole)
  return makeSignature({ schema: whole, profile, inputs: [schema.name], target: 'y', task: 'regression', classes: [] })
    .example[schema.name]
}

describe('the example of a signature', () => {
  test('has the median of numbers', () => {
    expect(exampleOf(column('x', 'number', 'float'), numbers(1.5, 100, 2.5, Number.NaN, 2))).toBe(2.25)
  })

  test('has a whole number where the column holds whole numbers', () => {
    expect(exampleOf(column('x', 'number', 'integer'), numbers(1, 2))).toBe(2)
    expect(exampleOf(column('x', 'number', 'integer'), numbers(-1, 0))).toBe(0)
    expect(Object.is(exampleOf(column('x', 'number', 'integer'), numbers(-1, 0)), -0)).toBe(false)
  })

  test('stays within what is declared', () => {
    expect(exampleOf(column('x', 'number', 'integer', { declared: { required: true, max: 1.6 } }), numbers(1, 2))).toBe(
      1,
    )
    expect(exampleOf(column('x', 'number', 'float', { declared: { required: true, min: 3 } }), numbers(1, 2))).toBe(3)
    const min = Date.parse('2024-03-02T10:00Z')
    expect(
      exampleOf(column('x', 'date', 'date', { declared: { required: true, min } }), dates('2024-03-02T11:00Z')),
    ).toBe('2024-03-02T11:00:00.000Z')
  })

  test('has the most frequent category, of equals the first, as JSON writes it', () => {
    expect(exampleOf(column('x', 'category', 'string'), categories(['a', 'b', 'c'], 0, 2, 1, 2, -1))).toBe('c')
    expect(exampleOf(column('x', 'category', 'string'), categories(['a', 'b'], 1, 0))).toBe('a')
    expect(exampleOf(column('x', 'category', 'integer'), categories(['33', '171'], 1, 1))).toBe(171)
    expect(exampleOf(column('x', 'category', 'boolean'), categories(['false', 'true'], 1))).toBe(true)
  })

  test('has the day in the middle of the dates', () => {
    expect(exampleOf(column('x', 'date', 'date'), dates('2020-01-01', '2024-03-02T10:30:00Z', '2025-01-01'))).toBe(
      '2024-03-02',
    )
    expect(exampleOf(column('x', 'date', 'date'), dates('1960-05-05'))).toBe('1960-05-05')
  })

  test('never holds a text that somebody wrote', () => {
    expect(exampleOf(column('x', 'text', 'string'), { kind: 'text', values: ['My mother is ill', null] })).toBe('text')
  })

  test('is null where nothing was seen and nothing is required, else the nearest allowed value', () => {
    expect(exampleOf(column('x', 'number', 'float'), numbers(Number.NaN))).toBeNull()
    expect(
      exampleOf(column('x', 'number', 'float', { declared: { required: true, min: 5 } }), numbers(Number.NaN)),
    ).toBe(5)
    expect(exampleOf(column('x', 'date', 'date'), dates())).toBeNull()
    expect(exampleOf(column('x', 'category', 'string'), categories(['a'], -1))).toBeNull()
    expect(
      exampleOf(
        column('x', 'category', 'string', { declared: { required: true, categories: ['z', 'a'] } }),
        categories(['a'], -1),
      ),
    ).toBe('z')
  })
})

test('a signature has the input columns in the order that the features read them, and names what it passes over', () => {
  const schema = {
    columns: [column('a', 'number', 'float'), column('id', 'text', 'string'), column('b', 'number', 'float')],
  }
  const table = makeTable([
    ['a', numbers(1)],
    ['id', { kind: 'text' as const, values: ['x'] }],
    ['b', numbers(2)],
  ])
  const signature = makeSignature({
    schema,
    profile: profileTable(table, schema),
    inputs: ['b', 'a'],
    target: 'G3 >= 10',
    task: 'classification',
    classes: ['no', 'yes'],
    ignored: ['a', 'id'],
  })
  expect(signature.inputs.map(({ name }) => name)).toEqual(['b', 'a'])
  expect(signature).toMatchObject({
    target: { name: 'G3 >= 10', classes: ['no', 'yes'] },
    ignored: ['id'],
    example: { a: 1, b: 2 },
  })
})
