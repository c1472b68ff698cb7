import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'

export interface LogKeeping {
  readonly folder: string
  /** Where old files go; `archive/` in the folder by default. */
  readonly archiveFolder?: string | undefined
  readonly compress: 'zstd' | 'gzip' | 'none'
  readonly archiveAfterDays: number
  readonly deleteAfterDays: number
}

const DAY_MS = 24 * 60 * 60 * 1000
const DAY = /^\d{4}-\d\d-\d\d$/
const LOG_FILE = /\.ndjson(?:\.zst|\.gz)?$/
/** Around midnight a writer may still be in the middle of the old day's last line. */
const SETTLED_MS = 10 * 60 * 1000

const ENDINGS = { zstd: '.zst', gzip: '.gz' } as const

/** Packs one log file: the packed one is there whole, and on disk, before the other goes. */
export async function packLogFile(file: string, how: LogKeeping['compress']): Promise<void> {
  if (how === 'none' || !file.endsWith('.ndjson')) return
  const packed = `${file}${ENDINGS[how]}`
  const temporary = `${packed}.tmp`
  try {
    await pipeline(
      createReadStream(file),
      how === 'zstd' ? createZstdCompress() : createGzip(),
      createWriteStream(temporary, { mode: 0o600, flush: true }),
    )
    await rename(temporary, packed)
    await syncFolder(path.dirname(file))
    await rm(file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * What becomes of logs with time: files of days that are over are packed, after `archiveAfterDays` moved to the archive, after
 * `deleteAfterDays` deleted. Several processes may do it at once. Faults of single files are told of and keep no other's turn.
 */
export async function keepLogs(
  { folder, archiveFolder, compress, archiveAfterDays, deleteAfterDays }: LogKeeping,
  now: number,
  onError: (error: unknown) => void,
): Promise<void> {
  const archive = archiveFolder ?? path.join(folder, 'archive')
  const today = new Date(now).toISOString().slice(0, 10)
  const ageOf = (day: string) => (Date.parse(today) - Date.parse(day)) / DAY_MS
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      // Another process was there first.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(error)
    }
  }
  for (const day of await daysIn(folder)) {
    if (day >= today) continue
    const place = path.join(folder, day)
    for (const name of await readdir(place).catch(() => [])) {
      const file = path.join(place, name)
      await attempt(async () => {
        if (now - (await stat(file)).mtimeMs < SETTLED_MS) return
        if (name.endsWith('.tmp')) return rm(file)
        if (LOG_FILE.test(name)) await packLogFile(file, compress)
      })
    }
    if (ageOf(day) > deleteAfterDays) await attempt(() => rm(place, { recursive: true, force: true }))
    else if (ageOf(day) > archiveAfterDays) await attempt(() => moveDay(place, path.join(archive, day)))
  }
  for (const day of await daysIn(archive))
    if (ageOf(day) > deleteAfterDays) await attempt(() => rm(path.join(archive, day), { recursive: true, force: true }))
}

/** Folders of days, oldest first. */
export async function daysIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => DAY.test(name)).sort()
}

async function moveDay(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const name of await readdir(from)) {
    if (!LOG_FILE.test(name)) continue
    await moveFile(path.join(from, name), path.join(to, name))
  }
  await syncFolder(to)
  // Where a file came meanwhile, the folder stays for the next time.
  await rmdir(from).catch(() => {})
}

/** The archive may be on another disk. */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await pipeline(createReadStream(from), createWriteStream(`${to}.tmp`, { mode: 0o600, flush: true }))
    await rename(`${to}.tmp`, to)
    await rm(from)
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
