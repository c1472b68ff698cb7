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
    const options = { readOnly: false, busyTimeoutMs: 0, place }
    const database = SqliteDatabase.open(file, { ...options, withoutLog: true })
    try {
      await migrate(database, place)
    } finally {
      await database.close()
    }
    // Says in the file that it is used with a log, which two that open it at the same instant would both want to do. The log stays empty.
    await SqliteDatabase.open(file, options).close()
    await handle.sync()
  } catch (error) {
    await Promise.all(['', '-journal', '-wal', '-shm'].map((suffix) => rm(`${file}${suffix}`, { force: true })))
    throw error
  } finally {
    await handle.close()
  }
}
