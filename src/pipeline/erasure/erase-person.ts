import { filesOfPerson } from '../../data/files-of-person.ts'
import { normalIdentifier } from '../../data/identifier-of-person.ts'
import { rejectsWithout } from '../../data/rejects-of-person.ts'
import { countRowsOfPerson, tableWithoutPerson } from '../../data/rows-of-person.ts'
import type { ChunkIndex } from '../../data/versions/chunk-index.ts'
import { BellwetherError } from '../../errors.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import type { DatasetStore } from '../../track/dataset-store.ts'
import type { ErasureStore, KeptTable, ReplacedRejects, Successor, Trained } from '../../track/erasure-store.ts'
import type { ModelRegistry } from '../../track/model-registry.ts'
import { destroyBlobs } from './destroy-blobs.ts'
import { idColumnsOfModels } from './id-columns.ts'

/** What of the prediction log erasure needs; `serve/prediction-log` has it. */
export interface PersonLog {
  /** What stands for a person's identifier: nobody without the home's secret can try names. */
  personKey(identifier: string): string
  /** The person's predictions, under whatever keys they are kept. */
  count(identifier: string): Promise<number>
  erase(identifier: string): Promise<number>
}

export interface ErasureDeps {
  readonly erasures: ErasureStore
  readonly blobs: Pick<BlobStore, 'get' | 'getStream' | 'put' | 'withFile' | 'delete'>
  /** Versions of files are looked into, and stay as they are. */
  readonly datasets: Pick<DatasetStore, 'datasets'>
  readonly chunks: Pick<ChunkIndex, 'locate'>
  readonly models: Pick<ModelRegistry, 'models' | 'versions'>
  readonly log: PersonLog
  readonly clock: () => number
  readonly actor: string
}

export interface ErasureRequest {
  /** The person's value of the column that names persons. */
  readonly identifier: string
  /** Further columns that may hold it, beside those that projects name. */
  readonly columns?: readonly string[]
  /** Only say what would be erased. */
  readonly dryRun?: boolean
}

/** What was erased, or would be; nothing in it tells who it was. */
export interface ErasureReport extends Trained {
  readonly dryRun: boolean
  /** Keyed hash of the identifier; the tombstone in the ledger has the same. */
  readonly person: string
  /** Columns that were looked into. */
  readonly columns: readonly string[]
  readonly datasets: readonly {
    readonly id: string
    readonly name: string
    /** Rows of the person. */
    readonly rows: number
    /** The version without them; null in a dry run. */
    readonly successor: string | null
  }[]
  readonly rejects: readonly {
    readonly datasetId: string
    readonly name: string
    readonly source: string
    readonly rows: number
  }[]
  readonly predictions: number
  /** Blobs that were destroyed. */
  readonly destroyed: number
  /** Tables that have none of the columns. */
  readonly notSearched: readonly { readonly id: string; readonly name: string }[]
  /** Files of versions of files that hold rows of the person, and go on holding them: such a version is what was added, byte for byte. */
  readonly files: readonly {
    readonly id: string
    readonly name: string
    readonly path: string
    readonly rows: number
  }[]
  /** Versions of files some of which could not be looked into. */
  readonly filesNotSearched: readonly { readonly id: string; readonly name: string; readonly nFiles: number }[]
}

/** Runs that end while a person is erased may bring rows in again; more rounds than this are a fault. */
const MOST_ROUNDS = 5

/**
 * Takes a person out of everything that is kept: each dataset version gets a successor without the person's rows, its old bytes and the key that they were
 * encrypted with are destroyed, rejected rows and predictions too; a tombstone in the ledger says when, by a keyed hash. Models that learnt from the
 * rows are named: what becomes of them is for people to decide. Idempotent; what a killed process left is finished.
 * @throws INVALID_INPUT for a blank identifier; ID_COLUMN_UNKNOWN where no table names such a column; PREDICTION_LOG_BUSY
 */
export async function erasePerson(request: ErasureRequest, deps: ErasureDeps): Promise<ErasureReport> {
  const identifier = normalIdentifier(request.identifier)
  if (identifier === '') throw new BellwetherError('INVALID_INPUT', 'The identifier is blank; it names nobody.')
  const { dryRun = false } = request
  const { erasures, log } = deps
  const person = log.personKey(identifier)
  const columns = await columnsOf(request, deps)
  const report: Mutable = { datasets: [], rejects: [], models: [], runs: 0 }
  if (dryRun) {
    const found = await findPerson(identifier, columns, deps)
    const trained = await erasures.trainedOn(found.tables.map(({ table }) => table.id))
    const { datasets, rejects } = shown(found, null)
    const predictions = await log.count(request.identifier)
    const { notSearched } = found
    const files = await findInFiles(identifier, columns, deps)
    return { dryRun, person, columns, datasets, rejects, predictions, destroyed: 0, notSearched, ...files, ...trained }
  }
  // First, so that a log that cannot be rewritten just now leaves everything as it is.
  const predictions = await log.erase(request.identifier)
  let found = await findPerson(identifier, columns, deps)
  for (let round = 1; found.tables.length + found.rejects.length > 0 || (round === 1 && predictions > 0); round++) {
    if (round > MOST_ROUNDS)
      throw new BellwetherError(
        'INTERNAL',
        'The person comes back as fast as they are erased; stop what reads the data.',
      )
    const successors = await writeSuccessors(found, identifier, deps)
    const trained = await erasures.replace({
      person,
      successors,
      rejects: await writeRejects(found, deps),
      predictions: round === 1 ? predictions : 0,
      actor: deps.actor,
      now: deps.clock(),
    })
    const { datasets, rejects } = shown(found, successors)
    report.datasets.push(...datasets)
    report.rejects.push(...rejects)
    report.models.push(...trained.models)
    report.runs += trained.runs
    found = await findPerson(identifier, columns, deps)
  }
  const destroyed = await destroyBlobs(deps)
  const { notSearched } = found
  const files = await findInFiles(identifier, columns, deps)
  return { dryRun, person, columns, ...report, predictions, destroyed, notSearched, ...files }
}

interface Mutable {
  datasets: ErasureReport['datasets'][number][]
  rejects: ErasureReport['rejects'][number][]
  models: Trained['models'][number][]
  runs: number
}

async function columnsOf({ columns = [] }: ErasureRequest, deps: ErasureDeps): Promise<string[]> {
  const named = [...columns, ...(await deps.erasures.idColumns()), ...(await idColumnsOfModels(deps))]
  const all = [...new Set(named)].sort()
  if (all.length === 0 && (await deps.erasures.tables()).length > 0) {
    throw new BellwetherError(
      'ID_COLUMN_UNKNOWN',
      'No project that data was kept for names a column that identifies persons (data.id).',
    )
  }
  return all
}

interface Found {
  readonly tables: readonly { readonly table: KeptTable; readonly columns: readonly string[]; readonly rows: number }[]
  readonly rejects: readonly (Omit<ReplacedRejects, 'rejectsBlob'> & {
    readonly rows: number
    /** The file without them; null where no row is left. */
    readonly bytes: Uint8Array | null
  })[]
  readonly notSearched: ErasureReport['notSearched']
}

async function findPerson(
  identifier: string,
  columns: readonly string[],
  { erasures, blobs }: Pick<ErasureDeps, 'erasures' | 'blobs'>,
): Promise<Found> {
  const tables: Found['tables'][number][] = []
  const rejects: Found['rejects'][number][] = []
  const notSearched: Found['notSearched'][number][] = []
  const all = new Set(columns)
  for (const table of await erasures.tables()) {
    const { id, schema, readings } = table
    const own = schema.columns.map(({ name }) => name).filter((name) => all.has(name))
    if (own.length === 0) notSearched.push({ id, name: readings[0]?.name ?? '' })
    else {
      const rows = await blobs.withFile(table.blob, (file) => countRowsOfPerson(file, schema, own, identifier))
      if (rows > 0) tables.push({ table, columns: own, rows })
    }
    for (const { name, source, rejectsBlob } of readings) {
      if (rejectsBlob === null) continue
      const { bytes, removed, left } = rejectsWithout(await blobs.get(rejectsBlob), all, identifier)
      if (removed === 0) continue
      rejects.push({ datasetId: id, name, source, bytes, nRejected: left, rows: removed })
    }
  }
  return { tables, rejects, notSearched }
}

async function findInFiles(
  identifier: string,
  columns: readonly string[],
  deps: Pick<ErasureDeps, 'blobs' | 'datasets' | 'chunks'>,
): Promise<Pick<ErasureReport, 'files' | 'filesNotSearched'>> {
  const files: ErasureReport['files'][number][] = []
  const filesNotSearched: ErasureReport['filesNotSearched'][number][] = []
  for (const { id, name, blob, files: totals, erased } of await deps.datasets.datasets()) {
    if (!totals || erased) continue
    const { held, notSearched } = await filesOfPerson(blob, columns, identifier, deps)
    for (const each of held) files.push({ id, name, ...each })
    if (notSearched > 0) filesNotSearched.push({ id, name, nFiles: notSearched })
  }
  return { files, filesNotSearched }
}

async function writeRejects({ rejects }: Found, { blobs }: Pick<ErasureDeps, 'blobs'>): Promise<ReplacedRejects[]> {
  const written: ReplacedRejects[] = []
  for (const { bytes, rows: _, ...reading } of rejects)
    written.push({ ...reading, rejectsBlob: bytes === null ? null : await blobs.put(bytes) })
  return written
}

async function writeSuccessors(
  { tables }: Found,
  identifier: string,
  { blobs }: Pick<ErasureDeps, 'blobs'>,
): Promise<Successor[]> {
  const successors: Successor[] = []
  for (const { table, columns } of tables) {
    const { table: without } = await blobs.withFile(table.blob, (file) =>
      tableWithoutPerson(file, table.schema, columns, identifier),
    )
    const { id, nRows, schema, profile, parquet } = without
    successors.push({ of: table.id, id, nRows, schema, profile, blob: await blobs.put(parquet) })
  }
  return successors
}

function shown({ tables, rejects }: Found, successors: readonly Successor[] | null) {
  const after = new Map((successors ?? []).map(({ of, id }) => [of, id]))
  return {
    datasets: tables.map(({ table: { id, readings }, rows }) => ({
      id,
      name: readings[0]?.name ?? '',
      rows,
      successor: after.get(id) ?? null,
    })),
    rejects: rejects.map(({ datasetId, name, source, rows }) => ({ datasetId, name, source, rows })),
  }
}
