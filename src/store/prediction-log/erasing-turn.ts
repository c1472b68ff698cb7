import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BellwetherError } from '../../errors.ts'
import { FILE_MODE, renameDurably, writeTemporary } from '../durable-files.ts'
import { loadSqlite } from '../sqlite/load-sqlite.ts'

/*
 * Several processes write the log, each to files of its own, and any of them may erase. Erasing renames a rewritten file over the old one, so nobody may have the
 * old one open for writing. Therefore:
 *
 * - A file that is being written is called `….bwpl.open`, and renamed to `….bwpl` by its writer when it ends.
 * - Who erases puts a new `rotate` file in place. Writers look at it several times a second and, when it is another one, end their files.
 * - Who erases waits until the files that were open then are not so any more. What is written after that is in files that began after it.
 * - One erases at a time: two rewriting the same file would bring back what the other took out.
 */

/** How often a writer looks for a wish to rotate. */
export const ROTATION_POLL_MS = 100
const ROTATE_FILE = 'rotate'
const LOCK_FILE = 'erasing'
const LOCK_WAIT_MS = 30_000

/** Asks all writers to end the files that they write. */
export async function requestRotation(root: string): Promise<void> {
  await renameDurably(await writeTemporary(root, Buffer.from(`${process.pid}\n`)), path.join(root, ROTATE_FILE))
}

/** Changes with each wish to rotate. */
export async function rotationMark(root: string): Promise<string> {
  const found = await stat(path.join(root, ROTATE_FILE), { bigint: true }).catch(() => null)
  return found ? `${found.ino}-${found.mtimeNs}` : ''
}

/**
 * Runs `use` while no other process does. The lock is the operating system's, held through SQLite (Node has no call for it), and so ends with the process,
 * however it ends.
 *
 * @throws PREDICTION_LOG_BUSY when another erases for longer than half a minute
 */
export async function withErasingLock<T>(root: string, use: () => Promise<T>): Promise<T> {
  const file = path.join(root, LOCK_FILE)
  await (await open(file, 'a', FILE_MODE)).close()
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    const end = performance.now() + LOCK_WAIT_MS
    while (!tryLock(database)) {
      if (performance.now() > end)
        throw new BellwetherError('PREDICTION_LOG_BUSY', 'Another process is erasing; nothing was erased.')
      await sleep(ROTATION_POLL_MS)
    }
    return await use()
  } finally {
    database.close()
  }
}

function tryLock(database: { exec(sql: string): void }): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (String((error as Error).message).includes('locked')) return false
    throw error
  }
}
