import path from 'node:path'
import { BellwetherError } from '../errors.ts'

/** Where a home's state is: a folder, and, where its tables are in PostgreSQL, their database. */
export interface HomePlace {
  /** Absolute; blobs and the prediction log are in it. */
  readonly folder: string
  /** Address of a PostgreSQL database, as its driver takes it; null for SQLite in the folder. */
  readonly databaseUrl: string | null
}

const POSTGRES = /^postgres(?:ql)?:\/\//
/** The parameter of an address that names the folder of what is no table. */
const FOLDER_PARAMETER = 'blobs'
const DEFAULT_FOLDER = '.bellwether'

export function isDatabaseUrl(place: string): boolean {
  return POSTGRES.test(place)
}

/**
 * A folder, or `postgres://user:password@host/database?blobs=FOLDER`; without `blobs`, the folder is `.bellwether/` in this one.
 * @throws USAGE
 */
export function parseHomePlace(place: string): HomePlace {
  if (!isDatabaseUrl(place)) return { folder: path.resolve(place), databaseUrl: null }
  const url = parsed(place)
  const folder = url.searchParams.get(FOLDER_PARAMETER)
  url.searchParams.delete(FOLDER_PARAMETER)
  return { folder: path.resolve(folder || DEFAULT_FOLDER), databaseUrl: url.href }
}

/** The address with the folder, unless it names one itself. @throws USAGE */
export function withFolder(databaseUrl: string, folder: string): string {
  const url = parsed(databaseUrl)
  if (!url.searchParams.get(FOLDER_PARAMETER)) url.searchParams.set(FOLDER_PARAMETER, path.resolve(folder))
  return url.href
}

/** Without the password and the parameters, which may hold secrets; for messages. */
export function shownUrl(url: string): string {
  try {
    const { username, host, pathname } = new URL(url)
    return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`
  } catch {
    return 'the PostgreSQL address'
  }
}

function parsed(place: string): URL {
  try {
    const url = new URL(place)
    if (isDatabaseUrl(place) && url.pathname.length > 1) return url
  } catch {
    // told below; the address itself may hold a password
  }
  throw new BellwetherError(
    'USAGE',
    'The address of the database is not of the form postgres://user:password@host:port/database.',
  )
}
