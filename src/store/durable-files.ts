import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'

/** Only the owner reads and writes what is stored: it may hold personal data. */
export const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600

/** Leftovers of a killed process are removed when they are this old: no writer takes so long between two writes. */
const STALE_AFTER_MS = 60 * 60 * 1000

/** Writes a new file under a temporary name in `temporaryFolder`, makes it durable, and gives its path; it is the caller's to rename. */
export async function writeTemporary(temporaryFolder: string, bytes: Uint8Array): Promise<string> {
  const file = temporaryName(temporaryFolder)
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } catch (error) {
    await handle.close()
    await rm(file, { force: true })
    throw error
  }
  await handle.close()
  return file
}

export function temporaryName(folder: string): string {
  return path.join(folder, `${TEMPORARY_PREFIX}${process.pid}-${randomBytes(8).toString('hex')}`)
}

const TEMPORARY_PREFIX = '.tmp-'

/** Puts the temporary file in its place and makes the new name durable. */
export async function renameDurably(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(path.dirname(target))
}

/** Makes the names in a folder durable. Windows has no such call, and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the folder and what is missing above it, for the owner alone. @returns The uppermost folder that was made, or null. */
export async function makeFolder(folder: string): Promise<string | null> {
  const made = await makeFolders(path.resolve(folder))
  if (made === null) return null
  // `mkdir` takes the umask off the mode; a umask of 0277 would leave a folder that its owner can't enter.
  await chmod(folder, FOLDER_MODE)
  await syncFolder(path.dirname(made))
  return made
}

/** Level by level: Node's recursive mkdir never returns where the system answers "not found" for a folder whose parent is there, as /proc does. */
async function makeFolders(folder: string): Promise<string | null> {
  const failed = await tryMkdir(folder)
  if (failed === null) return folder
  if (failed.code === 'EEXIST') return null
  const parent = path.dirname(folder)
  if (failed.code !== 'ENOENT' || parent === folder) throw failed
  const made = await makeFolders(parent)
  const again = await tryMkdir(folder)
  // Another process may have been faster, here or above.
  if (again !== null && again.code !== 'EEXIST') throw again
  return made ?? (again === null ? folder : null)
}

/** @returns null where the folder was made, else the system's error; EEXIST also where a file is in the way, which shows soon enough. */
async function tryMkdir(folder: string): Promise<NodeJS.ErrnoException | null> {
  try {
    await mkdir(folder, { mode: FOLDER_MODE })
    return null
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

/** Removes temporary files (and SQLite's files beside them) that a killed process left behind. */
export async function removeStaleTemporaries(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(TEMPORARY_PREFIX)) continue
    const file = path.join(folder, name)
    const age = await stat(file).then(
      ({ mtimeMs }) => now - mtimeMs,
      () => 0, // gone meanwhile: another process cleans as well
    )
    if (age > STALE_AFTER_MS) await rm(file, { force: true })
  }
}
