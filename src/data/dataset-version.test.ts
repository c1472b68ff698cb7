import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sortCategories } from '../table/code-point-order.ts'
import type { Column } from '../table/column.ts'
import { observeColumn } from '../table/infer-observed.ts'
import { inferSchema } from '../table/infer-schema.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import { makeTable, selectRows, type Table } from '../table/table.ts'
import { canonicalHash } from './dataset-version.ts'
import { readParquet, writeParquet } from './parquet.ts'
import { readTable } from './read-table.ts'
import { validateTable } from './validate.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-version-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const dataTypes = { number: 'float', date: 'date', text: 'string' } as const

/** A table of one column of each kind and data type, with its schema as validation would write it. */
const tables = fc
  .integer({ min: 0, max: 12 })
  .chain((n) => {
    const list = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: n, maxLength: n })
    const code = fc.integer({ min: -1, max: 2 })
    const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constant(Number.NaN)).map((value) => value + 0)
    const time = fc.oneof(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), fc.constant(Number.NaN))
    return fc.record({
      number: list(number),
      whole: list(fc.oneof(fc.maxSafeInteger(), fc.constant(Number.NaN)).map((value) => value + 0)),
      date: list(time),
      text: list(fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }))),
      coded: list(code),
      named: list(code),
      flag: list(fc.integer({ min: -1, max: 1 })),
    })
  })
  .map((values): { table: Table; schema: TableSchema } => {
    const columns: [string, ColumnSchema['dataType'], Column][] = [
      ['a number', 'float', { kind: 'number', values: Float64Array.from(values.number) }],
      ['whole', 'integer', { kind: 'number', values: Float64Array.from(values.whole) }],
      ['date', 'date', { kind: 'date', values: Float64Array.from(values.date) }],
      ['text "quoted"', 'string', { kind: 'text', values: values.text }],
      ['coded', 'integer', { kind: 'category', codes: Int32Array.from(values.coded), categories: ['9', '10', '33'] }],
      ['named', 'string', { kind: 'category', codes: Int32Array.from(values.named), categories: ['NA', 'b', "it's"] }],
      ['flag', 'boolean', { kind: 'category', codes: Int32Array.from(values.flag), categories: ['false', 'true'] }],
    ]
    const schema = columns.map(([name, dataType, column]): ColumnSchema => {
      const declared =
        column.kind === 'category' ? { required: false, categories: [...column.categories] } : { required: false }
      return { name, kind: column.kind, dataType, declared, observed: observeColumn(column) }
    })
    return { table: makeTable(columns.map(([name, , column]) => [name, column])), schema: { columns: schema } }
  })

describe('Parquet', () => {
  test('gives any table back exactly', async () => {
    const file = path.join(folder, 'round.parquet')
    await fc.assert(
      fc.asyncProperty(tables, async ({ table, schema }) => {
        await writeFile(file, await writeParquet(table, schema))
        const back = await readParquet(file, schema)
        expect(Object.fromEntries(back.columns)).toEqual(Object.fromEntries(table.columns))
        expect(canonicalHash(back, schema)).toBe(canonicalHash(table, schema))
      }),
      { numRuns: 15 },
    )
  })

  test('gives more rows than a chunk holds back, and the same bytes each time', async () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => i / 7)
    const table = makeTable([['x', { kind: 'number', values }]])
    const schema: TableSchema = {
      columns: [
        {
          name: 'x',
          kind: 'number',
          dataType: dataTypes.number,
          declared: { required: false },
          observed: observeColumn(table.columns.get('x')!),
        },
      ],
    }
    const bytes = await writeParquet(table, schema)
    const file = path.join(folder, 'long.parquet')
    await writeFile(file, bytes)
    expect((await readParquet(file, schema)).columns.get('x')).toEqual({ kind: 'number', values })
    expect(Buffer.compare(bytes, await writeParquet(table, schema))).toBe(0)
  })
})

describe('the id of a table', () => {
  async function idOf(name: string, content: string | Uint8Array): Promise<string> {
    const file = path.join(folder, name)
    await writeFile(file, content)
    const raw = await readTable(file)
    const { table, schema } = validateTable(raw, inferSchema(raw), { policy: { action: 'fail', maxRejectedShare: 0 } })
    return canonicalHash(table, schema)
  }

  test('is the same from CSV of any dialect, JSON lines and Parquet', async () => {
    const id = await idOf('a.csv', 'Course,grade,when,note\n33,12.5,2026-11-21,yes\n171,,2026-11-22,no\n')
    expect(
      await idOf(
        'b.csv',
        '\uFEFF"Course";"grade\t";when;note\r\n"33";"12.5";2026-11-21;yes\r\n171;NA;2026-11-22T00:00:00Z;no',
      ),
    ).toBe(id)
    const lines = [
      '{"Course":33,"grade":12.5,"when":"2026-11-21","note":"yes"}',
      '{"Course":171,"grade":null,"when":"2026-11-22","note":"no"}',
    ]
    expect(await idOf('c.jsonl', lines.join('\n'))).toBe(id)
    const raw = await readTable(path.join(folder, 'a.csv'))
    const { table, schema } = validateTable(raw, inferSchema(raw), { policy: { action: 'fail', maxRejectedShare: 0 } })
    expect(await idOf('d.parquet', await writeParquet(table, schema))).toBe(id)
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  test('changes with a value, a missing one, a name, a type and the order of the rows', async () => {
    const ids = await Promise.all(
      [
        'a,b\n1,x\n2,y\n',
        'a,b\n1,x\n3,y\n',
        'a,b\n1,x\n,y\n',
        'a,c\n1,x\n2,y\n',
        'a,b\n1.0,x\n2,y\n',
        'a,b\n2,y\n1,x\n',
        'a,b\n1,x\n',
      ].map((content, i) => idOf(`v${i}.csv`, content)),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('does not move a text from one row to the next', () => {
    const schema: TableSchema = {
      columns: [
        {
          name: 't',
          kind: 'text',
          dataType: dataTypes.text,
          declared: { required: false },
          observed: { missing: 0, distinct: 2, min: null, max: null, categories: [] },
        },
      ],
    }
    const id = (values: (string | null)[]) => canonicalHash(makeTable([['t', { kind: 'text', values }]]), schema)
    expect(id(['ab', 'c'])).not.toBe(id(['a', 'bc']))
    expect(id(['', 'c'])).not.toBe(id([null, 'c']))
  })

  test('does not depend on which rows of a larger table the values came from', () => {
    const table = makeTable([['x', { kind: 'number', values: Float64Array.of(1, 2, 3) }]])
    const schema: TableSchema = {
      columns: [
        {
          name: 'x',
          kind: 'number',
          dataType: 'integer',
          declared: { required: false },
          observed: observeColumn(table.columns.get('x')!),
        },
      ],
    }
    const part = selectRows(table, Uint32Array.of(1, 2))
    expect(canonicalHash(part, schema)).toBe(
      canonicalHash(makeTable([['x', { kind: 'number', values: Float64Array.of(2, 3) }]]), schema),
    )
  })

  test('is documented: these bytes give this hash', async () => {
    const { createHash } = await import('node:crypto')
    const table = makeTable([
      ['x', { kind: 'category', codes: Int32Array.of(1, -1), categories: sortCategories(['b', 'a']) }],
    ])
    const schema: TableSchema = {
      columns: [
        {
          name: 'x',
          kind: 'category',
          dataType: 'string',
          declared: { required: false },
          observed: observeColumn(table.columns.get('x')!),
        },
      ],
    }
    const head = '["x","category","string",["a","b"]]'
    const bytes = Buffer.concat([
      Buffer.from(`bellwether-table 1\n2\n${head.length}\n${head}\n`),
      Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]),
    ])
    expect(canonicalHash(table, schema)).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
  })
})
