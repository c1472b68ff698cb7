import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSqlite } from './load-sqlite.ts'
import { SqliteDatabase } from './sqlite-database.ts'

describe('a SQLite database', () => {
  let folder: string
  let file: string
  let database: SqliteDatabase
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-sqlite-'))
    file = path.join(folder, 'a.db')
    database = SqliteDatabase.open(file, { readOnly: false, busyTimeoutMs: 50 })
    await database.write((sql) => sql.run('CREATE TABLE numbers (n BIGINT NOT NULL UNIQUE)'))
  })
  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  const insert = (n: number) => database.write((sql) => sql.run('INSERT INTO numbers VALUES (?)', n))
  const numbers = () =>
    database.read(async (sql) => (await sql.all<{ n: number }>('SELECT n FROM numbers ORDER BY n')).map(({ n }) => n))

  test('has the settings that durability rests on', async () => {
    const pragma = (name: string) =>
      database.read((sql) => sql.first<Record<string, unknown>>(`PRAGMA ${name}`)).then((row) => Object.values(row!)[0])
    expect(await pragma('journal_mode')).toBe('wal')
    expect(await pragma('synchronous')).toBe(2) // FULL
    expect(await pragma('foreign_keys')).toBe(1)
    expect(await pragma('trusted_schema')).toBe(0)
  })

  test('one text may be asked for lists and for objects', async () => {
    await insert(7)
    const text = 'SELECT n, n + 1 AS next, NULL AS none FROM numbers WHERE n = ?'
    await database.read(async (sql) => {
      expect(await sql.tuples(text, 7)).toEqual([[7, 8, null]])
      expect((await sql.all(text, 7)).map((row) => ({ ...(row as object) }))).toEqual([{ n: 7, next: 8, none: null }])
      expect(await sql.tuples(text, 8)).toEqual([])
    })
  })

  test('a write that throws changes nothing', async () => {
    const work = database.write(async (sql) => {
      await sql.run('INSERT INTO numbers VALUES (?)', 1)
      throw new RangeError('no')
    })
    await expect(work).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await numbers()).toEqual([])
    await insert(2)
    expect(await numbers()).toEqual([2])
  })

  test('a broken constraint is an error without the SQL and its values', async () => {
    await insert(424242)
    const error = await insert(424242).catch((reason: Error) => reason)
    expect(error).toMatchObject({ code: 'INTERNAL' })
    expect((error as Error).message).not.toMatch(/424242|INSERT/)
  })

  test('transactions of one process take turns, however their awaits interleave', async () => {
    const write = (n: number) =>
      database.write(async (sql) => {
        await sql.run('INSERT INTO numbers VALUES (?)', n)
        await new Promise((resolve) => setImmediate(resolve))
        if (n % 2 === 0) throw new RangeError('no')
      })
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(write))
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(await numbers()).toEqual([1, 3, 5])
  })

  test('a writer that waits too long for another process gets HOME_LOCKED, and succeeds later', async () => {
    const { DatabaseSync } = loadSqlite()
    const other = new DatabaseSync(file)
    other.exec('BEGIN IMMEDIATE')
    await expect(insert(1)).rejects.toMatchObject({
      code: 'HOME_LOCKED',
      status: 503,
      message: expect.stringContaining(file),
    })
    expect(await numbers()).toEqual([]) // readers don't wait
    other.exec('COMMIT')
    other.close()
    await insert(1)
    expect(await numbers()).toEqual([1])
  })

  test('a full disk is STORAGE_FULL, changes nothing, and is over when there is space again', async () => {
    await database.write((sql) => sql.run('CREATE TABLE texts (t TEXT)'))
    const fill = (length: number) =>
      database.write((sql) => sql.run('INSERT INTO texts VALUES (?)', 'x'.repeat(length)))
    const limit = (pages: number) => database.read((sql) => sql.first(`PRAGMA max_page_count = ${pages}`))
    await limit(10) // SQLite answers as it does when the file system says ENOSPC
    await expect(fill(100_000)).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      status: 507,
      message: expect.stringContaining(file),
    })
    expect(await database.read((sql) => sql.first('SELECT COUNT(*) AS n FROM texts'))).toEqual({ n: 0 })
    await limit(1_000_000)
    await fill(100_000)
    expect(await database.read((sql) => sql.first('SELECT COUNT(*) AS n FROM texts'))).toEqual({ n: 1 })
  })

  test('a database opened for reading refuses to write', async () => {
    const reader = SqliteDatabase.open(file, { readOnly: true, busyTimeoutMs: 50 })
    await expect(reader.write((sql) => sql.run('INSERT INTO numbers VALUES (1)'))).rejects.toMatchObject({
      code: 'HOME_READ_ONLY',
    })
    await reader.close()
  })

  test('close waits for what is under way, is idempotent, and later calls say so', async () => {
    const writing = insert(7)
    await Promise.all([database.close(), database.close()])
    await writing
    await expect(insert(8)).rejects.toMatchObject({ code: 'INTERNAL' })
    database = SqliteDatabase.open(file, { readOnly: false, busyTimeoutMs: 50 })
    expect(await numbers()).toEqual([7])
  })
})

test('loading node:sqlite shows no warning of its own and restores the warnings of others', () => {
  const before = process.emitWarning
  loadSqlite()
  expect(process.emitWarning).toBe(before)
})
