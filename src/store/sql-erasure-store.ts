import { encodeState } from '../packaging/state-codec.ts'
import { TableSchema } from '../table/schema.ts'
import type { State } from '../table/state.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { Erasure, ErasureStore, KeptReading, KeptTable, Successor, Trained } from '../track/erasure-store.ts'
import { appendToLedger } from './ledger-rows.ts'
import { nextNumber } from './queries/counters.ts'
import { DATASET_EXISTS, INSERT_DATASET, INSERT_DATASET_LOG, SELECT_LATEST_OF_NAME } from './queries/dataset-queries.ts'
import {
  DELETE_BLOB_TO_DESTROY,
  DELETE_ERASED_PERSON,
  DROP_REJECTS,
  INSERT_BLOB_TO_DESTROY,
  INSERT_ERASED_PERSON,
  INSERT_READING,
  type KeptReadingRow,
  MARK_EXPIRED,
  MARK_SUCCEEDED,
  REPLACE_REJECTS,
  RESTORE_SUCCESSOR,
  type ReadingRow,
  SELECT_BLOBS_TO_DESTROY,
  SELECT_ERASED_PERSONS,
  SELECT_ID_COLUMNS,
  SELECT_KEPT_READINGS,
  SELECT_MODELS_OF_DATASET,
  SELECT_READINGS,
  SELECT_RUNS_OF_DATASET,
} from './queries/erasure-queries.ts'
import { requireBlob } from './required-blob.ts'
import type { SqlConnection, SqlDatabase } from './sql-database.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Entries of the ledger that are about no model in particular. */
const NO_MODEL = ''

/** Erasure on a SQL database, whatever its dialect. */
export class SqlErasureStore implements ErasureStore {
  readonly #database: SqlDatabase
  readonly #blobs: BlobStore

  constructor(database: SqlDatabase, blobs: BlobStore) {
    this.#database = database
    this.#blobs = blobs
  }

  async idColumns(): Promise<string[]> {
    const rows = await this.#database.read((sql) => sql.all<{ id_column: string }>(SELECT_ID_COLUMNS))
    return rows.map(({ id_column }) => id_column)
  }

  async tables(): Promise<KeptTable[]> {
    return (await this.#kept()).map(({ table }) => table)
  }

  async expired(now: number): Promise<KeptTable[]> {
    const due = (days: number | null, { createdTime }: KeptReading) =>
      days !== null && createdTime + days * DAY_MS <= now
    return (await this.#kept())
      .filter(({ table, days }) => table.readings.every((reading, i) => due(days[i]!, reading)))
      .map(({ table }) => table)
  }

  /** With the days that each reading lets the rows be kept. */
  async #kept(): Promise<{ table: KeptTable; days: (number | null)[] }[]> {
    const rows = await this.#database.read((sql) => sql.all<KeptReadingRow>(SELECT_KEPT_READINGS))
    const found = new Map<string, { table: KeptTable & { readings: KeptReading[] }; days: (number | null)[] }>()
    for (const row of rows) {
      let entry = found.get(row.id)
      if (!entry) {
        const schema = TableSchema.parse(JSON.parse(row.schema_json))
        entry = { table: { id: row.id, nRows: row.n_rows, schema, blob: row.blob, readings: [] }, days: [] }
        found.set(row.id, entry)
      }
      const { name, source, n_rejected: nRejected, rejects_blob: rejectsBlob, created_time: createdTime } = row
      entry.table.readings.push({ name, source, nRejected, rejectsBlob, createdTime })
      entry.days.push(row.retention_days)
    }
    return [...found.values()]
  }

  async replace(erasure: Erasure): Promise<Trained> {
    const { person, successors, rejects, now, actor } = erasure
    for (const { blob, id } of successors) await requireBlob(this.#blobs, blob, `Dataset version ${id}`)
    for (const { rejectsBlob, datasetId } of rejects)
      if (rejectsBlob !== null) await requireBlob(this.#blobs, rejectsBlob, `Dataset version ${datasetId}`)
    return this.#database.write(async (sql) => {
      const trained = await trainedOn(
        sql,
        successors.map(({ of }) => of),
      )
      for (const { datasetId, name, source, rejectsBlob, nRejected } of rejects) {
        const old = (await readingsOf(sql, datasetId)).find((each) => each.name === name && each.source === source)
        if (old?.rejects_blob) await sql.run(INSERT_BLOB_TO_DESTROY, old.rejects_blob, now)
        await sql.run(REPLACE_REJECTS, rejectsBlob, nRejected, datasetId, name, source)
      }
      for (const successor of successors) await succeed(sql, successor, now)
      await sql.run(INSERT_ERASED_PERSON, person, now)
      for (const fact of tombstones(erasure, trained))
        await appendToLedger(sql, { ...fact, time: now, actor, action: 'person-erased', alias: null, from: null })
      return trained
    })
  }

  trainedOn(ids: readonly string[]): Promise<Trained> {
    return this.#database.read((sql) => trainedOn(sql, ids))
  }

  async expire(ids: readonly string[], now: number, actor: string): Promise<void> {
    await this.#database.write(async (sql) => {
      for (const id of ids) {
        const found = await sql.first<{ blob: string }>('SELECT blob FROM datasets WHERE id = ?', id)
        if (!found || (await sql.run(MARK_EXPIRED, now, id)) !== 1) continue
        await sql.run(INSERT_BLOB_TO_DESTROY, found.blob, now)
        for (const { rejects_blob: rejects } of await readingsOf(sql, id))
          if (rejects) await sql.run(INSERT_BLOB_TO_DESTROY, rejects, now)
        await sql.run(DROP_REJECTS, id)
        const reason = `the time to keep the rows of dataset version ${id} was over`
        await appendToLedger(sql, {
          time: now,
          actor,
          action: 'data-expired',
          model: NO_MODEL,
          alias: null,
          from: null,
          to: null,
          reason,
        })
      }
    })
  }

  async toDestroy(): Promise<string[]> {
    const rows = await this.#database.read((sql) => sql.all<{ hash: string }>(SELECT_BLOBS_TO_DESTROY))
    return rows.map(({ hash }) => hash)
  }

  async destroyed(hashes: readonly string[]): Promise<void> {
    await this.#database.write(async (sql) => {
      for (const hash of hashes) await sql.run(DELETE_BLOB_TO_DESTROY, hash)
    })
  }

  async erasedPersons(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.read((sql) => sql.all<{ person: string }>(SELECT_ERASED_PERSONS))
    return new Set(rows.map(({ person }) => person))
  }

  readmit(person: string, now: number, actor: string): Promise<boolean> {
    return this.#database.write(async (sql) => {
      if ((await sql.run(DELETE_ERASED_PERSON, person)) === 0) return false
      await appendToLedger(sql, {
        time: now,
        actor,
        action: 'person-readmitted',
        model: NO_MODEL,
        alias: null,
        from: null,
        to: null,
        reason: `person ${person} may be read again`,
      })
      return true
    })
  }

  purge(): Promise<void> {
    return this.#database.purge()
  }
}

const readingsOf = (sql: SqlConnection, id: string) => sql.all<ReadingRow>(SELECT_READINGS, id)

/** The successor gets the readings of what it takes the place of, and what a name meant last it means from now on. */
async function succeed(sql: SqlConnection, successor: Successor, now: number): Promise<void> {
  const { id, of, nRows, blob } = successor
  const schema = JSON.stringify(TableSchema.parse(successor.schema))
  const profile = new TextDecoder().decode(encodeState(successor.profile as State))
  const before = await sql.first<{ blob: string }>('SELECT blob FROM datasets WHERE id = ?', of)
  if (!before || (await sql.run(MARK_SUCCEEDED, now, id, schema, profile, of)) !== 1) return
  await sql.run(INSERT_BLOB_TO_DESTROY, before.blob, now)
  if (!(await sql.first(DATASET_EXISTS, id)))
    await sql.run(INSERT_DATASET, id, nRows, schema, profile, blob, null, null, await nextNumber(sql, 'datasets'))
  else await sql.run(RESTORE_SUCCESSOR, blob, id)
  const known = new Set((await readingsOf(sql, id)).map(({ name, source }) => JSON.stringify([name, source])))
  for (const reading of await readingsOf(sql, of)) {
    const { name, source } = reading
    const latest = await sql.first<{ dataset_id: string }>(SELECT_LATEST_OF_NAME, name)
    if (latest?.dataset_id === of)
      await sql.run(INSERT_DATASET_LOG, await nextNumber(sql, 'dataset_log'), name, id, source, reading.n_rejected, now)
    if (known.has(JSON.stringify([name, source]))) continue
    await sql.run(
      INSERT_READING,
      id,
      name,
      source,
      reading.n_rejected,
      reading.rejects_blob,
      reading.created_time,
      await nextNumber(sql, 'dataset_sources'),
      reading.id_column,
      reading.retention_days,
    )
  }
  await sql.run(DROP_REJECTS, of)
}

async function trainedOn(sql: SqlConnection, ids: readonly string[]): Promise<Trained> {
  const models: { model: string; version: number; datasetId: string }[] = []
  const runs = new Set<string>()
  for (const datasetId of ids) {
    const versions = await sql.all<{ model: string; version: number }>(SELECT_MODELS_OF_DATASET, datasetId)
    models.push(...versions.map(({ model, version }) => ({ model, version, datasetId })))
    for (const { run_id: run } of await sql.all<{ run_id: string }>(SELECT_RUNS_OF_DATASET, datasetId)) runs.add(run)
  }
  return { models, runs: runs.size }
}

/** One for the home, and one for each model that learnt from the person; none tells who it was. */
function tombstones(
  { person, successors, rejects, predictions }: Erasure,
  { models }: Trained,
): { model: string; to: null; reason: string }[] {
  const replaced = successors.map(({ of, id }) => `${short(of)} by ${short(id)}`).join(', ') || 'none'
  const named = models.map(({ model, version }) => `${model}/${version}`).join(', ') || 'none'
  const byModel = Map.groupBy(models, ({ model }) => model)
  return [
    {
      model: NO_MODEL,
      to: null,
      reason: `person ${person}: dataset versions replaced: ${replaced}; rejects files rewritten: ${rejects.length}; predictions: ${predictions}; models that learnt from them: ${named}`,
    },
    ...[...byModel].map(([model, versions]) => ({
      model,
      to: null,
      reason: `person ${person} was in what version ${versions.map(({ version }) => version).join(', ')} learnt from`,
    })),
  ]
}

const short = (id: string) => id.slice(0, 19)
