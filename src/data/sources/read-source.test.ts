import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOfAsync } from '../../../test/support/code-of.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { ReadOptions } from '../data-options.ts'
import { readPlace, readSource } from './read-source.ts'
import { SourceOptions } from './source-options.ts'

let folder = ''
let server: Server
let url = ''
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-sources-'))
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const read = (options: Record<string, unknown> = {}) => ReadOptions.parse(options)
const source = (options: Record<string, unknown>) => SourceOptions.parse({ allowPrivate: true, ...options })
const cells = (table: RawTable) =>
  Object.fromEntries(table.columns.map(({ name, values }) => [name, Array.from<string | number | null>(values)]))
const write = async (name: string, text: string) => {
  const file = path.join(folder, name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

test('a glob is its files in the order of their names, whatever the order of their columns', async () => {
  await write('years/2024.csv', 'b,a\n3,4\n')
  await write('years/2023.csv', 'a,b\n1,2\n')
  const table = await readSource(source({ from: path.join(folder, 'years/*.csv'), fileColumn: 'year' }))
  expect(cells(table)).toEqual({ a: ['1', '4'], b: ['2', '3'], year: ['2023.csv', '2024.csv'] })
  expect(table.notes[0]).toContain('1–1 2023.csv, 2–2 2024.csv')
})

test('a malformed row of a glob is counted in its place and says its file and line', async () => {
  await write('torn/1.csv', 'a,b\n1,2\n9\n3,4\n')
  await write('torn/2.csv', 'a,b\n5,6\n')
  const table = await readSource(path.join(folder, 'torn/*.csv'))
  expect(Array.from(table.rowNumbers)).toEqual([1, 3, 4])
  expect(table.malformed).toEqual([
    expect.objectContaining({ row: 2, reason: expect.stringContaining('1.csv line 3') }),
  ])
})

test('files of a glob with other columns are refused by name', async () => {
  await write('mixed/1.csv', 'a,b\n1,2\n')
  await write('mixed/2.csv', 'a,c\n1,2\n')
  await expect(readSource(path.join(folder, 'mixed/*.csv'))).rejects.toMatchObject({
    code: 'HEADER_MISMATCH',
    message: expect.stringMatching(/2\.csv cannot be put below 1\.csv: it lacks "b" and has "c" besides/),
  })
  await expect(readSource(path.join(folder, 'none/*.csv'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
})

test('a file whose name looks like a pattern is that file', async () => {
  const file = await write('grades[1].csv', 'a\n7\n')
  expect(cells(await readSource(file))).toEqual({ a: ['7'] })
})

test('a document at an address must have the hash that the project file names', async () => {
  const text = 'a,b\n1,x\n'
  answer = (_, response) => response.setHeader('content-type', 'text/csv').end(text)
  const sha256 = createHash('sha256').update(text).digest('hex')
  expect(cells(await readSource(source({ from: `${url}/export?token=secret`, sha256 })))).toEqual({
    a: ['1'],
    b: ['x'],
  })
  const other = readSource(source({ from: `${url}/export?token=secret`, sha256: '0'.repeat(64) }))
  await expect(other).rejects.toMatchObject({ code: 'DOWNLOAD_CORRUPT' })
  await expect(other).rejects.not.toThrow(/secret/)
})

test('an address of a private network needs the word of the project', async () => {
  await expect(readSource(SourceOptions.parse({ from: `${url}/a.csv` }))).rejects.toMatchObject({ code: 'URL_REFUSED' })
})

test('headers come from the environment and go to the first host alone', async () => {
  process.env['SOURCES_TEST_TOKEN'] = 'Bearer of-the-test'
  const seen: (string | undefined)[] = []
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('a\n1\n')
  }).listen(0, '127.0.0.1')
  await new Promise((done) => other.once('listening', done))
  answer = (request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(302, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/a.csv` }).end()
  }
  try {
    await readSource(source({ from: `${url}/a.csv`, headersFromEnv: { Authorization: 'SOURCES_TEST_TOKEN' } }))
  } finally {
    other.close()
  }
  expect(seen).toEqual(['Bearer of-the-test', undefined])
  const unset = readSource(source({ from: `${url}/a.csv`, headersFromEnv: { Authorization: 'SOURCES_TEST_UNSET' } }))
  expect(await codeOfAsync(() => unset)).toBe('USAGE')
})

const STUDENTS = Array.from({ length: 25 }, (_, i) => ({ id: i, name: `n${i}`, passed: i % 2 === 0 }))

test.each([
  [
    'page',
    { by: 'page', size: 10, sizeParameter: 'per_page' },
    (request: IncomingMessage) => {
      const page = Number(new URL(request.url!, url).searchParams.get('page'))
      return { data: { items: STUDENTS.slice((page - 1) * 10, page * 10) } }
    },
  ],
  [
    'offset',
    { by: 'offset', size: 10 },
    (request: IncomingMessage) => {
      const { searchParams } = new URL(request.url!, url)
      const from = Number(searchParams.get('offset'))
      return { data: { items: STUDENTS.slice(from, from + Number(searchParams.get('limit'))) } }
    },
  ],
  [
    'cursor',
    { by: 'cursor', path: 'meta.next', parameter: 'after' },
    (request: IncomingMessage) => {
      const from = Number(new URL(request.url!, url).searchParams.get('after') ?? 0)
      return { data: { items: STUDENTS.slice(from, from + 10) }, meta: { next: from + 10 < 25 ? from + 10 : null } }
    },
  ],
  [
    'next',
    { by: 'next', path: 'meta.next' },
    (request: IncomingMessage) => {
      const from = Number(new URL(request.url!, url).searchParams.get('from') ?? 0)
      return {
        data: { items: STUDENTS.slice(from, from + 10) },
        meta: { next: from + 10 < 25 ? `?from=${from + 10}` : '' },
      }
    },
  ],
])('a JSON API is read to its last page, by %s', async (_, paging, reply) => {
  answer = (request, response) => response.end(JSON.stringify(reply(request)))
  const table = await readSource(source({ from: `${url}/students`, api: { records: 'data.items', paging } }))
  expect(table.nRows).toBe(25)
  expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
    ['id', 'integer'],
    ['name', 'text'],
    ['passed', 'boolean'],
  ])
})

test('an API with Link headers is waited for where it says so, and is followed on its own host alone', async () => {
  let calls = 0
  answer = (request, response) => {
    calls++
    if (calls === 1) return response.writeHead(429, { 'retry-after': '0' }).end()
    const second = request.url!.includes('p=2')
    return response
      .setHeader(
        'link',
        second ? `<${url}/s?p=1>; rel="prev"` : `<${url}/s?p=1>; rel="first", <${url}/s?p=2>; rel="next"`,
      )
      .end(JSON.stringify([{ a: second ? 2 : 1 }]))
  }
  const api = { paging: { by: 'link' } }
  expect(cells(await readSource(source({ from: `${url}/s`, api })))).toEqual({ a: [1, 2] })
  expect(calls).toBe(3)
  answer = (_, response) => response.setHeader('link', '<http://example.org/>; rel=next').end('[{"a":1}]')
  await expect(readSource(source({ from: `${url}/s`, api }))).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
  answer = (_, response) => response.setHeader('link', `<${url}/s>; rel=next`).end('[{"a":1}]')
  await expect(readSource(source({ from: `${url}/s`, api }))).rejects.toThrow(/read already/)
})

test('an API that answers with something else is told where the list was looked for', async () => {
  answer = (_, response) => response.end('{"items":[{"a":1}]}')
  await expect(readSource(source({ from: `${url}/s`, api: {} }))).rejects.toThrow(
    /the answer of page 1. Lists of the answer: items/,
  )
})

test('a table of a page is read with its spans, and the largest where several are', async () => {
  const html = `<meta charset=utf-8><table><tr><td>menu</table>
    <table id="grades"><thead><tr><th rowspan=2>Name<th colspan=2>Grade</tr><tr><th>first<th>second</tr></thead>
    <tbody><tr><td>Ä <b>B</b><td>1,5<td>2<tr><td rowspan=2>C<td colspan=2>3<tr><td>4<td>?</table>`
  const file = await write('grades.html', html)
  const table = await readSource(file, read())
  expect(cells(table)).toEqual({
    Name: ['Ä B', 'C', 'C'],
    'Grade first': ['1,5', '3', '4'],
    'Grade second': ['2', '3', '?'],
  })
  expect(table.notes.join()).toContain('number 2, the largest')
  expect(cells(await readSource(file, read({ table: '#grades' })))).toEqual(cells(table))
  await expect(readSource(file, read({ table: 3 }))).rejects.toThrow(/has 2 tables; read.table asks for number 3/)
  await expect(readSource(file, read({ table: 1 }))).rejects.toMatchObject({ code: 'NO_ROWS' })
})

test('a query on a SQLite file gives typed columns, and can neither write nor reach another file', async () => {
  const file = path.join(folder, 'school.db')
  const database = new DatabaseSync(file)
  database.exec("CREATE TABLE s(id INTEGER, grade REAL, name TEXT); INSERT INTO s VALUES (1, 1.5, 'a'), (2, NULL, 'b')")
  database.exec('INSERT INTO s VALUES (9007199254740993, 3, NULL)')
  database.close()
  const ask = (query: string) => readSource(source({ from: `sqlite:${file}`, query }))
  expect(cells(await ask('SELECT grade, name FROM s ORDER BY id'))).toEqual({
    grade: [1.5, Number.NaN, 3],
    name: ['a', 'b', null],
  })
  expect(cells(await ask('SELECT id FROM s'))).toEqual({ id: ['1', '2', '9007199254740993'] })
  for (const query of [
    'DELETE FROM s RETURNING *',
    `ATTACH '${file}' AS other`,
    'SELECT nope FROM s',
    'PRAGMA query_only=0',
  ])
    expect(['QUERY_FAILED', 'NO_ROWS']).toContain(await codeOfAsync(() => ask(query)))
  expect(await codeOfAsync(() => ask('SELECT id, id FROM s'))).toBe('HEADER_DUPLICATED')
  expect((await ask('SELECT * FROM s')).nRows).toBe(3)
})

test('a query joins sources of different kinds; it reaches no file and no network', async () => {
  const students = await write('students.csv', 'id;age;code\n1;20;007\n2;?;008\n3;22;009\n')
  const grades = await write('grades.jsonl', '{"id":1,"grade":1.5}\n{"id":3,"grade":2}\n')
  const join = (query: string) => readPlace({ sources: { students, grades }, query }, read())
  const table = await join(
    'SELECT s.*, g.grade FROM students s LEFT JOIN grades g USING (id) WHERE age IS NULL OR age > 19 ORDER BY id;',
  )
  expect(cells(table)).toEqual({
    id: [1, 2, 3],
    age: [20, Number.NaN, 22],
    code: ['007', '008', '009'],
    grade: [1.5, Number.NaN, 2],
  })
  const secret = await write('secret.csv', 'a\n1\n')
  for (const query of [
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM '${secret}'`,
    `COPY students TO '${secret}.out'`,
    'SELECT 1; SELECT 2',
    'SET enable_external_access = true',
    'SELECT nope FROM students',
    'INSTALL httpfs',
  ])
    expect(await codeOfAsync(() => join(query)), query).toBe('QUERY_FAILED')
  const quoted = join("SELECT CAST(code || 'x' AS INTEGER) AS c FROM students")
  await expect(quoted).rejects.toMatchObject({ code: 'QUERY_FAILED' })
  await expect(quoted).rejects.not.toThrow(/007/)
})

test.each([
  [{ from: 'postgres://u:secret@db/x', query: 'SELECT 1' }, /holds a password/],
  [{ from: 'postgres://db/x' }, /is needed/],
  [{ from: 'a.csv', query: 'SELECT 1' }, /is for databases/],
  [{ from: 's3://b/k', sha256: '0'.repeat(64) }, /are for https/],
])('%j is refused', (options, reason) => {
  const result = SourceOptions.safeParse(options)
  expect(result.error?.issues.map(({ message }) => message).join()).toMatch(reason)
  expect(JSON.stringify(result.error?.issues)).not.toContain('secret')
})
