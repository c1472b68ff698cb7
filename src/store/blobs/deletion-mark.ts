import { randomUUID } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { FILE_MODE, renameDurably, temporaryName } from '../durable-files.ts'

/*
 * What is erased must not come back through a process that is about to put the same content in its place, as a rotation of keys does. No call of a file
 * system puts a file only where another is still there, so while anybody replaces, whoever deletes leaves a mark, another one each time, between two removals:
 *
 *   delete   remove; where somebody replaces: mark, remove
 *   replace  read the mark, look whether the blob is there, put, read the mark; where it is another one, take away what was put
 *   put      put; where there is a mark, remove it, and touch what was put
 *
 * A replacement that comes after the second removal began before the mark, and sees it; or it began after the mark, and found no blob. What somebody put
 * after a removal is not taken away: there is no mark any more, or it was touched since.
 * Who replaces says so before it looks at any blob, so a removal that sees nobody came before it. Marks go with the last of those who replace; where one was killed,
 * as temporary files do (durable-files.ts).
 */

const REPLACING = '.tmp-replacing-'
const DELETED = '.tmp-deleted-'
/** Often enough that nobody takes the note of a long replacement for a killed one's. */
const TOUCH_EVERY_MS = 60_000

const markOf = (root: string, file: string) => path.join(root, `${DELETED}${path.basename(file)}`)
const named = async (root: string, prefix: string) => (await readdir(root)).filter((name) => name.startsWith(prefix))

/** While it lasts, removals leave marks. `goOn` is called now and then. */
export async function announceReplacing(root: string): Promise<{ goOn(): Promise<void>; end(): Promise<void> }> {
  const note = path.join(root, `${REPLACING}${randomUUID()}`)
  await writeFile(note, '', { mode: FILE_MODE, flag: 'wx' })
  let touched = performance.now()
  return {
    async goOn() {
      if (performance.now() - touched < TOUCH_EVERY_MS) return
      touched = performance.now()
      await touch(note)
    },
    async end() {
      const others = (await named(root, REPLACING)).filter((name) => name !== path.basename(note))
      if (others.length === 0)
        for (const mark of await named(root, DELETED)) await rm(path.join(root, mark), { force: true })
      await rm(note, { force: true })
    },
  }
}

/** Removes a blob's file for good. */
export async function removeBlob(root: string, file: string): Promise<void> {
  await rm(file, { force: true })
  if ((await named(root, REPLACING)).length === 0) return
  const mark = temporaryName(root)
  await writeFile(mark, randomUUID(), { mode: FILE_MODE, flag: 'wx' })
  await rename(mark, markOf(root, file))
  await rm(file, { force: true })
}

/**
 * Puts another form of the same content in a blob's place, unless the blob was removed meanwhile.
 * @param temporary A whole file in the folder of the blobs; it is gone afterwards.
 * @param since What `deletionMark` gave before `temporary` was made of the blob.
 * @returns whether the blob is there still
 */
export async function replaceBlob(
  root: string,
  temporary: string,
  file: string,
  since: string | null,
): Promise<boolean> {
  if (!(await isThere(file))) {
    await rm(temporary, { force: true })
    return false
  }
  const ours = await stat(temporary, { bigint: true })
  await renameDurably(temporary, file)
  const mark = await deletionMark(root, file)
  if (mark === null || mark === since) return true
  const aside = temporaryName(root)
  try {
    await rename(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  // Somebody may have put the content again since it was removed; then it stays.
  const found = await stat(aside, { bigint: true })
  const isOurs = found.ino === ours.ino && found.mtimeNs === ours.mtimeNs
  if (isOurs) await rm(aside, { force: true })
  else await renameDurably(aside, file)
  return !isOurs
}

/**
 * After a blob was put: nobody takes it for what was removed before.
 * @returns whether it is there; else it has to be put again
 */
export async function confirmPut(root: string, file: string): Promise<boolean> {
  if ((await deletionMark(root, file)) === null) return true
  await rm(markOf(root, file), { force: true })
  return touch(file)
}

/** Says that content which was there already is wanted again. @returns whether it is there still */
export async function touch(file: string): Promise<boolean> {
  const now = new Date()
  try {
    await utimes(file, now, now)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** What the last removal of a blob left; null where there was none of late. */
export async function deletionMark(root: string, file: string): Promise<string | null> {
  try {
    return await readFile(markOf(root, file), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const isThere = (file: string) =>
  stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
