import { statfsSync } from 'node:fs'
import path from 'node:path'
import { BellwetherError, type ErrorCode } from '../errors.ts'

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const SQLITE_CODES: Readonly<Record<number, ErrorCode>> = {
  3: 'HOME_DENIED', // PERM
  5: 'HOME_LOCKED', // BUSY
  6: 'HOME_LOCKED', // LOCKED
  8: 'HOME_READ_ONLY', // READONLY
  10: 'STORAGE_FAILED', // IOERR
  11: 'HOME_CORRUPT', // CORRUPT
  13: 'STORAGE_FULL', // FULL
  14: 'HOME_DENIED', // CANTOPEN
  26: 'HOME_CORRUPT', // NOTADB
}

const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
  EFBIG: 'STORAGE_FULL',
  EROFS: 'HOME_READ_ONLY',
  EACCES: 'HOME_DENIED',
  EPERM: 'HOME_DENIED',
  ENOTDIR: 'HOME_NOT_A_FOLDER',
}

const WHAT: Partial<Record<ErrorCode, string>> = {
  HOME_DENIED: 'this user may not read and write it',
  HOME_LOCKED: 'another process holds its lock',
  HOME_READ_ONLY: 'it can only be read',
  HOME_CORRUPT: 'it is damaged, or no database of Bellwether',
  HOME_NOT_A_FOLDER: 'a part of this path is a file, not a folder',
  STORAGE_FULL: 'no space is left',
  STORAGE_FAILED: 'the disk failed',
}

/**
 * What SQLite or the operating system said about a place on disk, as one clear error. An error of Bellwether is handed through.
 * Messages name the place and never the SQL or its values.
 */
export function storageError(error: unknown, place: string): BellwetherError {
  if (error instanceof BellwetherError) return error
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') {
    const known = SQLITE_CODES[errcode & 0xff]
    if (!known)
      return new BellwetherError('INTERNAL', `The database ${place} refused a statement (SQLite code ${errcode}).`, {
        cause: error,
      })
    // Some writes that fail for want of space (growing the shared-memory file) are plain I/O errors to SQLite.
    return failure(
      known === 'STORAGE_FAILED' && isFull(place) ? 'STORAGE_FULL' : known,
      place,
      `SQLite code ${errcode}`,
      error,
    )
  }
  if (typeof code === 'string' && (error as { syscall?: unknown }).syscall !== undefined) {
    return failure(SYSTEM_CODES[code] ?? 'STORAGE_FAILED', place, code, error)
  }
  return new BellwetherError('INTERNAL', `Storing to ${place} failed.`, { cause: error })
}

function failure(code: ErrorCode, place: string, detail: string, cause: unknown): BellwetherError {
  return new BellwetherError(code, `${place}: ${WHAT[code]} (${detail}).`, { cause })
}

const FULL_BELOW_BYTES = 128 * 1024

function isFull(place: string): boolean {
  // A file that is being made is not there yet; its folder is.
  for (const known of [place, path.dirname(place)]) {
    try {
      const { bavail, bsize } = statfsSync(known)
      return bavail * bsize < FULL_BELOW_BYTES
    } catch {
      // gone, or never made
    }
  }
  return false
}
