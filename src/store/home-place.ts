import path from 'node:path'
import { BellwetherError } from '../errors.ts'

/** Where a home's state is: a folder, and, where its tables are in PostgreSQL, their database. */
export interface HomePlace {
  /** Absolute; the prediction log is in it, and blobs where they are in no bucket. */
  readonly folder: string
  /** Address of a PostgreSQL database, as its driver takes it; null for SQLite in the folder. */
  readonly databaseUrl: string | null
  /** `s3://bucket/prefix` where blobs are in an object store, else null. */
  readonly bucketUrl: string | null
}

const POSTGRES = /^postgres(?:ql)?:\/\//
const BUCKET = /^s3:\/\//i
/** The parameter of an address that names where blobs are: a folder, with what else is no table, or a bucket. */
const BLOBS_PARAMETER = 'blobs'
/** The parameter that names the folder where blobs are in a bucket. */
const FOLDER_PARAMETER = 'folder'
const DEFAULT_FOLDER = '.bellwether'

export function isDatabaseUrl(place: string): boolean {
  return POSTGRES.test(place)
}

/**
 * A folder, or `postgres://user:password@host/database?blobs=FOLDER`, or `…?blobs=s3://bucket/prefix&folder=FOLDER`; where none is named, the folder is
 * `.bellwether/` in this one.
 * @throws USAGE
 */
export function parseHomePlace(place: string): HomePlace {
  if (!isDatabaseUrl(place)) return { folder: path.resolve(place), databaseUrl: null, bucketUrl: null }
  const url = parsed(place)
  const blobs = url.searchParams.get(BLOBS_PARAMETER)
  const folder = url.searchParams.get(FOLDER_PARAMETER)
  url.searchParams.delete(BLOBS_PARAMETER)
  url.searchParams.delete(FOLDER_PARAMETER)
  const bucketUrl = blobs !== null && BUCKET.test(blobs) ? blobs : null
  if (bucketUrl === null && blobs && folder)
    throw new BellwetherError('USAGE', 'The address names two folders, by `blobs` and by `folder`; expected one.')
  const home = (bucketUrl === null && blobs) || folder || DEFAULT_FOLDER
  return { folder: path.resolve(home), databaseUrl: url.href, bucketUrl }
}

/** The address with the folder, unless it names one itself. @throws USAGE */
export function withFolder(databaseUrl: string, folder: string): string {
  const url = parsed(databaseUrl)
  const blobs = url.searchParams.get(BLOBS_PARAMETER)
  if (url.searchParams.get(FOLDER_PARAMETER)) return url.href
  if (!blobs) url.searchParams.set(BLOBS_PARAMETER, path.resolve(folder))
  else if (BUCKET.test(blobs)) url.searchParams.set(FOLDER_PARAMETER, path.resolve(folder))
  return url.href
}

/** The address with the blobs and the folder of another home, unless it names its own. @throws USAGE */
export function withBlobsOf(databaseUrl: string, { folder, bucketUrl }: HomePlace): string {
  const url = parsed(databaseUrl)
  const own = url.searchParams.get(BLOBS_PARAMETER) || url.searchParams.get(FOLDER_PARAMETER)
  if (!own && bucketUrl !== null) url.searchParams.set(BLOBS_PARAMETER, bucketUrl)
  return withFolder(url.href, folder)
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
