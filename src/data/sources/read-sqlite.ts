import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { checkFile } from '../check-file.ts'
import type { ReadOptions } from '../data-options.ts'
import { RecordColumns } from './record-columns.ts'
import { recordTable } from './record-table.ts'

/** Rows between two looks at whether reading was cancelled. */
const ROWS_AT_ONCE = 4096

/**
 * The rows of a query on a SQLite file, which is opened for reading alone: the query can change nothing, and no other file is reached.
 * Types are those of the values; whole numbers beyond 2^53 become text, bytes hexadecimal text.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, QUERY_FAILED, NO_ROWS, HEADER_DUPLICATED, CANCELLED
 */
export async function readSqlite(
  file: string,
  query: string,
  read: ReadOptions,
  signal?: AbortSignal,
): Promise<RawTable> {
  await checkFile(file)
  const name = path.basename(file)
  const { DatabaseSync } = await import('node:sqlite')
  const failed = (code: 'FILE_UNREADABLE' | 'QUERY_FAILED', what: string, cause: unknown) =>
    new BellwetherError(code, `${name}: ${what}`, { cause })
  let database: InstanceType<typeof DatabaseSync>
  try {
    database = new DatabaseSync(file, { readOnly: true, allowExtension: false })
    database.exec('PRAGMA query_only = 1; PRAGMA trusted_schema = 0')
  } catch (cause) {
    throw failed('FILE_UNREADABLE', 'is no SQLite database that can be read.', cause)
  }
  try {
    // A second database could be any file of this machine.
    database.setAuthorizer?.((action) => (action === SQLITE_ATTACH ? SQLITE_DENY : SQLITE_OK))
    const records = new RecordColumns()
    let written: string[]
    try {
      const statement = database.prepare(query)
      statement.setReadBigInts(true)
      written = statement.columns().map(({ name }) => name)
      let row = 0
      for (const record of statement.iterate()) {
        records.add(record)
        if (++row % ROWS_AT_ONCE === 0) {
          await new Promise((resolve) => setImmediate(resolve))
          if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.')
        }
      }
    } catch (cause) {
      if (cause instanceof BellwetherError) throw cause
      throw failed('QUERY_FAILED', `the query cannot be run: ${sqliteReason(cause)}.`, cause)
    }
    checkDistinct(name, written)
    return recordTable(name, written, records.nRows, (names) => records.columns(names), read)
  } finally {
    database.close()
  }
}

const SQLITE_OK = 0
const SQLITE_DENY = 1
const SQLITE_ATTACH = 24

/** Rows come as objects: a name that is there twice would have swallowed a column. */
function checkDistinct(source: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice === undefined) return
  throw new BellwetherError('HEADER_DUPLICATED', `${source}: the query gives the column "${twice}" twice.`, {
    hint: 'Name each column of the query once: SELECT a.id AS student_id, …',
  })
}

/** SQLite names tables, columns and places in its messages, never values. */
function sqliteReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : 'unknown failure'
  return text.replaceAll(/\s+/g, ' ').slice(0, 200)
}
