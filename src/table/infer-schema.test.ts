import { describe, expect, test } from 'vitest'
import { looksLikeCodes, wordsOf } from './infer-codes.ts'
import { type ColumnDeclaration, type ColumnRoles, inferSchema } from './infer-schema.ts'
import type { RawColumn, RawTable } from './raw-table.ts'
import type { ColumnSchema } from './schema.ts'

function rawTable(columns: readonly RawColumn[]): RawTable {
  const nRows = columns[0]?.values.length ?? 0
  return {
    source: 'test.csv',
    columns,
    nRows,
    rowNumbers: Uint32Array.from({ length: nRows }, (_, row) => row + 2),
    rowNoun: 'line',
    missing: ['', 'NA'],
    decimal: '.',
    malformed: [],
    notes: [],
  }
}

function infer(
  name: string,
  values: readonly (string | null)[],
  declared: ColumnDeclaration = {},
  roles: ColumnRoles = {},
): ColumnSchema {
  return inferSchema(rawTable([{ name, type: 'text', values }]), { [name]: declared }, roles).columns[0]!
}

const repeat = (values: readonly (string | number)[], times: number) =>
  Array.from({ length: times }, () => values.map(String)).flat()
const shape = ({ kind, dataType }: ColumnSchema) => `${kind} ${dataType}`

describe('the kind of a column', () => {
  test.each([
    ['whole numbers', ['1', '2', '3', ''], 'number integer'],
    ['numbers with a point', ['1.0', '2', 'NA'], 'number float'],
    ['exponents', ['1e3', '2.5E-2'], 'number float'],
    ['booleans of any case', ['true', 'FALSE', 'True'], 'category boolean'],
    ['0 and 1', repeat([0, 1], 5), 'category integer'],
    ['few words', ['yes', 'no', 'yes'], 'category string'],
    ['none as a word', ['none', 'completed'], 'category string'],
    ['postcodes with a leading zero', ['01234', '10115', '99999'], 'category string'],
    ['numbers that a double can not hold', ['12345678901234567890', '12345678901234567891'], 'category string'],
    ['dates', ['2026-11-21', '2026-11-22T08:30:00Z'], 'date date'],
    ['many different texts', Array.from({ length: 60 }, (_, i) => `an answer of student ${i}`), 'text string'],
    ['nothing but missing', ['', 'NA', ''], 'number integer'],
  ])('%s', (_, values, expected) => {
    expect(shape(infer('x', values))).toBe(expected)
  })

  test('few words among many numbers are faults, not another kind', () => {
    const numbers = Array.from({ length: 38 }, (_, i) => String(i))
    expect(infer('x', [...numbers, 'ill', 'absent']).kind).toBe('number')
    expect(infer('x', ['1', '2', 'ill']).kind).toBe('category')
  })

  test('follows what is declared before what is found', () => {
    expect(shape(infer('x', ['1', '2'], { kind: 'category' }))).toBe('category integer')
    expect(shape(infer('x', ['0', '1'], { kind: 'number' }))).toBe('number integer')
    expect(shape(infer('x', ['a', 'b'], { min: 0 }))).toBe('number integer')
    expect(shape(infer('x', ['21/11/2026'], { dateFormat: 'dd/MM/yyyy' }))).toBe('date date')
  })

  test('an identifier stays text, and the task decides about the target', () => {
    expect(infer('x', ['1', '2'], {}, { id: 'x' }).kind).toBe('text')
    expect(infer('x', repeat([1, 2, 3], 4), {}, { target: 'x', targetKind: 'category' }).kind).toBe('category')
    expect(infer('Course', repeat([1, 2, 3], 4), {}, { target: 'Course', targetKind: 'number' }).kind).toBe('number')
  })

  test('labels give codes a meaning and allow others', () => {
    const coded = infer('x', ['33', '171', '9'], { labels: { '171': 'Animation', '33': 'Biofuel' } })
    expect(coded).toMatchObject({ kind: 'category', labels: { '33': 'Biofuel', '171': 'Animation' } })
    expect(coded.declared.categories).toBeUndefined()
  })
  test('declared categories keep their order and meaning, as one text per value', () => {
    expect(infer('x', ['2', '1'], { categories: [2, 1] }).declared.categories).toEqual(['2', '1'])
    const coded = infer('x', ['33', '171'], { categories: { '171': 'Animation', '33': 'Biofuel' } })
    expect(coded.declared.categories).toEqual(['33', '171'])
    expect(coded.labels).toEqual({ '33': 'Biofuel', '171': 'Animation' })
    expect(coded.dataType).toBe('integer')
  })

  test('an ignored column is left out', () => {
    expect(
      inferSchema(rawTable([{ name: 'x', type: 'text', values: ['1'] }]), { x: { ignore: true } }).columns,
    ).toEqual([])
  })
})

describe('whole numbers are codes', () => {
  const counts = (pairs: readonly (readonly [number, number])[]) => new Map(pairs)

  test('when the name says so', () => {
    const contiguous = counts([1, 2, 3, 4].map((code) => [code, 50]))
    expect(looksLikeCodes("Mother's qualification", contiguous, false)).toBe(true)
    expect(looksLikeCodes('maritalStatus', contiguous, false)).toBe(true)
    expect(looksLikeCodes('course_id', contiguous, false)).toBe(true)
    expect(looksLikeCodes('recourse', contiguous, false)).toBe(false)
    expect(looksLikeCodes('Previous qualification (grade)', contiguous, false)).toBe(false)
    expect(looksLikeCodes('number of courses', contiguous, false)).toBe(false)
  })

  test('when well-filled values have holes between them, whatever the name', () => {
    const codes = counts([
      [1, 900],
      [7, 139],
      [17, 872],
      [39, 785],
      [43, 312],
    ])
    expect(looksLikeCodes('c4', codes, false)).toBe(true)
    expect(looksLikeCodes('c4', codes, true)).toBe(false)
    expect(looksLikeCodes('age', codes, false)).toBe(false)
  })

  test('but not a count with a thin tail, a rating, heaps at round numbers, percentages, years or a common step', () => {
    expect(
      looksLikeCodes(
        'n',
        counts([
          [0, 700],
          [1, 100],
          [2, 40],
          [3, 12],
          [5, 4],
          [8, 2],
          [12, 1],
        ]),
        false,
      ),
    ).toBe(false)
    expect(looksLikeCodes('q', counts([1, 2, 3, 4, 5].map((rating) => [rating, 80])), false)).toBe(false)
    expect(looksLikeCodes('q', counts([10, 15, 20, 30, 50, 51].map((value) => [value, 80])), false)).toBe(false)
    expect(looksLikeCodes('q', counts([0, 33, 50, 67, 100].map((value) => [value, 80])), false)).toBe(false)
    expect(looksLikeCodes('q', counts([2008, 2011, 2014, 2019].map((value) => [value, 80])), false)).toBe(false)
    expect(looksLikeCodes('q', counts([3, 17, 31, 45, 59].map((value) => [value, 80])), false)).toBe(false)
  })

  test('words of a name are whole words in any style', () => {
    expect(wordsOf("Mother's qualification")).toEqual(['mother', 's', 'qualification'])
    expect(wordsOf('schoolType_2')).toEqual(['school', 'type'])
    expect(wordsOf('Profissão')).toEqual(['profissao'])
  })
})
