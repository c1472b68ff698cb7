import { BellwetherError } from '../../errors.ts'
import type { Home } from '../open-home.ts'
import type { SqlConnection } from '../sql-database.ts'
import type { TableShape } from '../table-shape.ts'
import { inOrderOfReference, insertRows, pagesOf, sumOf, type TableSum } from './table-rows.ts'
import { type TransferredPredictions, transferPredictions } from './transfer-predictions.ts'

export interface TransferResult {
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly hash: string }[]
  /** Blobs of the source, all of them checked in the target. */
  readonly blobs: number
  /** Of those, how many were not there yet. */
  readonly blobsCopied: number
  readonly predictions: TransferredPredictions
  /** Entries of the ledger, whose chain holds in the target. */
  readonly ledgerEntries: number
  /** The target held all of it already: an earlier transfer was finished. */
  readonly already: boolean
}

/** Rows that a new home has from the start. */
const ROWS_OF_NEW: Readonly<Record<string, number>> = { experiments: 1, ledger_head: 1 }
/** Which steps the schema had, which is the target's own matter. */
const OWN_TABLE = 'schema_migrations'

/**
 * Copies all tables, blobs and the prediction log of a home into an empty one, whatever their databases. The log and the blobs come first, each checked by its hash; those that are
 * there are not copied again, so that a transfer that was broken off goes on where it was. The tables are copied in one transaction, and kept
 * only where every table has the same number of rows and the same hash as in one state of the source. The source is only read.
 * @throws TRANSFER_NOT_EMPTY, TRANSFER_OTHER_SECRET, TRANSFER_DIFFERS, BLOB_CORRUPT, and as the stores do
 */
export async function transferHome(from: Home, to: Home, progress: (text: string) => void): Promise<TransferResult> {
  const known = new Set(await to.database.tables())
  const shapes = inOrderOfReference(
    (await from.database.shapes()).filter(({ name }) => name !== OWN_TABLE && known.has(name)),
  )
  const isFilled = (await to.database.read((sql) => firstFilled(sql, shapes))) !== null
  const before = isFilled ? null : await transferPredictions(from, to, isFilled, progress)
  const blobs = await copyBlobs(from, to, progress)
  const { sums, already } = await from.database.read((source) =>
    to.database.write((target) => copyTables(source, target, shapes, progress)),
  )
  // Into a home with tables of its own only now, when they are known to be the source's.
  const predictions = before ?? (await transferPredictions(from, to, isFilled, progress))
  const { entries, brokenAt } = await to.models.verifyLedger()
  if (brokenAt !== null)
    throw new BellwetherError('TRANSFER_DIFFERS', `The ledger's chain is broken at entry ${brokenAt} of ${entries}.`)
  return {
    tables: shapes.map(({ name }, index) => ({ name, ...sums[index]! })),
    blobs: blobs.all,
    blobsCopied: blobs.copied,
    predictions,
    ledgerEntries: entries,
    already,
  }
}

async function copyTables(
  source: SqlConnection,
  target: SqlConnection,
  shapes: readonly TableShape[],
  progress: (text: string) => void,
): Promise<{ sums: TableSum[]; already: boolean }> {
  const wanted: TableSum[] = []
  for (const shape of shapes) wanted.push(await sumOf(source, shape))
  const filled = await firstFilled(target, shapes)
  if (filled !== null) {
    const differs = await firstDifference(target, shapes, wanted)
    if (differs === null) return { sums: wanted, already: true }
    throw new BellwetherError(
      'TRANSFER_NOT_EMPTY',
      `The target holds other things already: its table ${filled} has rows, and ${differs.name} differs from the source's.`,
    )
  }
  for (const { name } of shapes.toReversed()) await target.run(`DELETE FROM "${name}"`)
  for (const [index, shape] of shapes.entries()) {
    progress(`${shape.name}: ${wanted[index]!.rows} rows`)
    // A row that refers to another of its own table comes after it in the order of creation.
    const key = shape.refersTo.includes(shape.name) ? ['sequence'] : shape.key
    for await (const page of pagesOf(source, shape, key)) await insertRows(target, shape, page)
  }
  const differs = await firstDifference(target, shapes, wanted)
  if (differs === null) return { sums: wanted, already: false }
  throw new BellwetherError(
    'TRANSFER_DIFFERS',
    `Table ${differs.name} has ${differs.found.rows} rows with hash ${differs.found.hash}; ` +
      `the source has ${differs.wanted.rows} with ${differs.wanted.hash}.`,
  )
}

/** The first table with more rows than a new home has, or null. */
async function firstFilled(sql: SqlConnection, shapes: readonly TableShape[]): Promise<string | null> {
  for (const { name } of shapes) {
    const counted = await sql.first<{ n: number }>(`SELECT COUNT(*) AS n FROM "${name}"`)
    if (counted!.n > (ROWS_OF_NEW[name] ?? 0)) return name
  }
  return null
}

async function firstDifference(sql: SqlConnection, shapes: readonly TableShape[], wanted: readonly TableSum[]) {
  for (const [index, shape] of shapes.entries()) {
    const found = await sumOf(sql, shape)
    if (found.rows !== wanted[index]!.rows || found.hash !== wanted[index]!.hash)
      return { name: shape.name, found, wanted: wanted[index]! }
  }
  return null
}

/** Each blob is read whole on both sides, in constant memory: reading checks the hash. */
async function copyBlobs(
  from: Home,
  to: Home,
  progress: (text: string) => void,
): Promise<{ all: number; copied: number }> {
  const same = from.blobs.place === to.blobs.place
  let all = 0
  let copied = 0
  for await (const { hash } of from.blobs.list()) {
    all += 1
    if (all % 1000 === 0) progress(`${all} blobs`)
    if (same || !(await isSound(to, hash))) {
      if (same) await drain(await from.blobs.getStream(hash))
      else {
        await to.blobs.putStream(await from.blobs.getStream(hash))
        copied += 1
      }
    }
  }
  return { all, copied }
}

async function isSound({ blobs }: Home, hash: string): Promise<boolean> {
  if (!(await blobs.has(hash))) return false
  try {
    await drain(await blobs.getStream(hash))
    return true
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'BLOB_CORRUPT') return false
    throw error
  }
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes) {
    // read for its hash
  }
}
