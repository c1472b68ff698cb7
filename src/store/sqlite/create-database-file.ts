import { open, rm } from 'node:fs/promises'
import { FILE_MODE } from '../durable-files.ts'
import { migrate } from '../migrations/migrate.ts'
import { SqliteDatabase } from './sqlite-database.ts'

/**
 * Makes a database with the current schema in a new file, readable by its owner alone and durable. What a failed attempt made is removed.
 * @param place What messages call it.
 */
export async function createDatabaseFile(file: string, place: string = file): Promise<void> {
  // SQLite gives its own files the permissions of this one.
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    const database = SqliteDatabase.open(file, { readOnly: false, busyTimeoutMs: 0, place })
    try {
      await migrate(database, place)
    } finally {
      await database.close() // brings the log into the file
    }
    await handle.sync()
  } catch (error) {
    await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(`${file}${suffix}`, { force: true })))
    throw error
  } finally {
    await handle.close()
  }
}
