import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { requireCurrentSchema } from '../migrations/migrate.ts'
import { createDatabaseFile } from './create-database-file.ts'
import { SqliteDatabase } from './sqlite-database.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-create-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('the file is whole by itself, also where closing it could bring nothing more into it', async () => {
  const file = path.join(folder, 'a.db')
  // As on a disk that is full by then: SQLite tells nobody.
  const close = vi.spyOn(SqliteDatabase.prototype, 'close').mockImplementationOnce(async () => {})
  await createDatabaseFile(file)
  await copyFile(file, path.join(folder, 'b.db'))
  const copy = SqliteDatabase.open(path.join(folder, 'b.db'), { readOnly: false, busyTimeoutMs: 0 })
  await expect(requireCurrentSchema(copy, 'copy')).resolves.toBeUndefined()
  await copy.close()
  close.mockRestore()
})

test('nothing stands beside it', async () => {
  await createDatabaseFile(path.join(folder, 'a.db'))
  expect(await readdir(folder)).toEqual(['a.db'])
})
