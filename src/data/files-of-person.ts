import { open } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../errors.ts'
import { fileLiteral, withDuckDb, withTemporaryFolder } from './duckdb.ts'
import { personTest } from './rows-of-person.ts'
import { type GetFilesDeps, readChunks } from './versions/get-files.ts'
import { decodeManifest, type TreeFile } from './versions/tree-manifest.ts'

export interface FilesOfPerson {
  /** Tables that hold rows of the person. */
  readonly held: readonly { readonly path: string; readonly rows: number }[]
  /** How many files could not be looked into: those that are no tables, or have none of the columns. */
  readonly notSearched: number
}

/** What reads a table, by the ending of its name; cells as texts, and lines that are no rows passed over. */
const READERS: Readonly<Record<string, (file: string) => string>> = {
  '.csv': (file) => `read_csv(${file}, all_varchar = true, ignore_errors = true, null_padding = true)`,
  '.tsv': (file) => `read_csv(${file}, all_varchar = true, ignore_errors = true, null_padding = true)`,
  '.jsonl': (file) => `read_json(${file}, format = 'newline_delimited', ignore_errors = true)`,
  '.ndjson': (file) => `read_json(${file}, format = 'newline_delimited', ignore_errors = true)`,
  '.parquet': (file) => `read_parquet(${file})`,
}

/**
 * Which files of a version hold rows of a person. Nothing is changed: a version of files is what was added, byte for byte.
 * @param manifest Blob with the version's list of files.
 * @param columns Columns that may hold the identifier.
 */
export async function filesOfPerson(
  manifest: string,
  columns: readonly string[],
  identifier: string,
  deps: GetFilesDeps,
): Promise<FilesOfPerson> {
  const held: { path: string; rows: number }[] = []
  let notSearched = 0
  const known = new Map<string, number | null>()
  for await (const file of decodeManifest(await deps.blobs.getStream(manifest))) {
    const read = READERS[path.posix.extname(file.path).toLowerCase()]
    let rows = read ? known.get(file.sha256) : null
    if (rows === undefined) {
      rows = await rowsIn(file, read!, columns, identifier, deps)
      known.set(file.sha256, rows)
    }
    if (rows === null) notSearched++
    else if (rows > 0) held.push({ path: file.path, rows })
  }
  return { held, notSearched }
}

/** @returns null where the file is no such table, or has none of the columns */
async function rowsIn(
  { chunks }: TreeFile,
  read: (file: string) => string,
  columns: readonly string[],
  identifier: string,
  deps: GetFilesDeps,
): Promise<number | null> {
  return withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'table')
    const handle = await open(file, 'wx', 0o600)
    try {
      for await (const content of readChunks(chunks, deps)) await handle.writeFile(content)
    } finally {
      await handle.close()
    }
    try {
      return await withDuckDb(async (connection) => {
        const table = read(fileLiteral(file))
        const described = await connection.runAndReadAll(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${table})`)
        const names = described.getRows().map(([name]) => String(name))
        const own = names.filter((name) => columns.includes(name.trim()))
        if (own.length === 0) return null
        const tests = own.map((name) => personTest(name, true, identifier)).join(' OR ')
        const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${table} WHERE ${tests}`)
        return Number(counted.getRows()[0]?.[0] ?? 0)
      })
    } catch (error) {
      if (error instanceof BellwetherError) throw error
      return null
    }
  })
}
