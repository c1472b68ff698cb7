import '../../../test/support/property-seed.ts'
import { writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOfAsync } from '../../../test/support/code-of.ts'
import { BellwetherError } from '../../errors.ts'
import { sortCategories } from '../../table/code-point-order.ts'
import type { Column } from '../../table/column.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { makeTable } from '../../table/table.ts'
import { withTemporaryFolder } from '../duckdb.ts'
import { readParquet, writeParquet } from '../parquet.ts'
import { diffTableFiles } from './diff-tables.ts'
import type { TableDiff } from './table-diff.ts'
import { diffTables, type VersionTable } from './testing/diff-tables.ts'

type Cell = number | string | null
type Form = Pick<ColumnSchema, 'kind' | 'dataType'>
type Data = Readonly<Record<string, readonly Cell[]>>

const INTEGER: Form = { kind: 'number', dataType: 'integer' }
const FLOAT: Form = { kind: 'number', dataType: 'float' }
const DATE: Form = { kind: 'date', dataType: 'date' }
const WHOLE_CATEGORY: Form = { kind: 'category', dataType: 'integer' }
const CATEGORY: Form = { kind: 'category', dataType: 'string' }
const BOOLEAN: Form = { kind: 'category', dataType: 'boolean' }
const TEXT: Form = { kind: 'text', dataType: 'string' }

function version(data: Data, forms: Readonly<Record<string, Form>>): VersionTable {
  const entries = Object.entries(data).map(([name, cells]) => [name, columnOf(cells, forms[name]!)] as const)
  const observed = { missing: 0, distinct: 0, min: null, max: null, categories: [] }
  const schema = entries.map(
    ([name]): ColumnSchema => ({ name, ...forms[name]!, declared: { required: false }, observed }),
  )
  return { table: makeTable(entries), schema: { columns: schema } }
}

function columnOf(cells: readonly Cell[], { kind }: Form): Column {
  const texts = cells.map((cell) => (cell === null ? null : String(cell)))
  if (kind === 'text') return { kind, values: texts }
  if (kind !== 'category') return { kind, values: Float64Array.from(cells, (cell) => (cell as number) ?? Number.NaN) }
  const categories = sortCategories(new Set(texts.filter((text) => text !== null)))
  return { kind, categories, codes: Int32Array.from(texts, (text) => (text === null ? -1 : categories.indexOf(text))) }
}

/** What the files of two versions give, once it is what the twin says of the tables that they hold. */
async function diff(before: VersionTable, after: VersionTable, id: string | null): Promise<TableDiff> {
  return withFiles([before, after], async ([one, two]) => {
    const inMemory = async ({ file, schema }: typeof one) => ({ table: await readParquet(file, schema), schema })
    const [found, naive] = await Promise.allSettled([
      diffTableFiles(one, two, id),
      Promise.all([inMemory(one), inMemory(two)]).then(([left, right]) => diffTables(left, right, id)),
    ])
    expect(plain(found)).toEqual(plain(naive))
    if (found.status === 'rejected') throw found.reason
    return found.value
  })
}

function plain(result: PromiseSettledResult<TableDiff>) {
  if (result.status === 'fulfilled') return result.value
  if (!(result.reason instanceof BellwetherError)) throw result.reason
  return { code: result.reason.code, message: result.reason.message }
}

async function withFiles<T>(
  [before, after]: readonly [VersionTable, VersionTable],
  use: (files: [Written, Written]) => Promise<T>,
): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    const write = async ({ table, schema }: VersionTable, name: string) => {
      const file = path.join(folder, name)
      writeFileSync(file, await writeParquet(table, schema))
      return { file, schema }
    }
    return use([await write(before, 'before.parquet'), await write(after, 'after.parquet')])
  })
}
type Written = { readonly file: string; readonly schema: VersionTable['schema'] }

describe('two tables in files', () => {
  const before = version(
    { id: [1, 2, 3, 4], mark: ['a', 'b', 'b', null], points: [1, 2, 3, 4], old: [0, 0, 0, 0] },
    { id: INTEGER, mark: CATEGORY, points: INTEGER, old: INTEGER },
  )
  const after = version(
    {
      id: [2, 3, 4, 5, 6],
      mark: ['b', 'c', 'c', 'a', 'a'],
      points: ['2', '3', '4', '5', 'x'],
      more: [1, 1, 1, 1, 1],
    },
    { id: INTEGER, mark: CATEGORY, points: CATEGORY, more: INTEGER },
  )

  test('are compared by an id: what came, what went, what changed in which column', async () => {
    const { schema, rows, columns } = await diff(before, after, 'id')
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

  test('are compared by content where there is no id, each copy of a row counted', async () => {
    const forms = { a: INTEGER, b: CATEGORY }
    const one = version({ a: [1, 1, 1, 2], b: ['x', 'x', 'x', 'y'] }, forms)
    const two = version({ a: [1, 1, 3], b: ['x', 'x', 'y'] }, forms)
    expect((await diff(one, two, null)).rows).toEqual({
      id: null,
      before: 4,
      after: 3,
      added: 1,
      removed: 2,
      changed: null,
      unchanged: 2,
    })
    const same = await diff(one, one, null)
    expect(same.rows).toMatchObject({ added: 0, removed: 0, unchanged: 4 })
    expect(same.columns.every(({ psi, jensenShannon }) => psi === 0 && jensenShannon === 0)).toBe(true)
  })

  test('an id that is missing, that comes twice, or that one of them lacks, is refused without its value', async () => {
    const forms = { id: INTEGER, mark: CATEGORY }
    const twice = version({ id: [6, 7, 8, 7], mark: ['a', 'b', 'a', 'b'] }, forms)
    const gap = version({ id: [7, null], mark: ['a', 'b'] }, forms)
    await expect(diff(twice, gap, 'id')).rejects.toThrow('has a value twice (row 4)')
    await expect(diff(gap, twice, 'id')).rejects.toThrow('has a missing value (row 2)')
    for (const table of [twice, gap]) expect(await codeOfAsync(() => diff(table, table, 'id'))).toBe('INVALID_INPUT')
    expect(await codeOfAsync(() => diff(before, after, 'old'))).toBe('COLUMN_NOT_FOUND')
  })

  test('without rows, without a column in common, or of one column, are compared as well', async () => {
    const forms = { id: INTEGER, mark: CATEGORY, note: TEXT, day: DATE }
    const none = version({ id: [], mark: [], note: [], day: [] }, forms)
    const one = version({ id: [1, 2], mark: ['a', 'b'], note: ['x', null], day: [0, 1] }, forms)
    const other = version({ else: [1, 2, 3] }, { else: INTEGER })
    const alone = version({ id: [2, 3] }, forms)
    expect((await diff(none, one, 'id')).columns.every(({ psi }) => psi === null)).toBe(true)
    expect((await diff(one, none, null)).rows).toMatchObject({ removed: 2, unchanged: 0 })
    expect((await diff(none, none, null)).rows).toMatchObject({ before: 0, after: 0, unchanged: 0 })
    expect((await diff(one, other, null)).rows).toMatchObject({ added: 1, removed: 0, unchanged: 2 })
    expect((await diff(one, alone, 'id')).rows).toMatchObject({ added: 1, removed: 1, changed: 0, unchanged: 1 })
  })

  test('whose columns differ in case alone are told apart', async () => {
    const one = version({ A: [1, 2] }, { A: INTEGER })
    const two = version({ a: [1, 2] }, { a: INTEGER })
    expect((await diff(one, two, null)).schema).toMatchObject({ added: ['a'], removed: ['A'] })
  })

  test('are let go by an abort, and leave no temporary folder', async () => {
    await withFiles([before, after], async ([one, two]) => {
      const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('bellwether-')).length
      const there = await folders()
      const abort = new AbortController()
      const answer = diffTableFiles(one, two, 'id', { signal: abort.signal })
      abort.abort()
      await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(await folders()).toBeLessThanOrEqual(there)
    })
  })

  test('that DuckDB cannot hold in what it is given are compared with more', async () => {
    const forms = { id: INTEGER, note: TEXT }
    const made = (from: number) => {
      const ids = Array.from({ length: 20_000 }, (_, row) => from + row)
      return version({ id: ids, note: ids.map((id) => `${id % 10 === 0 ? from : id} `.repeat(40)) }, forms)
    }
    await withFiles([made(0), made(2000)], async ([one, two]) => {
      const rows = async (memory: string) => (await diffTableFiles(one, two, 'id', { memory })).rows
      expect(await rows('2MB')).toMatchObject({ added: 2000, removed: 2000, changed: 1800, unchanged: 16_200 })
      expect(await rows('2MB')).toEqual(await rows('1GB'))
    })
  })

  test('a file that is no table, or of another schema, is refused in our words', async () => {
    await withFiles([before, after], async ([one, two]) => {
      const mismatch = diffTableFiles({ ...one, schema: { columns: one.schema.columns.slice(1) } }, two, null)
      await expect(mismatch).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
      writeFileSync(two.file, 'PAR1 is how it begins, and a secret follows')
      await expect(diffTableFiles(one, two, null)).rejects.toSatisfy(
        (error: unknown) =>
          error instanceof BellwetherError && error.code === 'FILE_UNREADABLE' && !/secret/.test(error.message),
      )
    })
  })
})

const whole = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -1e15, max: 1e15 }),
  fc.constantFrom(8.64e15, -1),
)
const fraction = fc.oneof(
  fc.constantFrom(-0, 0, 0.1, 1.5, 1e21, 1e-7, 1e22, 123456789012345680, 5e-324, Number.MAX_VALUE, -2.5e-5, 100),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const words = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'b',
    '1',
    '1.5',
    '1e+21',
    'null',
    'a long text,'.repeat(6),
    'a long text,'.repeat(7),
    'true',
    'é',
    'e\u0301',
    '\uFFFD',
    '\uE000',
    '😀',
    '😀😀a',
    "o'x",
    '"',
    '\\',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => text.trim()), // as a category is kept
)
/** Values that may come together in a column, with the forms that hold them all. */
const DOMAINS: readonly { readonly cell: fc.Arbitrary<Cell>; readonly forms: readonly Form[] }[] = [
  { cell: whole, forms: [INTEGER, FLOAT, DATE, WHOLE_CATEGORY, CATEGORY, TEXT] },
  { cell: fraction, forms: [FLOAT, CATEGORY, TEXT] },
  { cell: words, forms: [CATEGORY, TEXT] },
  { cell: fc.constantFrom('true', 'false'), forms: [BOOLEAN, CATEGORY, TEXT] },
]

/** A column of both tables: its rows before and after, where some of the later ones are earlier ones. */
const columnPair = (origins: readonly (number | null)[], nBefore: number) =>
  fc.constantFrom(...DOMAINS).chain(({ cell, forms }) => {
    const cells = (n: number) => fc.array(fc.option(cell, { freq: 6 }), { minLength: n, maxLength: n, size: 'max' })
    return fc
      .record({
        before: cells(nBefore),
        fresh: cells(origins.length),
        keep: fc.boolean(),
        forms: fc.tuple(fc.constantFrom(...forms), fc.constantFrom(...forms)),
      })
      .map(({ before, fresh, keep, forms }) => ({
        before,
        after: origins.map((origin, row) =>
          origin === null || (!keep && row % 3 === 0) ? fresh[row]! : before[origin]!,
        ),
        forms,
      }))
  })

const tablePair = fc
  .record({
    nBefore: fc.integer({ min: 0, max: 60 }),
    origins: fc.array(fc.option(fc.nat(1000), { freq: 5 }), { maxLength: 60, size: 'max' }),
    id: fc.constantFrom('distinct', 'any', null),
    idForms: fc.tuple(fc.constantFrom(...DOMAINS[0]!.forms), fc.constantFrom(...DOMAINS[0]!.forms)),
  })
  .chain(({ nBefore, origins, id, idForms }) => {
    const kept = origins.map((origin) => (origin === null || nBefore === 0 ? null : origin % nBefore))
    return fc.array(columnPair(kept, nBefore), { minLength: 1, maxLength: 4 }).map((columns) => {
      const named = Object.fromEntries(columns.map((column, i) => [`column ${i}`, column]))
      if (id === 'distinct') {
        const used = new Set<number>()
        const after = kept.map((origin, row) =>
          origin !== null && !used.has(origin) && used.add(origin) ? origin : 1000 + row,
        )
        named['id'] = { before: Array.from({ length: nBefore }, (_, row) => row), after, forms: idForms }
      }
      const side = (which: 'before' | 'after', form: 0 | 1) =>
        version(
          Object.fromEntries(Object.entries(named).map(([name, column]) => [name, column[which]])),
          Object.fromEntries(Object.entries(named).map(([name, column]) => [name, column.forms[form]])),
        )
      const idColumn = id === 'distinct' ? 'id' : id === 'any' ? 'column 0' : null
      return { before: side('before', 0), after: side('after', 1), id: idColumn }
    })
  })

test('the files say to the last bit what the tables in memory say, whatever they hold and whatever a column became', async () => {
  await fc.assert(
    fc.asyncProperty(tablePair, async ({ before, after, id }) => {
      await diff(before, after, id).catch((error) => {
        if (!(error instanceof BellwetherError)) throw error
      })
    }),
    { numRuns: 30 },
  )
}, 240_000)
