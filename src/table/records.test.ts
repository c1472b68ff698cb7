import { describe, expect, test } from 'vitest'
import { compileRecordReader, recordsToTable } from './records.ts'
import type { ColumnSchema } from './schema.ts'

function column(
  name: string,
  kind: ColumnSchema['kind'],
  dataType: ColumnSchema['dataType'],
  rest: Partial<Pick<ColumnSchema, 'observed' | 'declared'>> & { missing?: number } = {},
): ColumnSchema {
  const observed = rest.observed ?? { missing: rest.missing ?? 0, distinct: 2, min: null, max: null, categories: [] }
  return { name, kind, dataType, declared: rest.declared ?? { required: false }, observed }
}

const seen = (categories: string[]) => ({ missing: 0, distinct: categories.length, min: null, max: null, categories })
const range = (min: number, max: number, missing = 0) => ({ missing, distinct: 9, min, max, categories: [] })

const course = column('Course', 'category', 'integer', { observed: seen(['33', '171']) })
const age = column('Age', 'number', 'integer', { observed: range(17, 70) })
const grade = column('grade', 'number', 'float', {
  observed: range(0, 18.5),
  declared: { required: false, min: 0, max: 20 },
})
const late = column('late', 'category', 'boolean', { observed: seen(['false', 'true']) })
const sex = column('sex', 'category', 'string', {
  observed: seen(['F', 'M']),
  declared: { required: true, categories: ['M', 'F', 'X'] },
})
const enrolled = column('enrolled', 'date', 'date', { observed: range(Date.UTC(2020, 0, 1), Date.UTC(2024, 0, 1), 3) })
const note = column('free note', 'text', 'string', { missing: 1 })
const columns = [course, age, grade, late, sex, enrolled, note]
const good = { Course: 33, Age: 20, grade: 12.5, late: true, sex: 'F', enrolled: '2021-03-04', 'free note': 'ok' }

describe('a good record', () => {
  test('becomes a row of typed columns in the schema’s codes', () => {
    const { table, faults, warnings } = recordsToTable([good], columns)
    expect(faults).toEqual([[]])
    expect(warnings).toEqual([[]])
    expect(Object.fromEntries(table.columns)).toEqual({
      Course: { kind: 'category', codes: Int32Array.of(0), categories: ['33', '171'] },
      Age: { kind: 'number', values: Float64Array.of(20) },
      grade: { kind: 'number', values: Float64Array.of(12.5) },
      late: { kind: 'category', codes: Int32Array.of(1), categories: ['false', 'true'] },
      sex: { kind: 'category', codes: Int32Array.of(1), categories: ['M', 'F', 'X'] },
      enrolled: { kind: 'date', values: Float64Array.of(Date.UTC(2021, 2, 4)) },
      'free note': { kind: 'text', values: ['ok'] },
    })
  })

  test('may write a code as a number or as a text', () => {
    for (const code of [171, '171', '171.0', ' 171 ']) {
      expect(recordsToTable([{ ...good, Course: code }], columns).table.columns.get('Course')).toMatchObject({
        codes: Int32Array.of(1),
      })
    }
  })

  test('may leave out what training also missed, and say null for it', () => {
    const { enrolled: _, 'free note': __, ...rest } = good
    const { table, allFaults, warnings } = recordsToTable([rest, { ...rest, enrolled: null }], columns)
    expect(allFaults).toEqual([])
    expect(warnings).toEqual([[], []])
    expect(table.columns.get('enrolled')).toEqual({ kind: 'date', values: Float64Array.of(Number.NaN, Number.NaN) })
    expect(table.columns.get('free note')).toEqual({ kind: 'text', values: [null, null] })
  })

  test('may carry ignored keys', () => {
    expect(recordsToTable([{ ...good, Target: 'Dropout' }], columns, { ignored: ['Target'] }).allFaults).toEqual([])
  })
})

describe('a fault names the field and what was expected, and never the value', () => {
  test.each([
    ['Course', '"abc-secret"', 'abc-secret', 'expected a whole number (a category code), got a string'],
    ['Course', '33.5', 33.5, 'expected a whole number (a category code), got a number with a fraction'],
    ['Course', 'true', true, 'expected a whole number (a category code), got a boolean'],
    ['Age', '"20"', '20', 'expected a number, got a string'],
    ['Age', '[]', [], 'expected a number, got an array'],
    ['Age', '{}', {}, 'expected a number, got an object'],
    ['grade', '21', 21, 'expected a number from 0 to 20'],
    ['grade', '-1', -1, 'expected a number from 0 to 20'],
    ['late', '1', 1, 'expected true or false, got a whole number'],
    ['sex', '"Z-secret"', 'Z-secret', 'expected one of "M", "F", "X"'],
    ['sex', 'null', null, 'a value is required, got null'],
    ['enrolled', '"21/11/2021"', '21/11/2021', 'expected a date as ISO 8601 (yyyy-MM-dd), got a string'],
  ])('%s: %s', (field, _, value, message) => {
    const { allFaults, table } = recordsToTable([{ ...good, [field]: value }], columns)
    expect(allFaults).toEqual([{ path: `records[0].${field}`, message }])
    expect(JSON.stringify(allFaults)).not.toContain('secret')
    expect(table.nRows).toBe(0)
  })

  test('an absent field that training always had is missing', () => {
    const { Age: _, ...rest } = good
    expect(recordsToTable([good, rest], columns).allFaults).toEqual([
      { path: 'records[1].Age', message: 'missing: the field is required' },
    ])
  })

  test('an absent field that is declared required is missing, although training missed some', () => {
    const required = { ...enrolled, declared: { required: true } }
    expect(recordsToTable([{}], [required]).allFaults).toHaveLength(1)
  })

  test('an unknown field names the nearest one', () => {
    expect(recordsToTable([{ ...good, Corse: 33 }], columns).allFaults).toEqual([
      { path: 'records[0].Corse', message: 'unknown field; did you mean "Course"?' },
    ])
  })

  test('a name that is no plain word stands in brackets', () => {
    expect(recordsToTable([{ ...good, 'free note': 1 }], columns).allFaults[0]!.path).toBe('records[0]["free note"]')
    expect(recordsToTable([{ ...good, 'free note': 1 }], columns, { path: '' }).allFaults[0]!.path).toBe(
      '["free note"]',
    )
    expect(recordsToTable([{ ...good, Age: 'x' }], columns, { path: '' }).allFaults[0]!.path).toBe('Age')
  })

  test.each([null, 1, 'x', [good]])('a record that is no object: %j', (record) => {
    expect(recordsToTable([record], columns).allFaults[0]!.path).toBe('records[0]')
  })

  test('a declared type is enforced, an inferred one is a warning', () => {
    const inferred = recordsToTable([{ ...good, Age: 20.5 }], columns)
    expect(inferred.warnings[0]).toHaveLength(1)
    const declared = { ...age, declared: { required: false, dataType: 'integer' as const } }
    expect(recordsToTable([{ Age: 20.5 }], [declared]).allFaults[0]!.message).toContain('expected a whole number')
  })

  test('every fault of every record is named, and the good records are read', () => {
    const reading = recordsToTable([{ ...good, Age: 'x', Course: 'y' }, { ...good, Course: 171 }, 5, good], columns)
    expect(reading.faults.map((faults) => faults.length)).toEqual([2, 0, 1, 0])
    expect(Array.from(reading.rows)).toEqual([1, 3])
    expect(reading.table.columns.get('Course')).toMatchObject({ codes: Int32Array.of(1, 0) })
  })

  test('keys of Object.prototype are no fields', () => {
    const record = JSON.parse('{"Age": 20, "__proto__": {"Course": 33}, "constructor": 1}')
    expect(recordsToTable([record], [age]).allFaults.map(({ path }) => path)).toEqual([
      'records[0].__proto__',
      'records[0].constructor',
    ])
    expect(recordsToTable([{}], [column('toString', 'text', 'string')]).allFaults).toHaveLength(1)
  })
})

describe('a warning names what training did not see', () => {
  test('a number outside its range, a category, a null', () => {
    const { warnings, table, allFaults } = recordsToTable(
      [{ ...good, Age: 99, Course: 5, grade: null, sex: 'X' }],
      columns,
    )
    expect(allFaults).toEqual([])
    expect(warnings[0]!.map(({ path }) => path)).toEqual([
      'records[0].Course',
      'records[0].Age',
      'records[0].grade',
      'records[0].sex',
    ])
    expect(table.columns.get('Course')).toEqual({
      kind: 'category',
      codes: Int32Array.of(2),
      categories: ['33', '171', '5'],
    })
    expect(table.columns.get('sex')).toMatchObject({ codes: Int32Array.of(2), categories: ['M', 'F', 'X'] })
  })
})

test('a compiled reader keeps nothing from one request to the next', () => {
  const reader = compileRecordReader(columns)
  const first = reader([{ ...good, Course: 5 }])
  const second = reader([good])
  expect(second.table.columns.get('Course')).toEqual({
    kind: 'category',
    codes: Int32Array.of(0),
    categories: ['33', '171'],
  })
  expect(first.table.columns.get('Course')).toMatchObject({ codes: Int32Array.of(2) })
})

test('blanks around a key do not count, as in a header', () => {
  const column: ColumnSchema = {
    name: 'Daytime',
    kind: 'number',
    dataType: 'integer',
    declared: { required: false },
    observed: { missing: 0, distinct: 2, min: 0, max: 1, categories: [] },
  }
  expect(recordsToTable([{ 'Daytime\t': 1 }], [column]).allFaults).toEqual([])
})

test('of a great many unknown keys some are named, and the rest is counted', () => {
  const record = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]))
  const { allFaults } = recordsToTable([record], [column('x', 'number', 'float')])
  expect(allFaults.length).toBeLessThan(100)
  expect(allFaults.at(-1)).toEqual({
    path: 'records[0]',
    message: expect.stringMatching(/^99\d\d\d more unknown fields$/),
  })
})

test('a record says the same after records whose keys stood in the same order, in another one, or were fewer', () => {
  const columns = [column('x', 'number', 'float'), column('y', 'number', 'float'), column('z', 'number', 'float')]
  const records: Record<string, unknown>[] = [
    { x: 1, y: 2, z: 3 },
    { x: 4, y: 5, z: 6 },
    { z: 9, id: 'a', y: 8, x: 7 },
    { z: 12, id: 'b', y: 11, x: 10 },
    { x: 13, y: 14 },
    { x: 15, y: 16, w: 17 },
    { ' x': 18, y: 19, z: 20 },
    { x: 'text', y: 22, z: null },
    { x: 23, y: undefined, z: 25 },
    Object.assign(Object.create(null), { x: 26, y: 27, z: 28 }),
    { x: 29, y: 30, z: 31 },
  ]
  const read = compileRecordReader(columns, { ignored: ['id'], path: '' })
  const together = read(records)
  for (const [i, record] of records.entries()) {
    const alone = compileRecordReader(columns, { ignored: ['id'], path: '' })([record])
    expect(together.faults[i]).toEqual(alone.faults[0])
    expect(together.warnings[i]).toEqual(alone.warnings[0])
  }
  expect(Array.from(together.rows)).toEqual([0, 1, 2, 3, 6, 9, 10])
  const { values } = together.table.columns.get('z') as { values: Float64Array }
  expect(Array.from(values)).toEqual([3, 6, 9, 12, 20, 28, 31])
  expect(together.faults[4]).toEqual([{ path: 'z', message: 'missing: the field is required' }])
  expect(together.faults[8]).toEqual([{ path: 'y', message: 'missing: the field is required' }])
})
