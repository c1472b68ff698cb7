import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BellwetherError } from '../errors.ts'
import type { RawTable } from '../table/raw-table.ts'
import { ReadOptions } from './data-options.ts'
import { literal, withDuckDb } from './duckdb.ts'
import { readTable } from './read-table.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-read-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(name: string, content: string | Uint8Array, options: unknown = {}): Promise<RawTable> {
  const file = path.join(folder, name)
  await writeFile(file, content)
  return readTable(file, ReadOptions.parse(options))
}

async function fails(name: string, content: string | Uint8Array, options: unknown = {}): Promise<BellwetherError> {
  return read(name, content, options).then(
    () => expect.fail('expected an error'),
    (error: BellwetherError) => error,
  )
}

const cells = (raw: RawTable) =>
  Object.fromEntries(
    raw.columns.map((column) => [column.name, Array.from(column.values as ArrayLike<string | number | null>)]),
  )

describe('CSV', () => {
  test('is read with a byte order mark, CRLF, a tab in the header, and every digit', async () => {
    const raw = await read('a.csv', '\uFEFFid;"evening\t";grade\r\n1;0;18.571428571428573\r\n2;1;12.4\r\n')
    expect(cells(raw)).toEqual({ id: ['1', '2'], evening: ['0', '1'], grade: ['18.571428571428573', '12.4'] })
    expect(Array.from(raw.rowNumbers)).toEqual([2, 3])
    expect(raw.notes.join()).toContain('"evening"')
  })

  test('takes quoted and plain numbers alike', async () => {
    expect(cells(await read('q.csv', 'G1;G2;G3\n"5";"6";6\n'))).toEqual({ G1: ['5'], G2: ['6'], G3: ['6'] })
  })

  test.each([
    [',', 'a,b,c\n1,2,3\n4,5,6\n'],
    [';', 'a;b;c\n1,5;2;3\n4;5,25;6\n'],
    ['\t', 'a\tb\tc\n1;2\t2\t3\n4\t5,1\t6\n'],
    ['|', 'a|b|c\n1|2|3\n4|5|6\n'],
  ])('finds the delimiter %j', async (_, content) => {
    const raw = await read('d.csv', content)
    expect(raw.columns.map((column) => column.name)).toEqual(['a', 'b', 'c'])
    expect(raw.nRows).toBe(2)
  })

  test('finds the delimiter although quoted cells hold others', async () => {
    const raw = await read('d2.csv', 'name,note\n"a;b;c","x;y"\n"d;e;f","z;w"\n')
    expect(cells(raw)).toEqual({ name: ['a;b;c', 'd;e;f'], note: ['x;y', 'z;w'] })
  })

  test('notices a decimal comma', async () => {
    const raw = await read('comma.csv', 'a;b\n1,5;x\n2;y\n')
    expect(raw.decimal).toBe(',')
    expect(raw.notes.join()).toContain('decimal comma')
  })

  test('keeps line ends and doubled quotes inside a cell, and counts lines across them', async () => {
    const raw = await read('multi.csv', 'a,b\n"x\ny",1\n\n"say ""hi""",2\n')
    expect(cells(raw)).toEqual({ a: ['x\ny', 'say "hi"'], b: ['1', '2'] })
    expect(Array.from(raw.rowNumbers)).toEqual([2, 5])
  })

  test('puts ragged rows aside with line and reason, and the counts add up', async () => {
    const raw = await read('ragged.csv', 'a;b;c\n1;2;3\n4;5\n6;7;8;9\n"x\ny";2;3\n')
    expect(raw.malformed).toEqual([
      { row: 3, reason: 'expected 3 cells, found 2', text: '4;5' },
      { row: 4, reason: 'expected 3 cells, found 4', text: '6;7;8;9' },
    ])
    expect(cells(raw)).toEqual({ a: ['1', 'x\ny'], b: ['2', '2'], c: ['3', '3'] })
    expect(Array.from(raw.rowNumbers)).toEqual([2, 5])
  })

  test('puts a row with text after a closing quote aside', async () => {
    const raw = await read('quote.csv', 'a;b\n1;2\n"x"y;5\n3;4\n')
    expect(raw.malformed).toEqual([{ row: 3, reason: 'text after a closing quote, in cell 1', text: '"x"y;5' }])
    expect(cells(raw)).toEqual({ a: ['1', '3'], b: ['2', '4'] })
  })

  test.each([
    ['mixed line ends', 'a;b\r\n1;2\n3;4\r\n'],
    ['carriage returns alone', 'a;b\r1;2\r3;4\r'],
    ['no line end at the end', 'a;b\n1;2\n3;4'],
    ['blank lines before the header', '\n\na;b\n1;2\n\n3;4\n'],
    ['a header over two lines', 'a;"\nb"\n1;2\n3;4\n'],
  ])('is read with %s', async (_, content) => {
    expect(cells(await read('ends.csv', content))).toEqual({ a: ['1', '3'], b: ['2', '4'] })
  })

  test('with one column leaves blank lines out', async () => {
    const raw = await read('one.csv', 'a\n1\n\n2\n\n')
    expect(cells(raw)).toEqual({ a: ['1', '2'] })
    expect(Array.from(raw.rowNumbers)).toEqual([2, 4])
  })

  test('passes over lines before the header when told to', async () => {
    const raw = await read('skip.csv', 'exported; "today\na;b\n1;2\n', { skipLines: 1 })
    expect(cells(raw)).toEqual({ a: ['1'], b: ['2'] })
    expect(Array.from(raw.rowNumbers)).toEqual([3])
  })

  test('without a header gets numbered names, or the given ones', async () => {
    const content = 'Porto;12;3\nLisboa;7;2\nPorto;9;1\n'
    expect(Object.keys(cells(await read('h.csv', content)))).toEqual(['column_1', 'column_2', 'column_3'])
    const named = await read('h.csv', content, { names: ['city', 'n', 'm'] })
    expect(cells(named)).toEqual({ city: ['Porto', 'Lisboa', 'Porto'], n: ['12', '7', '9'], m: ['3', '2', '1'] })
  })

  test('takes years for names', async () => {
    expect(cells(await read('y.csv', 'town;2018;2019\nPorto;1;2\nBraga;3;4\n'))).toHaveProperty('2018', ['1', '3'])
  })

  test('is read packed, and in UTF-16 and windows-1252', async () => {
    const expected = { a: ['é'], b: ['1'] }
    expect(cells(await read('z.csv.gz', gzipSync('a;b\né;1\n')))).toEqual(expected)
    expect(cells(await read('u16.csv', Buffer.from('\uFEFFa;b\né;1\n', 'utf16le')))).toEqual(expected)
    expect(cells(await read('l1.csv', Buffer.from('a;b\né;1\n', 'latin1'), { encoding: 'windows-1252' }))).toEqual(
      expected,
    )
  })

  test('is read from a path with quotes and wildcards in it', async () => {
    expect(cells(await read("it's [1]*.csv", 'a;b\n1;2\n'))).toEqual({ a: ['1'], b: ['2'] })
  })

  test('takes a cell of ten million characters', async () => {
    const raw = await read('big.csv', `a,b\n${'x'.repeat(10_000_000)},1\ny,2\n`)
    expect(raw.columns[0]!.values.map((text) => String(text).length)).toEqual([10_000_000, 1])
  })

  test('gives back any cells that were written by the rules, at their lines', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ';', '\n', '\r\n', ' ', ',', '0'), maxLength: 6 })
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 })
    const lineEnd = fc.constantFrom('\n', '\r\n')
    await fc.assert(
      fc.asyncProperty(rows, lineEnd, async (table, end) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
        const content = [['a', 'b'], ...table].map((row) => row.map(quoted).join(';') + end).join('')
        const raw = await read('property.csv', content, { delimiter: ';', header: true })
        expect(Object.values(cells(raw)).map((column) => column.map((value) => value ?? ''))).toEqual([
          table.map(([a]) => a),
          table.map(([, b]) => b),
        ])
        expect(raw.malformed).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
})

describe('a file that cannot be read is refused with its code and place', () => {
  test.each([
    ['FILE_EMPTY', 'empty.csv', '', {}],
    ['FILE_EMPTY', 'blank.csv', '\n \n', {}],
    ['NO_ROWS', 'header.csv', 'a;b;c\r\n', {}],
    ['NO_ROWS', 'header-bare.csv', 'a;b;c', {}],
    ['NO_ROWS', 'nothing.jsonl', '\n\n', {}],
    ['DELIMITER_WRONG', 'wrong.csv', 'a;b;c\n1;2;3\n', { delimiter: ',' }],
    ['CSV_MALFORMED', 'open.csv', 'a;b\n1;2\n"x;3\n4;5\n', {}],
    ['HEADER_MISMATCH', 'names.csv', 'a;b\n1;2\n', { names: ['a', 'b', 'c'] }],
    ['FORMAT_UNSUPPORTED', 'table.xlsx', 'PK', {}],
    ['FILE_UNREADABLE', 'broken.parquet', 'PAR1 nothing', {}],
    ['FILE_UNREADABLE', 'broken.csv.gz', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), {}],
  ])('%s: %s', async (code, name, content, options) => {
    const error = await fails(name, content, options)
    expect(error.code).toBe(code)
    expect(error.hint).not.toBe('')
  })

  test('a duplicated header names the columns and their places', async () => {
    const error = await fails('dup.csv', 'a;b;a \n1;2;3\n')
    expect(error.code).toBe('HEADER_DUPLICATED')
    expect(error.message).toContain('"a" (columns 1, 3)')
  })

  test('a name that is there 90,000 times is one fault, told in a line and found at once', async () => {
    const before = process.cpuUsage()
    const error = await fails('same.csv', `${'a,'.repeat(90_000)}b\n1\n`)
    const { user, system } = process.cpuUsage(before)
    expect(error.code).toBe('HEADER_DUPLICATED')
    expect(error.message).toContain('"a" (columns 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 89990 more)')
    expect(error.message.length).toBeLessThan(200)
    // It was a copy of all places for each of them: half a minute.
    expect((user + system) / 1e6).toBeLessThan(5)
    const many = await fails('pairs.csv', `${Array.from({ length: 40_000 }, (_, i) => `c${i % 20_000}`).join()}\n1\n`)
    expect(many.message).toContain('and 19990 more.')
    expect(many.details).toHaveLength(10)
  })

  test.each([
    ['commas', ','.repeat(1 << 20)],
    ['commas and rows', `${'a,'.repeat(200_000)}\n${'1,'.repeat(200_000)}\n`],
    ['bars', `${'|'.repeat(1 << 21)}\n1\n`],
  ])('a header without end is refused before it is taken apart: %s', async (_, content) => {
    const before = process.cpuUsage()
    const error = await fails('endless.csv', content)
    const { user, system } = process.cpuUsage(before)
    expect(error).toMatchObject({ code: 'FILE_UNREADABLE', message: 'endless.csv has more than 100000 columns.' })
    expect((user + system) / 1e6).toBeLessThan(3)
  })

  test('a first record that does not end is refused once four MiB of it were seen', async () => {
    const error = await fails('open.csv', `a,"${'b'.repeat(9 << 20)}`)
    expect(error.code).toBe('CSV_MALFORMED')
    expect(error.message).toMatch(/does not end within 4\d{6} characters; is a quote left open\?/)
  })

  test.each([
    [
      'late',
      Buffer.concat([Buffer.from('a;b\n1;2\n'.padEnd(300_000, 'é;2\n')), Buffer.from([0xe9, 0x3b, 0x31, 10])]),
      /line 7\d{4}/,
    ],
    ['early', Buffer.from([0x61, 0x3b, 0x62, 10, 0xff, 0x3b, 0x31, 10]), /in line 2/],
    ['cut', Buffer.from([0x61, 0x3b, 0x62, 10, 0x31, 0x3b, 0xc3]), /in line 2/],
  ])('invalid UTF-8 names the line (%s)', async (_, content, line) => {
    const error = await fails('bytes.csv', content)
    expect(error.code).toBe('ENCODING_INVALID')
    expect(error.message).toMatch(line)
  })

  test('a pipe and a device are refused at once, not waited for', async () => {
    const pipe = path.join(folder, 'pipe.csv')
    execFileSync('mkfifo', [pipe])
    await symlink('/dev/zero', path.join(folder, 'zero.csv'))
    for (const name of ['pipe.csv', 'zero.csv'])
      await expect(readTable(path.join(folder, name))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  test('a path that is not there, and a folder', async () => {
    await expect(readTable(path.join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await mkdir(path.join(folder, 'folder.csv'), { recursive: true })
    await expect(readTable(path.join(folder, 'folder.csv'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  test('an open quote is named by its line', async () => {
    expect((await fails('open2.csv', 'a;b\n1;2\n"x;3\n4;5\n')).message).toContain('line 3')
  })

  test('no message of a reader holds a cell', async () => {
    const error = await fails('secret.csv', 'a;b\nSECRET;2\n"SECRET;3\n')
    expect(JSON.stringify(error.toDocument())).not.toContain('SECRET')
  })

  test('reading ends when it is cancelled', async () => {
    const file = path.join(folder, 'cancel.csv')
    await writeFile(file, 'a;b\n1;2\n')
    await expect(readTable(file, undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

describe('JSON lines', () => {
  test('are read by key, with their lines; what is no object is put aside', async () => {
    const raw = await read('r.jsonl', '{"a":1,"b":"x"}\n\n{"a":2.5,"c":true}\nbroken\n[1]\n{"b":null,"c":false}\n')
    expect(cells(raw)).toEqual({ a: [1, 2.5, Number.NaN], b: ['x', null, null], c: [Number.NaN, 1, 0] })
    expect(raw.columns.map((column) => column.type)).toEqual(['float', 'text', 'boolean'])
    expect(Array.from(raw.rowNumbers)).toEqual([1, 3, 6])
    expect(raw.malformed.map(({ row, reason }) => [row, reason])).toEqual([
      [4, 'not one JSON object'],
      [5, 'not one JSON object'],
    ])
  })

  test('keep every digit, and nested values as JSON', async () => {
    const raw = await read('n.ndjson', '{"a":18.571428571428573,"t":["x","y"]}\n')
    expect(cells(raw)).toEqual({ a: [18.571428571428573], t: ['["x","y"]'] })
  })

  test.each([
    ['scalar.json', '42'],
    ['words.jsonl', 'one\ntwo\n'],
    ['deep.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['empty-objects.jsonl', '{}\n{}\n'],
  ])('without a single record that has a key are refused: %s', async (name, content) => {
    const error = await fails(name, content)
    expect(['FILE_UNREADABLE', 'NO_ROWS']).toContain(error.code)
    expect(error.message).toContain(name)
  })

  test('may be one array of objects', async () => {
    const raw = await read('r.json', '[{"a":1},\n {"a":2}]')
    expect(cells(raw)).toEqual({ a: [1, 2] })
    expect(raw.rowNoun).toBe('record')
  })
})

describe('Parquet', () => {
  async function parquet(name: string, select: string): Promise<RawTable> {
    const file = path.join(folder, name)
    await withDuckDb((connection) => connection.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet)`))
    return readTable(file)
  }

  test('whole numbers that a double cannot tell apart stay apart, as text', async () => {
    const raw = await parquet(
      'long.parquet',
      `SELECT 9007199254740993 + i AS account, (18446744073709551600::HUGEINT + i)::UBIGINT AS big, i AS small
       FROM (SELECT unnest([0, 1]::BIGINT[]) AS i) ORDER BY i`,
    )
    expect(cells(raw)).toEqual({
      account: ['9007199254740993', '9007199254740994'],
      big: ['18446744073709551600', '18446744073709551601'],
      small: [0, 1],
    })
    expect(raw.columns.map(({ type }) => type)).toEqual(['text', 'text', 'integer'])
  })

  test('a wide column that is all missing is one', async () => {
    const raw = await parquet('nulls.parquet', 'SELECT NULL::BIGINT AS a, 1::BIGINT AS b')
    expect(cells(raw)).toEqual({ a: [Number.NaN], b: [1] })
  })
})
