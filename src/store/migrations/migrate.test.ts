import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDatabaseFile } from '../sqlite/create-database-file.ts'
import { SqliteDatabase } from '../sqlite/sqlite-database.ts'
import { MIGRATIONS } from './all-migrations.ts'
import { migrate, requireCurrentSchema } from './migrate.ts'

describe('migrations', () => {
  let folder: string
  let database: SqliteDatabase
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-migrate-'))
    await createDatabaseFile(path.join(folder, 'full.db'))
    database = SqliteDatabase.open(path.join(folder, 'full.db'), { readOnly: false, busyTimeoutMs: 0 })
  })
  afterEach(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  const versions = (of: SqliteDatabase) =>
    of.read((sql) => sql.all('SELECT version, name FROM schema_migrations ORDER BY version'))

  test('give the schema of the golden file; a released step is never edited', async () => {
    const rows = await database.read((sql) =>
      sql.all<{ sql: string }>('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name'),
    )
    // After a further step: `npx vitest run src/store/migrations -u`, and read the difference.
    await expect(`${rows.map(({ sql }) => `${sql};`).join('\n\n')}\n`).toMatchFileSnapshot('./schema.golden.sql')
  })

  test('are numbered in the order of their names', () => {
    expect(MIGRATIONS.map(({ name }) => Number(name.slice(0, 4)))).toEqual(MIGRATIONS.map((_, index) => index + 1))
    for (const { name } of MIGRATIONS) expect(name).toMatch(/^\d{4}(-[a-z]+)+$/)
  })

  test('are made once', async () => {
    await migrate(database, 'here')
    expect(await versions(database)).toEqual(MIGRATIONS.map(({ name }, index) => ({ version: index + 1, name })))
  })

  test('what is missing is made, after what is there', async () => {
    const old = SqliteDatabase.open(path.join(folder, 'old.db'), { readOnly: false, busyTimeoutMs: 0 })
    await migrate(old, 'here', MIGRATIONS.slice(0, 1))
    await old.write((sql) =>
      sql.run(`INSERT INTO experiments (id, name, created_time, sequence) VALUES ('1', 'kept', 1, 1)`),
    )
    await expect(requireCurrentSchema(old, 'here')).rejects.toMatchObject({ code: 'HOME_TOO_OLD' })
    await migrate(old, 'here')
    await requireCurrentSchema(old, 'here')
    expect(await old.tables()).toEqual(await database.tables())
    expect(await old.read((sql) => sql.all('SELECT name FROM experiments ORDER BY sequence'))).toEqual([
      { name: 'Default' },
      { name: 'kept' },
    ])
    await old.close()
  })

  test('tables that are made anew keep their rows, and what refers to them', async () => {
    const old = SqliteDatabase.open(path.join(folder, 'three.db'), { readOnly: false, busyTimeoutMs: 0 })
    await migrate(old, 'here', MIGRATIONS.slice(0, 3))
    const rows = [
      `INSERT INTO experiments (id, name, created_time, sequence) VALUES ('1', 'e', 5, 1)`,
      `INSERT INTO runs (id, experiment_id, name, status, start_time, end_time, sequence) VALUES ('a', '1', 'search', 'FINISHED', 1, 2, 1)`,
      `INSERT INTO runs (id, experiment_id, name, status, start_time, parent_run_id, sequence) VALUES ('b', '1', 'trial', 'RUNNING', 1, 'a', 2)`,
      `INSERT INTO params VALUES ('a', 'p', '1')`,
      `INSERT INTO tags VALUES ('a', 't', 'x')`,
      `INSERT INTO metrics VALUES ('a', 'm', 0, 1, 0, NULL)`,
      `INSERT INTO latest_metrics VALUES ('a', 'm', 0, 1, NULL)`,
      `INSERT INTO artifacts VALUES ('a', 'f', 'h', 1, 'text/plain')`,
      `INSERT INTO datasets VALUES ('d', 1, '{}', '{}', 'h', 1)`,
      `INSERT INTO run_datasets VALUES ('a', 'd', 'training')`,
      `INSERT INTO registered_models VALUES ('m', 7, 1)`,
      `INSERT INTO model_versions VALUES ('m', 1, 'a', 'd', 'ridge', 7)`,
      `INSERT INTO model_version_files VALUES ('m', 1, 'f', 'h', 1)`,
      `INSERT INTO model_version_metrics VALUES ('m', 1, 'r2', 0.5)`,
      `INSERT INTO model_aliases VALUES ('m', 'champion', 1)`,
    ]
    await old.write(async (sql) => {
      for (const row of rows) await sql.run(row)
    })
    await migrate(old, 'here')
    const count = async (table: string) =>
      (await old.read((sql) => sql.first<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)))?.n
    for (const table of ['params', 'tags', 'metrics', 'latest_metrics', 'artifacts', 'run_datasets', 'model_versions'])
      expect([table, await count(table)]).toEqual([table, 1])
    for (const table of ['model_version_files', 'model_version_metrics', 'model_aliases'])
      expect([table, await count(table)]).toEqual([table, 1])
    expect(await old.read((sql) => sql.all('SELECT id, parent_run_id FROM runs ORDER BY sequence'))).toEqual([
      { id: 'a', parent_run_id: null },
      { id: 'b', parent_run_id: 'a' },
    ])
    const names = await old.read((sql) =>
      sql.all<{ sql: string }>(`SELECT sql FROM sqlite_master WHERE sql LIKE '%!_wide%' ESCAPE '!'`),
    )
    expect(names).toEqual([])
    await expect(old.write((sql) => sql.run(`INSERT INTO params VALUES ('nobody', 'p', '1')`))).rejects.toThrow()
    await old.write((sql) => sql.run(`UPDATE registered_models SET name = 'renamed' WHERE name = 'm'`))
    expect(await old.read((sql) => sql.all('SELECT model FROM model_aliases'))).toEqual([{ model: 'renamed' }])
    await old.close()
  })

  test('a step that fails changes nothing', async () => {
    const broken = { name: '0004-broken', statements: ['CREATE TABLE half (a TEXT)', 'CREATE TABLE half (a TEXT)'] }
    const before = await database.tables()
    await expect(migrate(database, 'here', [...MIGRATIONS, broken])).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await database.tables()).toEqual(before)
    expect(await versions(database)).toHaveLength(MIGRATIONS.length)
  })

  test('a schema from a newer program is refused', async () => {
    await database.write((sql) =>
      sql.run('INSERT INTO schema_migrations (version, name) VALUES (?, ?)', 99, '0099-future'),
    )
    const refused = { code: 'HOME_TOO_NEW', message: expect.stringContaining('version 99') }
    await expect(migrate(database, 'here')).rejects.toMatchObject(refused)
    await expect(requireCurrentSchema(database, 'here')).rejects.toMatchObject(refused)
  })

  test('a database of something else is refused and left as it is', async () => {
    const other = SqliteDatabase.open(path.join(folder, 'other.db'), { readOnly: false, busyTimeoutMs: 0 })
    await other.write((sql) => sql.run('CREATE TABLE songs (title TEXT)'))
    await expect(migrate(other, 'here')).rejects.toMatchObject({ code: 'HOME_CORRUPT' })
    await expect(requireCurrentSchema(other, 'here')).rejects.toMatchObject({ code: 'HOME_CORRUPT' })
    expect(await other.tables()).toEqual(['songs'])
    await other.close()
  })
})
