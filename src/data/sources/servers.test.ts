import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import S3rver from 's3rver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codeOfAsync } from '../../../test/support/code-of.ts'
import { startPostgres, type TestPostgres } from '../../../test/support/postgres.ts'
import { s3Client } from './read-s3.ts'
import { readSource } from './read-source.ts'
import { SourceOptions } from './source-options.ts'

describe('a real PostgreSQL', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query(`CREATE TABLE students (id bigint, grade numeric, active boolean, born date, seen timestamptz, name text);
      INSERT INTO students VALUES (1, 1.25, true, '2001-02-03', '2024-03-01 10:00:00+02', 'a'), (2, NULL, false, NULL, NULL, NULL);
      INSERT INTO students SELECT g, g, true, '2000-01-01', now(), 'x' FROM generate_series(3, 12000) g`)
    await client.end()
  }, 120_000)
  afterAll(() => postgres.remove(), 60_000)

  const ask = (query: string, from = postgres.url) =>
    readSource({ from, query, headersFromEnv: {}, allowPrivate: false } satisfies SourceOptions)

  test('gives typed columns, however many rows there are', async () => {
    const table = await ask('SELECT * FROM students ORDER BY id')
    expect(table.nRows).toBe(12_000)
    expect(table.columns.map(({ name, type, values }) => [name, type, values[0], values[1]])).toEqual([
      ['id', 'integer', 1, 2],
      ['grade', 'float', 1.25, Number.NaN],
      ['active', 'boolean', 1, 0],
      ['born', 'date', Date.UTC(2001, 1, 3), Number.NaN],
      ['seen', 'date', Date.UTC(2024, 2, 1, 8), Number.NaN],
      ['name', 'text', 'a', null],
    ])
  })

  test('is only read: a query that writes, or that is more than one, is refused', async () => {
    const attempts = [
      "INSERT INTO students (name) VALUES ('y')",
      'SELECT 1; COMMIT; DROP TABLE students',
      "SELECT * FROM students WHERE set_config('transaction_read_only', 'off', false) IS NULL; DROP TABLE students",
      'SELECT nope FROM students',
    ]
    for (const query of attempts) expect(await codeOfAsync(() => ask(query)), query).toBe('QUERY_FAILED')
    expect((await ask('SELECT id FROM students')).nRows).toBe(12_000)
  })

  test('a failure names neither the password nor a value', async () => {
    const value = ask('SELECT CAST(name AS integer) AS n FROM students WHERE id = 1')
    await expect(value).rejects.toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('22P02') })
    await expect(value).rejects.not.toThrow(/"a"|only-for-tests/)
    const wrong = ask('SELECT 1', postgres.url.replace('only-for-tests', 'guessed-word'))
    await expect(wrong).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
    await expect(wrong).rejects.not.toThrow(/guessed-word/)
    const gone = ask('SELECT 1', 'postgres://tester@127.0.0.1:1/x')
    await expect(gone).rejects.toMatchObject({ code: 'NETWORK_UNAVAILABLE' })
  })
})

describe('a real object store', () => {
  let folder = ''
  let store: S3rver
  let endpoint = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bellwether-s3-'))
    store = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: folder,
      configureBuckets: [{ name: 'school', configs: [] }],
    })
    const { port } = await store.run()
    endpoint = `http://127.0.0.1:${port}`
    process.env['AWS_ACCESS_KEY_ID'] = 'S3RVER'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'S3RVER'
    const client = await s3Client({ endpoint })
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    await client.send(new PutObjectCommand({ Bucket: 'school', Key: 'a/students.csv', Body: 'a,b\n1,x\n' }))
    client.destroy()
  }, 60_000)
  afterAll(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('gives an object, read as the name of its key says', async () => {
    const table = await readSource(SourceOptions.parse({ from: 's3://school/a/students.csv', endpoint }))
    expect(table.columns.map(({ name, values }) => [name, ...values])).toEqual([
      ['a', '1'],
      ['b', 'x'],
    ])
  })

  test('an object that is not there, and a store that does not answer, are told apart', async () => {
    const at =
      (from: string, where = endpoint) =>
      () =>
        readSource(SourceOptions.parse({ from, endpoint: where }))
    expect(await codeOfAsync(at('s3://school/nope.csv'))).toBe('FILE_NOT_FOUND')
    expect(await codeOfAsync(at('s3://school/a.csv', 'http://127.0.0.1:1'))).toBe('NETWORK_UNAVAILABLE')
    expect(await codeOfAsync(at('s3://school'))).toBe('URL_REFUSED')
  })
})
