import { BellwetherError } from '../errors.ts'
import { decodeState, encodeState } from '../packaging/state-codec.ts'
import { TableSchema } from '../table/schema.ts'
import type { State } from '../table/state.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetStore, DatasetVersion } from '../track/dataset-store.ts'
import { nextNumber } from './queries/counters.ts'
import {
  DATASET_EXISTS,
  DATASET_SOURCE_EXISTS,
  type DatasetRow,
  INSERT_DATASET,
  INSERT_DATASET_SOURCE,
  SELECT_DATASET,
  SELECT_DATASET_IDS_BY_PREFIX,
  SELECT_DATASETS,
  SELECT_DATASETS_BY_NAME,
} from './queries/dataset-queries.ts'
import { requireBlob, requireInteger } from './required-blob.ts'
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
    await requireBlob(this.#blobs, dataset.blob, `Dataset version ${id}`)
    if (dataset.rejectsBlob !== null) await requireBlob(this.#blobs, dataset.rejectsBlob, `Dataset version ${id}`)
    const schema = JSON.stringify(TableSchema.parse(dataset.schema))
    const profile = encodeProfile(dataset.profile)
    await this.#database.write(async (sql) => {
      if (!(await sql.first(DATASET_EXISTS, id))) {
        await sql.run(
          INSERT_DATASET,
          id,
          dataset.nRows,
          schema,
          profile,
          dataset.blob,
          await nextNumber(sql, 'datasets'),
        )
      }
      if (await sql.first(DATASET_SOURCE_EXISTS, id, name, source)) return
      const sequence = await nextNumber(sql, 'dataset_sources')
      await sql.run(
        INSERT_DATASET_SOURCE,
        id,
        name,
        source,
        dataset.nRejected,
        dataset.rejectsBlob,
        dataset.createdTime,
        sequence,
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

  async datasets(query: { name?: string; limit?: number } = {}): Promise<DatasetVersion[]> {
    if (query.limit !== undefined) requireInteger(query.limit, 'limit')
    const { name, limit } = query
    const select = `${name === undefined ? SELECT_DATASETS : SELECT_DATASETS_BY_NAME}${limit === undefined ? '' : '\nLIMIT ?'}`
    const values = [...(name === undefined ? [] : [name]), ...(limit === undefined ? [] : [limit])]
    const rows = await this.#database.read((sql) => sql.all<DatasetRow>(select, ...values))
    return rows.map(datasetOf)
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
  }
}

/** Profiles may hold typed arrays and NaN, as states may. */
function encodeProfile(profile: unknown): string {
  return new TextDecoder().decode(encodeState(profile as State))
}
