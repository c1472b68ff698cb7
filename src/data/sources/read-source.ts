import { glob } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import { fetchToFile } from '../../security/outbound-http.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { ReadOptions } from '../data-options.ts'
import { withTemporaryFolder } from '../duckdb.ts'
import { readTable } from '../read-table.ts'
import { type DataPlace, isGlob, publicAddress, sqliteFile, type TableSource } from '../table-source.ts'
import { isDvcPointer } from '../versions/dvc/is-dvc-pointer.ts'
import { type SourceOptions, sourceKind } from './source-options.ts'

/** Largest document that is taken from an address. */
const MAX_DOWNLOAD_BYTES = 8 * 1024 ** 3
const DOWNLOAD_TIMEOUT_MS = 30 * 60_000
const MOST_FILES = 100_000

export interface ReadSourceOptions {
  /** In place of the source's own word on addresses of private networks. */
  readonly allowPrivate?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads a table from wherever it is: a file, several files by a glob, an https address, a JSON API, an object store, PostgreSQL, SQLite.
 * @param source As `resolveTableSource` gives it.
 * @throws what the readers throw; FILE_NOT_FOUND for a glob that nothing fits; DOWNLOAD_CORRUPT for another hash than declared; USAGE
 */
export async function readSource(
  source: TableSource,
  read: ReadOptions = ReadOptions.parse({}),
  { allowPrivate, signal }: ReadSourceOptions = {},
): Promise<RawTable> {
  const options = typeof source === 'string' ? plain(source) : source
  const { from } = options
  switch (sourceKind(from)) {
    case 'web':
      return readWeb(options, read, allowPrivate ?? options.allowPrivate, signal)
    case 's3': {
      const { fetchS3 } = await import('./read-s3.ts')
      return withTemporaryFolder(async (folder) => readTable(await fetchS3(options, folder, signal), read, { signal }))
    }
    case 'postgres':
      return (await import('./read-postgres.ts')).readPostgres(from, queryOf(options), read, signal)
    case 'sqlite':
      return (await import('./read-sqlite.ts')).readSqlite(sqliteFile(from), queryOf(options), read, signal)
    default:
      if (isDvcPointer(from)) {
        const { withDvcFile } = await import('../versions/dvc/read-dvc-table.ts')
        return withDvcFile(from, (file) => readTable(file, read, { signal }))
      }
      return isGlob(from) ? readGlob(from, options.fileColumn, read, signal) : readTable(from, read, { signal })
  }
}

/** Reads a project's table: from one source, or by a query over several. */
export async function readPlace(
  place: DataPlace,
  read: ReadOptions = ReadOptions.parse({}),
  options: ReadSourceOptions = {},
): Promise<RawTable> {
  if (typeof place === 'string' || !('sources' in place)) return readSource(place, read, options)
  const tables = new Map<string, RawTable>()
  for (const [name, source] of Object.entries(place.sources)) tables.set(name, await readSource(source, read, options))
  const { joinSources } = await import('./join-sources.ts')
  return joinSources(tables, place.query, read, options.signal)
}

function plain(from: string): SourceOptions {
  return { from, headersFromEnv: {}, allowPrivate: false }
}

function queryOf({ from, query }: SourceOptions): string {
  if (query !== undefined) return query
  throw new BellwetherError(
    'USAGE',
    `${publicAddress(from)} is a database: the project file's data.source needs a query.`,
  )
}

/** A file whose name holds the pattern's own characters is that file. */
async function readGlob(
  pattern: string,
  fileColumn: string | undefined,
  read: ReadOptions,
  signal?: AbortSignal,
): Promise<RawTable> {
  const { existsSync } = await import('node:fs')
  if (existsSync(pattern)) return readTable(pattern, read, { signal })
  const files: string[] = []
  for await (const entry of glob(pattern, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    files.push(path.join(entry.parentPath, entry.name))
    if (files.length > MOST_FILES)
      throw new BellwetherError('USAGE', `${pattern} fits more than ${MOST_FILES} files; name a narrower pattern.`)
  }
  if (files.length === 0) throw new BellwetherError('FILE_NOT_FOUND', `${pattern} fits no file.`)
  // In the order of their names, whatever the file system's.
  files.sort()
  const tables: RawTable[] = []
  for (const file of files) tables.push(await readTable(file, read, { signal }))
  const { stackTables } = await import('./stack-tables.ts')
  return stackTables(tables, path.basename(pattern), fileColumn)
}

async function readWeb(
  options: SourceOptions,
  read: ReadOptions,
  allowPrivate: boolean,
  signal: AbortSignal | undefined,
): Promise<RawTable> {
  const { from, api, sha256 } = options
  const headers = headersOf(options)
  if (api) {
    const { readApi } = await import('./read-api.ts')
    return readApi({ address: from, api, headers, allowPrivate, ...(signal ? { signal } : {}) }, read)
  }
  return withTemporaryFolder(async (folder) => {
    const copy = path.join(folder, 'download')
    const fetched = await fetchToFile(from, copy, {
      maxBytes: MAX_DOWNLOAD_BYTES,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      allowPrivate,
      headers,
      retries: 3,
      ...(signal ? { signal } : {}),
    })
    if (sha256 !== undefined && fetched.sha256 !== sha256) {
      throw new BellwetherError(
        'DOWNLOAD_CORRUPT',
        `${publicAddress(from)} has the SHA-256 ${fetched.sha256}; the project file expects ${sha256}. Nothing was kept.`,
      )
    }
    const { rename } = await import('node:fs/promises')
    const named = path.join(folder, fileName(from, fetched.contentType))
    await rename(copy, named)
    return readTable(named, read, { signal })
  })
}

const KNOWN = /\.(csv|tsv|txt|data|parquet|jsonl|ndjson|json|html?)(\.gz)?$/i

/** What the document is read as: by the name in its address, else by what the server says that it is. */
function fileName(address: string, contentType: string | null): string {
  const name = path.posix.basename(URL.canParse(address) ? new URL(address).pathname : '').replaceAll(/[^\w.-]/g, '_')
  if (KNOWN.test(name)) return name
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  const extension =
    new Map([
      ['text/html', 'html'],
      ['application/xhtml+xml', 'html'],
      ['application/json', 'json'],
      ['application/x-ndjson', 'ndjson'],
      ['application/vnd.apache.parquet', 'parquet'],
      ['text/tab-separated-values', 'tsv'],
    ]).get(type) ?? 'csv'
  return `${name.replaceAll('.', '_') || 'download'}.${extension}`
}

/** Values of headers come from the environment, so that no project file holds a secret. @throws USAGE */
function headersOf({ headersFromEnv }: SourceOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headersFromEnv).map(([header, variable]) => {
      const value = process.env[variable]
      if (value === undefined || value === '')
        throw new BellwetherError(
          'USAGE',
          `The environment variable ${variable}, for the header ${header}, is not set.`,
        )
      return [header.toLowerCase(), value]
    }),
  )
}
