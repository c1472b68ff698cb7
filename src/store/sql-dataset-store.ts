import { BellwetherError } from '../errors.ts'
import { decodeState, encodeState } from '../packaging/state-codec.ts'
import { TableSchema } from '../table/schema.ts'
import type { State } from '../table/state.ts'
import type { BlobStore } from '../track/blob-store.ts'
import {
  type DatasetLogEntry,
  type DatasetStore,
  type DatasetVersion,
  type FileTotals,
  requireRows,
} from '../track/dataset-store.ts'
import { nextNumber } from './queries/counters.ts'
import {
  type DatasetLogRow,
  type DatasetRow,
  DELETE_DATASET,
  type ErasedRow,
  INSERT_DATASET,
  INSERT_DATASET_LOG,
  INSERT_DATASET_SOURCE,
  RESTORE_DATASET,
  RESTORE_DATASET_SOURCE,
  SELECT_DATASET,
  SELECT_DATASET_IDS_BY_PREFIX,
  SELECT_DATASET_LOG,
  SELECT_DATASET_LOG_OF_NAME,
  SELECT_DATASET_USE,
  SELECT_DATASETS,
  SELECT_DATASETS_BY_NAME,
  SELECT_ERASED,
  SELECT_ID_COLUMNS_OF_DATASET,
  SELECT_LATEST_OF_NAME,
  SELECT_USERS_OF_DATASET,
  UPDATE_DATASET_SOURCE,
} from './queries/dataset-queries.ts'
import { requireBlob, requireInteger } from './required-blob.ts'
import { requireNoChunkWriter } from './sql-chunk-index.ts'
import type { SqlDatabase } from './sql-database.ts'

const ID = /^sha256:[0-9a-f]{64}$/
const ID_PREFIX = /^(?:sha256:)?([0-9a-f]{6,64})$/

/** Dataset versions on a SQL database, whatever its dialect. */
export class SqlDatasetStore implements DatasetStore {
  readonly #database: SqlDatabase
  readonly #blobs: BlobStore

  constructor(database: SqlDatabase, blobs: BlobStore) {
    this.#database = database
    this.#blobs = blobs
  }

  async putDataset(dataset: DatasetVersion): Promise<void> {
    const { id, name, source } = dataset
    if (!ID.test(id)) throw new BellwetherError('INVALID_INPUT', 'id: expected sha256: and 64 digits 0-9 and a-f.')
    for (const key of ['nRows', 'nRejected', 'createdTime'] as const) requireInteger(dataset[key], key)
    for (const key of ['nFiles', 'sizeBytes'] as const) if (dataset.files) requireInteger(dataset.files[key], key)
    await requireBlob(this.#blobs, dataset.blob, `Dataset version ${id}`)
    if (dataset.rejectsBlob !== null) await requireBlob(this.#blobs, dataset.rejectsBlob, `Dataset version ${id}`)
    const schema = JSON.stringify(TableSchema.parse(dataset.schema))
    const profile = encodeProfile(dataset.profile)
    await this.#database.write(async (sql) => {
      const found = await sql.first<ErasedRow>(SELECT_ERASED, id)
      if (found?.successor) requireRows({ id, ...erasedOf(found) })
      const restored = found !== undefined && found.erased_time !== null
      if (restored) await sql.run(RESTORE_DATASET, dataset.blob, id)
      if (!found) {
        await sql.run(
          INSERT_DATASET,
          id,
          dataset.nRows,
          schema,
          profile,
          dataset.blob,
          dataset.files?.nFiles ?? null,
          dataset.files?.sizeBytes ?? null,
          await nextNumber(sql, 'datasets'),
        )
      }
      const latest = await sql.first<{ dataset_id: string }>(SELECT_LATEST_OF_NAME, name)
      if (latest?.dataset_id !== id) {
        const entry = await nextNumber(sql, 'dataset_log')
        await sql.run(INSERT_DATASET_LOG, entry, name, id, source, dataset.nRejected, dataset.createdTime)
      }
      const { idColumn = null, retentionDays = null, nRejected, rejectsBlob, createdTime } = dataset
      const known = await sql.run(UPDATE_DATASET_SOURCE, idColumn, retentionDays, id, name, source)
      if (known > 0) {
        if (restored) await sql.run(RESTORE_DATASET_SOURCE, nRejected, rejectsBlob, createdTime, id, name, source)
        return
      }
      const sequence = await nextNumber(sql, 'dataset_sources')
      await sql.run(
        INSERT_DATASET_SOURCE,
        id,
        name,
        source,
        nRejected,
        rejectsBlob,
        createdTime,
        sequence,
        idColumn,
        retentionDays,
      )
    })
  }

  async dataset(id: string): Promise<DatasetVersion> {
    const shown = JSON.stringify(id.slice(0, 80))
    const hex = ID_PREFIX.exec(id)?.[1]
    if (!hex)
      throw new BellwetherError(
        'DATASET_NOT_FOUND',
        `There is no dataset version ${shown}: an id is sha256: and 64 digits 0-9 and a-f; 6 are enough.`,
      )
    const row = await this.#database.read(async (sql) => {
      // 'g' follows on the last digit that an id may have.
      const found = await sql.all<{ id: string }>(SELECT_DATASET_IDS_BY_PREFIX, `sha256:${hex}`, `sha256:${hex}g`)
      if (found.length > 1) throw new BellwetherError('ID_AMBIGUOUS', `Several dataset versions begin with ${shown}.`)
      return found[0] && sql.first<DatasetRow>(SELECT_DATASET, found[0].id)
    })
    if (!row) throw new BellwetherError('DATASET_NOT_FOUND', `There is no dataset version ${shown}.`)
    return datasetOf(row)
  }

  async idColumns(id: string): Promise<string[]> {
    const rows = await this.#database.read((sql) => sql.all<{ id_column: string }>(SELECT_ID_COLUMNS_OF_DATASET, id))
    return [...new Set(rows.map(({ id_column }) => id_column))]
  }

  async usersOf(id: string): Promise<string[]> {
    const rows = await this.#database.read((sql) => sql.all<{ name: string }>(SELECT_USERS_OF_DATASET, id, id))
    return rows.map(({ name }) => name)
  }

  async datasets(query: { name?: string; limit?: number } = {}): Promise<DatasetVersion[]> {
    if (query.limit !== undefined) requireInteger(query.limit, 'limit')
    const { name, limit } = query
    const select = `${name === undefined ? SELECT_DATASETS : SELECT_DATASETS_BY_NAME}${limit === undefined ? '' : '\nLIMIT ?'}`
    const values = [...(name === undefined ? [] : [name]), ...(limit === undefined ? [] : [limit])]
    const rows = await this.#database.read((sql) => sql.all<DatasetRow>(select, ...values))
    return rows.map(datasetOf)
  }

  async removeDataset(id: string, now: number): Promise<DatasetVersion> {
    const dataset = await this.dataset(id)
    await this.#database.write(async (sql) => {
      // Who adds the same files again just now relies on what is here.
      await requireNoChunkWriter(sql, now)
      const use = await sql.first<{ used_by: string }>(SELECT_DATASET_USE, dataset.id, dataset.id, dataset.id)
      if (use) throw new BellwetherError('DATASET_IN_USE', `Dataset version ${dataset.id} was used by ${use.used_by}.`)
      for (const remove of DELETE_DATASET) await sql.run(remove, dataset.id)
    })
    return dataset
  }

  async log(query: { name?: string; limit?: number } = {}): Promise<DatasetLogEntry[]> {
    if (query.limit !== undefined) requireInteger(query.limit, 'limit')
    const { name, limit } = query
    const select = `${name === undefined ? SELECT_DATASET_LOG : SELECT_DATASET_LOG_OF_NAME}${limit === undefined ? '' : '\nLIMIT ?'}`
    const values = [...(name === undefined ? [] : [name]), ...(limit === undefined ? [] : [limit])]
    const rows = await this.#database.read((sql) => sql.all<DatasetLogRow>(select, ...values))
    return rows.map((row) => ({
      name: row.name,
      id: row.dataset_id,
      source: row.source,
      nRows: row.n_rows,
      nRejected: row.n_rejected,
      ...filesOf(row),
      time: row.time,
    }))
  }
}

function datasetOf(row: DatasetRow): DatasetVersion {
  return {
    id: row.id,
    name: row.name,
    nRows: row.n_rows,
    nRejected: row.n_rejected,
    schema: TableSchema.parse(JSON.parse(row.schema_json)),
    profile: decodeState(new TextEncoder().encode(row.profile_json)),
    source: row.source,
    blob: row.blob,
    rejectsBlob: row.rejects_blob,
    createdTime: row.created_time,
    ...filesOf(row),
    ...erasedOf(row),
  }
}

function erasedOf({ erased_time: time, successor }: ErasedRow): Pick<DatasetVersion, 'erased'> {
  return time === null ? {} : { erased: { time, successor } }
}

function filesOf({ n_files: nFiles, size_bytes: sizeBytes }: Pick<DatasetRow, 'n_files' | 'size_bytes'>): {
  files?: FileTotals
} {
  return nFiles === null || sizeBytes === null ? {} : { files: { nFiles, sizeBytes } }
}

/** Profiles may hold typed arrays and NaN, as states may. */
function encodeProfile(profile: unknown): string {
  return new TextDecoder().decode(encodeState(profile as State))
}
