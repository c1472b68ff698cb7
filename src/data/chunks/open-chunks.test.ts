import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BellwetherError } from '../../errors.ts'
import { type RawTable, rawText } from '../../table/raw-table.ts'
import { ReadOptions } from '../data-options.ts'
import { fileLiteral, literal, withDuckDb } from '../duckdb.ts'
import { readTable } from '../read-table.ts'
import { CHUNK_CELLS, MAX_RECORD_BYTES } from './chunked-table.ts'
import { openChunks } from './open-chunks.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-chunks-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, content)
  return file
}

/** What a table says, whatever its pieces: names, rows with their numbers, malformed ones. */
function contents(tables: readonly RawTable[]) {
  return {
    names: tables[0]?.columns.map(({ name }) => name),
    decimals: [...new Set(tables.map(({ decimal }) => decimal))],
    missing: tables[0]?.missing,
    rows: tables.flatMap((table) =>
      Array.from(table.rowNumbers, (number, row) => [number, ...table.columns.map((column) => rawText(column, row))]),
    ),
    malformed: tables.flatMap(({ malformed }) => malformed),
  }
}

async function inChunks(file: string, read?: ReadOptions) {
  const opened = await openChunks(file, read)
  const tables: RawTable[] = []
  for await (const table of opened.chunks()) tables.push(table)
  return { opened, tables }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'fine',
    (error: BellwetherError) => error.code,
  )

describe('a table read in chunks is the table read whole', () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      'a',
      'NA',
      '1',
      '2,5',
      '-3.5',
      '"quoted"',
      '""',
      '"a ""b"""',
      '"x,y;z"',
      ' 7 ',
      ' "b" ',
      '"l\nm"',
    ),
    fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'é', '1', '.', ' ', '-', 'x') }),
  )
  test('of CSV, whatever is in its cells', async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (delimiter, end, rows, gzip) => {
          const safe = (text: string) => (text.includes(delimiter) && !text.startsWith('"') ? 'z' : text)
          const body = rows.map((cells) => cells.map(safe).join(delimiter)).join(end)
          const text = `one${delimiter}two${delimiter}three${end}1${delimiter}2${delimiter}3${end}${body}${end}`
          const file = await put(`p${n++}.csv${gzip ? '.gz' : ''}`, gzip ? gzipSync(text) : text)
          const read = ReadOptions.parse({ delimiter, header: true })
          const whole = await readTable(file, read).catch((error: BellwetherError) => error.code)
          if (typeof whole === 'string') {
            // What DuckDB and the scanner see differently is refused whole; in chunks there is one reader only.
            if (whole !== 'CSV_MALFORMED') expect(await codeOf(inChunks(file, read))).toBe(whole)
            return
          }
          const { opened, tables } = await inChunks(file, read)
          expect(contents(tables)).toEqual(contents([whole]))
          expect(opened.nRows).toBe(whole.nRows + whole.malformed.length)
        },
      ),
      { numRuns: 60 },
    )
  }, 120_000)

  test('of CSV with more rows than a chunk, with bad ones among them', async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => (i % 1000 === 7 ? `${i}` : `${i};"text ${i}";${i},5`))
    const file = await put('many.csv', `\uFEFFa;b;c\n${lines.join('\n')}\n`)
    const { opened, tables } = await inChunks(file)
    expect(tables.length).toBeGreaterThan(3)
    expect(contents(tables)).toEqual(contents([await readTable(file)]))
    expect(contents(tables).decimals).toEqual([','])
    expect(contents(tables).malformed).toHaveLength(9)
    expect(opened.nRows).toBe(9000)
  })

  test('of JSON lines, where a key comes first in the last record', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) =>
      JSON.stringify(i % 2 === 0 ? { a: i, b: `x${i}` } : { b: null, a: i }),
    )
    lines[17] = 'no json'
    lines.push(JSON.stringify({ late: true, a: 0.1 }))
    const file = await put('many.jsonl', `${lines.join('\n')}\n\n`)
    const { opened, tables } = await inChunks(file)
    expect(tables.length).toBeGreaterThan(2)
    const whole = await readTable(file)
    expect(opened.names).toEqual(['a', 'b', 'late'])
    expect(contents(tables).rows).toEqual(contents([whole]).rows)
    expect(contents(tables).malformed.map(({ row }) => row)).toEqual([18])
  })

  test('of short JSON lines with many keys between them, of which no chunk holds more cells than fit', async () => {
    const wide = Array.from({ length: 3 }, (_, line) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${1000 * line + i}`, i]))),
    )
    const file = await put('wide.jsonl', `${[...wide, ...new Array(1000).fill('{"k0":7}')].join('\n')}\n`)
    const table = await openChunks(file)
    const sizes: number[] = []
    for await (const { nRows, columns } of table.chunks()) {
      expect(nRows * columns.length).toBeLessThanOrEqual(CHUNK_CELLS)
      expect(columns).toHaveLength(3000)
      sizes.push(nRows)
    }
    expect(sizes).toEqual([349, 349, 305])
  })

  test('of a JSON array, which is read whole', async () => {
    const file = await put('list.json', JSON.stringify(Array.from({ length: 5000 }, (_, a) => ({ a }))))
    const { tables } = await inChunks(file)
    expect(tables.length).toBe(3)
    expect(contents(tables).rows).toHaveLength(5000)
  })

  test('of Parquet, with dates, decimals, long whole numbers and NULLs, in its order', async () => {
    const file = path.join(folder, 'many.parquet')
    await withDuckDb((connection) =>
      connection
        .run(
          `COPY (SELECT i AS a, i / 7 AS b, CASE WHEN i % 5 = 0 THEN NULL ELSE 't' || i END AS c, 9007199254740993 + i AS d,
             DATE '2024-01-01' + CAST(i % 300 AS INTEGER) AS e, i % 2 = 0 AS f FROM range(20000) r(i))
           TO ${literal(file)} (FORMAT parquet, ROW_GROUP_SIZE 4096)`,
        )
        .then(() => {}),
    )
    expect(fileLiteral(file)).toContain('many')
    const { opened, tables } = await inChunks(file)
    expect(tables.length).toBeGreaterThan(5)
    expect(contents(tables)).toEqual(contents([await readTable(file)]))
    expect(opened.nRows).toBe(20_000)
  })
})

describe('before the first chunk', () => {
  test('a quote that is never closed is found', async () => {
    const file = await put('open.csv', `a,b\n${'1,2\n'.repeat(5000)}"3,4\n`)
    expect(await codeOf(openChunks(file))).toBe('CSV_MALFORMED')
  })

  test('so is a row that would fill the memory', async () => {
    const file = await put(
      'long.csv',
      Buffer.concat([Buffer.from('a,b\n1,"'), Buffer.alloc(MAX_RECORD_BYTES + 5_000_000, 'x\n')]),
    )
    expect(await codeOf(openChunks(file))).toBe('CSV_MALFORMED')
  })

  test('a header without rows, an empty file and a missing one have their errors', async () => {
    expect(await codeOf(openChunks(await put('head.csv', 'a,b\n')))).toBe('NO_ROWS')
    expect(await codeOf(openChunks(await put('empty.csv', '')))).toBe('FILE_EMPTY')
    expect(await codeOf(openChunks(path.join(folder, 'none.csv')))).toBe('FILE_NOT_FOUND')
    expect(await codeOf(openChunks(await put('broken.parquet', 'PAR1 no')))).toBe('FILE_UNREADABLE')
  })
})

test('the same bytes have the same hash, and others another', async () => {
  const one = await openChunks(await put('h1.csv', 'a,b\n1,2\n'))
  const two = await openChunks(await put('h2.csv', 'a,b\n1,2\n'))
  const three = await openChunks(await put('h3.csv', 'a,b\n1,3\n'))
  expect(one.sha256).toBe(two.sha256)
  expect(one.sha256).not.toBe(three.sha256)
})
