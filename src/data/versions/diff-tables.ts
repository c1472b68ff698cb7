import { BellwetherError } from '../../errors.ts'
import { failureKind, literal, withDuckDb, withTemporaryFolder } from '../duckdb.ts'
import { type Ask, asker } from './ask-duckdb.ts'
import { type ComparedTables, openTables, type TableFile } from './compared-tables.ts'
import { columnDriftInFiles, type Present } from './diff-drift.ts'
import { diffRowsByContent, diffRowsById } from './diff-rows.ts'
import { type ColumnDiff, diffSchemas, requireSharedId, sharedNames, type TableDiff } from './table-diff.ts'

/** Enough for the row groups of texts of 5 KB; tables of numbers take far less. */
const MEMORY = '1GB'

/**
 * Compares two tables: their columns, their rows, and how far each column's values moved. Rows are compared over the columns that both have, by what
 * their values are as texts, so that a column that became a category is not a change of every row. The files are read a column or a row group at a time;
 * what does not fit into DuckDB's memory goes to a temporary folder that only this user may enter, and is removed after.
 * @param id Column that both have, with another value in each row; null: rows are told apart by their content.
 * @param options.memory What DuckDB may keep in memory, as it writes sizes; where a single row group takes more, it is let have more.
 * @throws COLUMN_NOT_FOUND, INVALID_INPUT where its values are missing or come twice, FILE_UNREADABLE, DISK_FULL, CANCELLED
 */
export async function diffTableFiles(
  before: TableFile,
  after: TableFile,
  id: string | null,
  { signal, memory = MEMORY }: { readonly signal?: AbortSignal | undefined; readonly memory?: string } = {},
): Promise<TableDiff> {
  requireSharedId(id, sharedNames(before.schema, after.schema))
  try {
    return await diffWithin(memory, before, after, id, signal).catch((error) => {
      if (!isOutOfMemory(error)) throw error
      return diffWithin(null, before, after, id, signal)
    })
  } catch (error) {
    throw readable(error)
  }
}

/** @param memory null: four fifths of the machine's, as DuckDB has it. */
function diffWithin(
  memory: string | null,
  before: TableFile,
  after: TableFile,
  id: string | null,
  signal: AbortSignal | undefined,
): Promise<TableDiff> {
  return withTemporaryFolder((folder) =>
    withDuckDb(async (connection) => {
      await connection.run(`SET threads = 1; SET temp_directory = ${literal(folder)}`)
      if (memory !== null) await connection.run(`SET memory_limit = ${literal(memory)}`)
      const ask = asker(connection, signal)
      const tables = await openTables(connection, before, after)
      const rows = id === null ? await diffRowsByContent(tables, ask) : await diffRowsById(tables, id, ask)
      return {
        schema: diffSchemas(before.schema, after.schema),
        rows: { id, before: tables.before.nRows, after: tables.after.nRows, ...rows.counts },
        columns: await diffColumns(tables, id, rows.changedByColumn, ask),
      }
    }),
  )
}

async function diffColumns(
  tables: ComparedTables,
  id: string | null,
  changed: ReadonlyMap<string, number> | null,
  ask: Ask,
): Promise<ColumnDiff[]> {
  const { before, after, shared } = tables
  if (shared.length === 0) return []
  const counts = (side: 'before' | 'after') => shared.map((column) => `count(${column[side].raw})`).join(', ')
  const presentBefore = await ask.numbers(`SELECT ${counts('before')} FROM ${before.from}`)
  const presentAfter = await ask.numbers(`SELECT ${counts('after')} FROM ${after.from}`)
  const columns: ColumnDiff[] = []
  for (const [i, column] of shared.entries()) {
    const present: Present = { before: presentBefore[i]!, after: presentAfter[i]! }
    const drift = column.name === id ? null : await columnDriftInFiles(column, tables, present, ask)
    columns.push({
      name: column.name,
      changed: changed?.get(column.name) ?? null,
      missingBefore: before.nRows - present.before,
      missingAfter: after.nRows - present.after,
      psi: drift?.psi ?? null,
      jensenShannon: drift?.jensenShannon ?? null,
    })
  }
  return columns
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Out of Memory Error')
}

/** DuckDB's own message may quote what it choked on. */
function readable(error: unknown): unknown {
  if (error instanceof BellwetherError) return error
  if (error instanceof Error && /No space left on device|max_temp_directory_size/.test(error.message))
    return new BellwetherError(
      'DISK_FULL',
      'The disk of the temporary folder is too full to compare tables of this size.',
    )
  const cause = failureKind(error)
  if (isOutOfMemory(error)) return cause
  return new BellwetherError('FILE_UNREADABLE', 'The file of a version is not a whole Parquet file that can be read.', {
    cause,
  })
}
