import { describe, expect, test } from 'vitest'
import type { BellwetherError } from '../errors.ts'
import { type ColumnDeclaration, inferSchema } from '../table/infer-schema.ts'
import type { MalformedRow, RawTable } from '../table/raw-table.ts'
import { rejectsToCsv } from './rejects-csv.ts'
import { applySchema, type ValidateOptions, validateTable } from './validate.ts'

function rawTable(columns: Record<string, (string | null)[]>, malformed: MalformedRow[] = []): RawTable {
  const nRows = Object.values(columns)[0]!.length
  return {
    source: 'students.csv',
    columns: Object.entries(columns).map(([name, values]) => ({ name, type: 'text', values })),
    nRows,
    rowNumbers: Uint32Array.from({ length: nRows }, (_, row) => row + 2),
    rowNoun: 'line',
    missing: ['', 'NA'],
    decimal: '.',
    malformed,
    notes: [],
  }
}

const lenient: ValidateOptions = { policy: { action: 'reject', maxRejectedShare: 0.9 } }

function validate(raw: RawTable, declared: Record<string, ColumnDeclaration>, options = lenient) {
  return validateTable(raw, inferSchema(raw, declared), options)
}

const declared: Record<string, ColumnDeclaration> = {
  age: { kind: 'number', min: 16, max: 99, required: true },
  sex: { categories: ['F', 'M'] },
  born: { dateFormat: 'dd/MM/yyyy' },
}
const mixed = () =>
  rawTable(
    {
      age: ['20', 'twenty', '12', '', '30'],
      sex: ['F', 'M', 'X', 'F', ''],
      born: ['01/02/2003', '', '2003-02-01', '', '31/12/1999'],
    },
    [{ row: 9, reason: 'expected 3 cells, found 2', text: '1;2' }],
  )

describe('validation', () => {
  test('names row, column, value and rule of each fault, and the counts add up', () => {
    const { rejected, report, table } = validate(mixed(), declared)
    expect(
      rejected.map(({ row, violations }) => [row, violations.map(({ column, rule, value }) => [column, rule, value])]),
    ).toEqual([
      [3, [['age', 'type', 'twenty']]],
      [
        4,
        [
          ['age', 'range', '12'],
          ['sex', 'category', 'X'],
          ['born', 'type', '2003-02-01'],
        ],
      ],
      [5, [['age', 'required', '']]],
      [9, [[null, 'malformed', null]]],
    ])
    expect(report).toEqual({
      nSource: 6,
      nAccepted: 2,
      nRejected: 4,
      byRule: { malformed: 1, type: 2, range: 1, required: 1, category: 1 },
      byColumn: { age: 3, sex: 1, born: 1 },
    })
    expect(Object.fromEntries(table.columns)).toEqual({
      age: { kind: 'number', values: Float64Array.of(20, 30) },
      sex: { kind: 'category', codes: Int32Array.of(0, -1), categories: ['F', 'M'] },
      born: { kind: 'date', values: Float64Array.of(Date.UTC(2003, 1, 1), Date.UTC(1999, 11, 31)) },
    })
  })

  test('writes what the accepted rows show into the schema', () => {
    const raw = rawTable({ n: ['1', '2', 'x'], c: ['b', 'a', 'only in a bad row'] })
    const { schema, table } = validate(raw, { n: { kind: 'number' } })
    expect(schema.columns.map(({ observed }) => observed)).toEqual([
      { missing: 0, distinct: 2, min: 1, max: 2, categories: [] },
      { missing: 0, distinct: 2, min: null, max: null, categories: ['a', 'b'] },
    ])
    expect(table.columns.get('c')).toEqual({ kind: 'category', codes: Int32Array.of(1, 0), categories: ['a', 'b'] })
  })

  test('refuses a table with more bad rows than the policy allows, with the first faults named', () => {
    const error = caught(() => validate(mixed(), declared, { policy: { action: 'reject', maxRejectedShare: 0.05 } }))
    expect(error.code).toBe('ROWS_REJECTED')
    expect(error.message).toContain('4 of 6 rows')
    expect(error.details[0]).toEqual({
      path: 'students.csv:line 3:age',
      message: 'type: expected a number, got text, found "twenty"',
    })
  })

  test('refuses one bad row where the policy says so', () => {
    const raw = rawTable({ n: [...Array.from({ length: 99 }, (_, i) => String(i)), 'x'] })
    expect(caught(() => validate(raw, {}, { policy: { action: 'fail', maxRejectedShare: 0.05 } })).code).toBe(
      'ROWS_REJECTED',
    )
    expect(validate(raw, {}, { policy: { action: 'reject', maxRejectedShare: 0.05 } }).report.nRejected).toBe(1)
  })

  test('refuses a table without one good row, whatever the policy', () => {
    const raw = rawTable({ n: ['x', 'y'] })
    expect(
      caught(() => validate(raw, { n: { kind: 'number' } }, { policy: { action: 'reject', maxRejectedShare: 1 } }))
        .code,
    ).toBe('ROWS_REJECTED')
  })

  test('keeps values of private columns out of messages', () => {
    const raw = rawTable({ ethnicity: ['secret', '1'] })
    const options: ValidateOptions = { policy: { action: 'fail', maxRejectedShare: 0 }, hidden: ['ethnicity'] }
    const error = caught(() => validate(raw, { ethnicity: { kind: 'number' } }, options))
    expect(JSON.stringify(error.toDocument())).not.toContain('secret')
    expect(error.details[0]!.message).toBe('type: expected a number, got text')
  })

  test('counts faults that it does not keep', () => {
    const raw = rawTable({ n: Array.from({ length: 5000 }, (_, i) => (i % 2 ? 'x' : '1')) })
    const error = caught(() =>
      validate(raw, { n: { kind: 'number' } }, { policy: { action: 'fail', maxRejectedShare: 0 } }),
    )
    expect(error.message).toContain('2500 of 5000 rows')
    expect(error.details).toHaveLength(10)
  })
})

describe('a schema on later data', () => {
  const train = validate(rawTable({ n: ['1', '2'], c: ['10', '9'] }), { c: { kind: 'category' } })

  test('keeps its codes, and puts unseen categories after them', () => {
    const later = rawTable({ extra: ['a', 'b', 'c'], c: ['8', '10.0', '9'], n: ['3', '', '5'] })
    const { table } = applySchema(later, train.schema, lenient)
    expect([...table.columns.keys()]).toEqual(['n', 'c'])
    expect(table.columns.get('c')).toEqual({
      kind: 'category',
      codes: Int32Array.of(2, 1, 0),
      categories: ['9', '10', '8'],
    })
  })

  test('names a column that is not there, and the nearest one', () => {
    const error = caught(() => applySchema(rawTable({ nn: ['1'], c: ['9'] }), train.schema, lenient))
    expect(error.code).toBe('COLUMN_NOT_FOUND')
    expect(error.message).toContain('Did you mean "nn"?')
  })
})

test('the rejects file holds row, columns, rules, reasons and cells', () => {
  const raw = mixed()
  const { rejected } = validate(raw, declared)
  const lines = Buffer.from(rejectsToCsv(rejected, ['age', 'sex', 'born']))
    .toString('utf8')
    .split('\r\n')
  expect(lines[0]).toBe('row,columns,rules,reasons,age,sex,born,malformed row')
  expect(lines[1]).toBe('3,age,type,"age: expected a number, got text, found ""twenty""",twenty,M,,')
  expect(lines[2]).toMatch(/^4,age \| sex \| born,range \| category \| type,/)
  expect(lines[4]).toBe('9,,malformed,"expected 3 cells, found 2",,,,1;2')
})

function caught(work: () => unknown): BellwetherError {
  try {
    work()
  } catch (error) {
    return error as BellwetherError
  }
  return expect.fail('expected an error')
}
