import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import { emptyTable } from '../table/empty-table.ts'
import { observeColumn } from '../table/infer-observed.ts'
import { profileTable, type TableProfile } from '../table/profile.ts'
import type { TableSchema } from '../table/schema.ts'
import { columnOf, selectRows, type Table } from '../table/table.ts'
import { canonicalHash } from './dataset-version.ts'
import { fileLiteral, forEachChunk, literal, identifier as sqlName, withDuckDb, withTemporaryFolder } from './duckdb.ts'
import { BLANKS, normalIdentifier } from './identifier-of-person.ts'
import { readParquet, writeParquet } from './parquet.ts'
import { readParquetFile } from './read-parquet.ts'
import { validateTable } from './validate.ts'

/** A table without some rows: a dataset version of its own. */
export interface TableWithout {
  readonly id: string
  readonly nRows: number
  readonly schema: TableSchema
  readonly profile: TableProfile
  readonly parquet: Uint8Array
}

/**
 * How many rows of a stored table are a person's, without reading it into memory.
 * @param columns Columns that may hold the identifier.
 */
export async function countRowsOfPerson(
  file: string,
  schema: TableSchema,
  columns: readonly string[],
  given: string,
): Promise<number> {
  const identifier = normalIdentifier(given)
  const tests = schema.columns
    .filter(({ name }) => columns.includes(name))
    .map(({ name, kind }) => personTest(name, kind === 'number', identifier))
  if (tests.length === 0) return 0
  let count = 0
  await withDuckDb((connection) =>
    forEachChunk(
      connection,
      `SELECT count(*) FROM read_parquet(${fileLiteral(file)}) WHERE ${tests.join(' OR ')}`,
      (chunk) => {
        count = Number(chunk.getRows()[0]?.[0] ?? 0)
      },
    ),
  )
  return count
}

/** SQL that says whether a column of a row has the identifier, as DuckDB has it; @param mayBeNumber Whether its number counts too, however it is written. */
export function personTest(name: string, mayBeNumber: boolean, given: string): string {
  const identifier = normalIdentifier(given)
  const cell = sqlName(name)
  const asText = `nfc_normalize(trim(CAST(${cell} AS VARCHAR), ${literal(BLANKS)})) = ${literal(identifier)}`
  const number = numberOf(identifier)
  return mayBeNumber && number !== null ? `(${asText} OR TRY_CAST(${cell} AS DOUBLE) = ${number})` : asText
}

/**
 * A stored table without a person's rows, as reading a source without them gives it where the kinds of the columns stay the same: categories that only the person had are gone too, and all statistics
 * are of the other rows.
 */
export async function tableWithoutPerson(
  file: string,
  schema: TableSchema,
  columns: readonly string[],
  given: string,
): Promise<{ readonly table: TableWithout; readonly removed: number }> {
  const identifier = normalIdentifier(given)
  const table = await readParquet(file, schema)
  const held = columns.filter((name) => table.columns.has(name)).map((name) => columnOf(table, name))
  const rows = Uint32Array.from({ length: table.nRows }, (_, row) => row).filter(
    (row) => !held.some((column) => holds(column, row, identifier)),
  )
  const kept = selectRows(table, rows)
  const parquet = await writeParquet(kept, schema)
  const { table: observed, schema: anew } = rows.length === 0 ? empty(schema) : await observedAnew(parquet, schema)
  return {
    removed: table.nRows - rows.length,
    table: {
      id: canonicalHash(observed, anew),
      nRows: observed.nRows,
      schema: anew,
      profile: profileTable(observed, anew),
      parquet,
    },
  }
}

function holds(column: Column, row: number, identifier: string): boolean {
  switch (column.kind) {
    case 'text':
      return normalIdentifier(column.values[row] ?? '') === identifier
    case 'category': {
      const code = column.codes[row]!
      return code >= 0 && normalIdentifier(column.categories[code] ?? '') === identifier
    }
    case 'number':
      return column.values[row] === numberOf(identifier)
    case 'date':
      return false
  }
}

/** The number that a text stands for, or null. */
function numberOf(text: string): number | null {
  const number = /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(number) ? number : null
}

async function observedAnew(parquet: Uint8Array, schema: TableSchema): Promise<{ table: Table; schema: TableSchema }> {
  const raw = await withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'kept.parquet')
    await writeFile(file, parquet, { mode: 0o600 })
    return readParquetFile(file, { missing: [] })
  })
  const validated = validateTable(raw, schema, { policy: { action: 'fail', maxRejectedShare: 0 } })
  if (validated.table.nRows !== raw.nRows)
    throw new BellwetherError('INTERNAL', 'Rows were lost where a person was taken out of a table.')
  return validated
}

function empty(schema: TableSchema): { table: Table; schema: TableSchema } {
  const unseen = schema.columns.map((column) => ({ ...column, observed: { ...column.observed, categories: [] } }))
  const table = emptyTable(unseen)
  const columns = unseen.map((column) => ({ ...column, observed: observeColumn(columnOf(table, column.name)) }))
  return { table, schema: { columns } }
}
