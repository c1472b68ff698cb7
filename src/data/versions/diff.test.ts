import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import type { Column } from '../../table/column.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { makeTable } from '../../table/table.ts'
import { diffFiles } from './diff-files.ts'
import { diffTables, type VersionTable } from './diff-tables.ts'

function version(columns: Record<string, readonly (number | string | null)[]>): VersionTable {
  const entries = Object.entries(columns).map(([name, values]): [string, Column] => {
    const isNumber = values.every((value) => value === null || typeof value === 'number')
    if (isNumber)
      return [name, { kind: 'number', values: Float64Array.from(values, (value) => (value as number) ?? Number.NaN) }]
    const names = [...new Set(values.filter((value) => value !== null).map(String))].sort()
    const codes = Int32Array.from(values, (value) => (value === null ? -1 : names.indexOf(String(value))))
    return [name, { kind: 'category', codes, categories: names }]
  })
  const schema = entries.map(([name, { kind }]): ColumnSchema => {
    const observed = { missing: 0, distinct: 0, min: null, max: null, categories: [] }
    return { name, kind, dataType: kind === 'number' ? 'integer' : 'string', declared: { required: false }, observed }
  })
  return { table: makeTable(entries), schema: { columns: schema } }
}

describe('two tables', () => {
  const before = version({ id: [1, 2, 3, 4], mark: ['a', 'b', 'b', null], points: [1, 2, 3, 4], old: [0, 0, 0, 0] })
  const after = version({
    id: [2, 3, 4, 5, 6],
    mark: ['b', 'c', 'c', 'a', 'a'],
    points: ['2', '3', '4', '5', 'x'],
    more: [1, 1, 1, 1, 1],
  })

  test('are compared by an id: what came, what went, what changed in which column', () => {
    const { schema, rows, columns } = diffTables(before, after, 'id')
    expect(schema).toEqual({
      added: ['more'],
      removed: ['old'],
      changed: [
        { name: 'points', from: { kind: 'number', dataType: 'integer' }, to: { kind: 'category', dataType: 'string' } },
      ],
    })
    expect(rows).toEqual({ id: 'id', before: 4, after: 5, added: 2, removed: 1, changed: 2, unchanged: 1 })
    expect(
      columns.map(({ name, changed, missingBefore, missingAfter }) => [name, changed, missingBefore, missingAfter]),
    ).toEqual([
      ['id', null, 0, 0],
      ['mark', 2, 1, 0],
      ['points', 0, 0, 0],
    ])
    expect(columns[0]!.psi).toBeNull()
    expect(columns[1]!.psi).toBeGreaterThan(0.1)
  })

  test('are compared by content where there is no id, each copy of a row counted', () => {
    const one = version({ a: [1, 1, 1, 2], b: ['x', 'x', 'x', 'y'] })
    const two = version({ a: [1, 1, 3], b: ['x', 'x', 'y'] })
    expect(diffTables(one, two, null).rows).toEqual({
      id: null,
      before: 4,
      after: 3,
      added: 1,
      removed: 2,
      changed: null,
      unchanged: 2,
    })
    const same = diffTables(one, one, null)
    expect(same.rows).toMatchObject({ added: 0, removed: 0, unchanged: 4 })
    expect(same.columns.every(({ psi, jensenShannon }) => psi === 0 && jensenShannon === 0)).toBe(true)
  })

  test('an id that is missing, that comes twice, or that one of them lacks, is refused without its value', () => {
    const twice = version({ id: [7, 7], mark: ['a', 'b'] })
    const gap = version({ id: [7, null], mark: ['a', 'b'] })
    for (const table of [twice, gap]) {
      expect(codeOf(() => diffTables(table, table, 'id'))).toBe('INVALID_INPUT')
      expect(() => diffTables(table, table, 'id')).not.toThrow(/7/)
    }
    expect(codeOf(() => diffTables(before, after, 'old'))).toBe('COLUMN_NOT_FOUND')
  })
})

test('two lists of files are compared by path and content', async () => {
  const file = (path: string, sha256: string, sizeBytes = 1) => ({
    path,
    sha256: sha256.repeat(64),
    sizeBytes,
    chunks: [],
  })
  async function* list(...files: ReturnType<typeof file>[]) {
    yield* files
  }
  const diff = await diffFiles(
    list(file('a', '1'), file('b', '2'), file('c/d', '3'), file('z', '9')),
    list(file('a', '1'), file('b', '4', 5), file('c', '3'), file('y', '9'), file('z', '9')),
  )
  expect(diff).toEqual({
    added: [
      { path: 'c', sizeBytes: 1 },
      { path: 'y', sizeBytes: 1 },
    ],
    removed: [{ path: 'c/d', sizeBytes: 1 }],
    changed: [{ path: 'b', sizeBefore: 1, sizeAfter: 5 }],
    unchanged: 2,
  })
})
