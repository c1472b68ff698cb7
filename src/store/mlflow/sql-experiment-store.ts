import { BellwetherError } from '../../errors.ts'
import type { KeyValue, LifecycleStage, Page, Search, TrackedExperiment, ViewType } from '../../track/mlflow-model.ts'
import { checkExperimentId, checkExperimentName, checkTag, LIMITS } from '../../track/mlflow-rules.ts'
import type { ExperimentStore } from '../../track/mlflow-stores.ts'
import { parseFilter, parseOrder } from '../../track/search/filter.ts'
import { nextNumber } from '../queries/counters.ts'
import { compileFilter } from '../search/compile-filter.ts'
import { compileOrder } from '../search/search-order.ts'
import { decodePageToken, encodePageToken, queryPage } from '../search/search-page.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { SqlConnection, SqlDatabase } from '../sql-database.ts'
import { inChunks, placeholders } from './row-lists.ts'

interface ExperimentRow {
  id: string
  name: string
  created_time: number
  updated_time: number | null
  lifecycle_stage: LifecycleStage
  artifact_location: string | null
}

const COLUMNS = 'e.id, e.name, e.created_time, e.updated_time, e.lifecycle_stage, e.artifact_location'
const SELECT_BY_ID = `SELECT ${COLUMNS} FROM experiments e WHERE e.id = ?`
const SELECT_BY_NAME = `SELECT ${COLUMNS} FROM experiments e WHERE e.name = ?`
const INSERT = `
INSERT INTO experiments (id, name, created_time, updated_time, sequence, artifact_location) VALUES (?, ?, ?, ?, ?, ?)`
const TOUCH = `UPDATE experiments SET updated_time = ? WHERE id = ?`
const RENAME = `UPDATE experiments SET name = ?, updated_time = ? WHERE id = ?`
const SET_STAGE = `UPDATE experiments SET lifecycle_stage = ?, updated_time = ? WHERE id = ?`
const SET_STAGE_OF_RUNS = `UPDATE runs SET lifecycle_stage = ? WHERE experiment_id = ? AND lifecycle_stage <> ?`
const UPSERT_TAG = `
INSERT INTO experiment_tags (experiment_id, key, value) VALUES (?, ?, ?)
ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value`
const DELETE_TAG = `DELETE FROM experiment_tags WHERE experiment_id = ? AND key = ?`
const SELECT_DATASETS = (ids: number) => `
SELECT DISTINCT r.experiment_id, d.name, d.digest, t.value AS context
FROM runs r JOIN dataset_inputs d ON d.run_id = r.id
LEFT JOIN dataset_input_tags t ON t.run_id = d.run_id AND t.name = d.name AND t.digest = d.digest AND t.key = 'mlflow.data.context'
WHERE r.experiment_id IN (${placeholders(ids)}) AND r.lifecycle_stage = 'active'
ORDER BY r.experiment_id, d.name, d.digest
LIMIT ?`

const MAX_RESULTS = 50_000

/** Experiments of MLflow's clients on a SQL database, whatever its dialect. */
export class SqlExperimentStore implements ExperimentStore {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async create(experiment: {
    name: string
    artifactLocation?: string | null
    tags: readonly KeyValue[]
    now: number
  }): Promise<string> {
    const { name, artifactLocation = null, tags, now } = experiment
    checkExperimentName(name)
    for (const tag of tags) checkTag(tag, LIMITS.experimentTagValue)
    return this.#database.write(async (sql) => {
      await refuseTaken(sql, name)
      const sequence = await nextNumber(sql, 'experiments')
      const id = String(sequence)
      await sql.run(INSERT, id, name, now, now, sequence, artifactLocation)
      for (const { key, value } of tags) await sql.run(UPSERT_TAG, id, key, value)
      return id
    })
  }

  byId(id: string): Promise<TrackedExperiment> {
    checkExperimentId(id)
    return this.#database.read(async (sql) => (await withTags(sql, [await requireExperiment(sql, id)]))[0]!)
  }

  byName(name: string): Promise<TrackedExperiment> {
    return this.#database.read(async (sql) => {
      const row = await sql.first<ExperimentRow>(SELECT_BY_NAME, name)
      if (!row)
        throw new BellwetherError('EXPERIMENT_NOT_FOUND', `Could not find experiment with name '${name.slice(0, 100)}'`)
      return (await withTags(sql, [row]))[0]!
    })
  }

  async rename(id: string, name: string, now: number): Promise<void> {
    checkExperimentName(name)
    await this.#database.write(async (sql) => {
      const row = await requireExperiment(sql, id)
      if (row.lifecycle_stage !== 'active')
        throw new BellwetherError('NOT_ACTIVE', 'Cannot rename a non-active experiment.')
      if (row.name === name) return
      await refuseTaken(sql, name)
      await sql.run(RENAME, name, now, id)
    })
  }

  async setLifecycle(id: string, stage: LifecycleStage, now: number): Promise<void> {
    await this.#database.write(async (sql) => {
      const row = await requireExperiment(sql, id)
      if (row.lifecycle_stage === stage) return
      await sql.run(SET_STAGE, stage, now, id)
      await sql.run(SET_STAGE_OF_RUNS, stage, id, stage)
    })
  }

  async setTag(id: string, tag: KeyValue, now: number): Promise<void> {
    checkTag(tag, LIMITS.experimentTagValue)
    await this.#database.write(async (sql) => {
      await requireActiveExperiment(sql, id)
      await sql.run(UPSERT_TAG, id, tag.key, tag.value)
      await sql.run(TOUCH, now, id)
    })
  }

  async deleteTag(id: string, key: string, now: number): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireActiveExperiment(sql, id)
      if ((await sql.run(DELETE_TAG, id, key)) === 0)
        throw new BellwetherError('TAG_NOT_FOUND', `No tag with name: ${key} in experiment with id ${id}`)
      await sql.run(TOUCH, now, id)
    })
  }

  async search(search: Search & { viewType: ViewType }): Promise<Page<TrackedExperiment>> {
    const { viewType, filter = '', orderBy = [], maxResults, pageToken } = search
    checkMaxResults(maxResults, MAX_RESULTS)
    const tree = parseFilter(filter)
    const order = compileOrder(parseOrder(orderBy), SEARCH_TARGETS.experiments, [
      ...(orderBy.length === 0 ? [{ sql: 'e.created_time', ascending: false }] : []),
      { sql: 'e.sequence', ascending: false },
    ])
    const pin = ['experiments', viewType, filter, orderBy]
    const after = pageToken ? decodePageToken(pin, pageToken, order.parts.length).after : null
    return this.#database.read(async (sql) => {
      const where = tree ? [compileFilter(tree, SEARCH_TARGETS.experiments)] : []
      if (viewType !== 'ALL')
        where.push({ sql: 'e.lifecycle_stage = ?', values: [viewType === 'ACTIVE_ONLY' ? 'active' : 'deleted'] })
      const { rows } = await queryPage<ExperimentRow>(sql, {
        columns: COLUMNS,
        from: {
          sql: ['experiments e', ...order.joins.map((join) => join.sql)].join('\n'),
          values: order.joins.flatMap((join) => join.values),
        },
        where,
        sort: order.parts,
        limit: maxResults + 1,
        after,
      })
      return pageOf(
        rows,
        maxResults,
        (row) => sortValues(row, order.parts.length),
        pin,
        (some) => withTags(sql, some),
      )
    })
  }

  async datasets(ids: readonly string[], limit: number) {
    const rows = await this.#database.read((sql) =>
      sql.all<{ experiment_id: string; name: string; digest: string; context: string | null }>(
        SELECT_DATASETS(ids.length),
        ...ids,
        limit,
      ),
    )
    return rows.map(({ experiment_id, name, digest, context }) => ({
      experimentId: experiment_id,
      name,
      digest,
      context,
    }))
  }
}

/** @throws INVALID_INPUT */
export function checkMaxResults(maxResults: number, most: number): void {
  if (Number.isSafeInteger(maxResults) && maxResults >= 1 && maxResults <= most) return
  const why = maxResults > most ? `It must be at most ${most}` : 'It must be at least 1'
  throw new BellwetherError(
    'INVALID_INPUT',
    `Invalid value ${maxResults} for parameter 'max_results' supplied. ${why}, but got value ${maxResults}`,
  )
}

export function sortValues(row: object, count: number): (string | number)[] {
  const values = row as Record<string, string | number>
  return Array.from({ length: count }, (_, index) => values[`sort_${index}`]!)
}

/** One row more than the page was asked for: it tells whether there is a next page, and is left out. */
export async function pageOf<Row extends object, Item>(
  rows: readonly Row[],
  maxResults: number,
  keysOf: (row: Row) => (string | number)[],
  pin: unknown,
  read: (rows: readonly Row[]) => Promise<Item[]>,
): Promise<Page<Item>> {
  const shown = rows.slice(0, maxResults)
  const last = shown.at(-1)
  const more = rows.length > maxResults && last !== undefined
  return {
    items: await read(shown),
    nextPageToken: more ? encodePageToken(pin, { phase: 0, after: keysOf(last) }) : null,
  }
}

/** @throws EXPERIMENT_NOT_FOUND */
export async function requireExperiment(sql: SqlConnection, id: string): Promise<ExperimentRow> {
  const row = await sql.first<ExperimentRow>(SELECT_BY_ID, id)
  if (!row) throw new BellwetherError('EXPERIMENT_NOT_FOUND', `No Experiment with id=${id.slice(0, 80)} exists`)
  return row
}

/** @throws EXPERIMENT_NOT_FOUND, NOT_ACTIVE */
export async function requireActiveExperiment(sql: SqlConnection, id: string): Promise<ExperimentRow> {
  const row = await requireExperiment(sql, id)
  if (row.lifecycle_stage !== 'active') {
    throw new BellwetherError(
      'NOT_ACTIVE',
      `The experiment ${id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
    )
  }
  return row
}

export function artifactLocation(row: Pick<ExperimentRow, 'id' | 'artifact_location'>): string {
  return row.artifact_location ?? `mlflow-artifacts:/${row.id}`
}

async function refuseTaken(sql: SqlConnection, name: string): Promise<void> {
  const taken = await sql.first<ExperimentRow>(SELECT_BY_NAME, name)
  if (!taken) return
  const deleted = taken.lifecycle_stage === 'deleted' ? ' It is deleted: restore it, or choose another name.' : ''
  throw new BellwetherError('ALREADY_EXISTS', `Experiment(name=${name.slice(0, 100)}) already exists.${deleted}`)
}

async function withTags(sql: SqlConnection, rows: readonly ExperimentRow[]): Promise<TrackedExperiment[]> {
  const tags = new Map<string, KeyValue[]>()
  await inChunks(
    rows.map(({ id }) => id),
    async (ids) => {
      const found = await sql.all<KeyValue & { experiment_id: string }>(
        `SELECT experiment_id, key, value FROM experiment_tags WHERE experiment_id IN (${placeholders(ids.length)}) ORDER BY experiment_id, key`,
        ...ids,
      )
      for (const { experiment_id, key, value } of found) {
        const list = tags.get(experiment_id)
        if (list) list.push({ key, value })
        else tags.set(experiment_id, [{ key, value }])
      }
    },
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    artifactLocation: artifactLocation(row),
    lifecycleStage: row.lifecycle_stage,
    createdTime: row.created_time,
    updatedTime: row.updated_time ?? row.created_time,
    tags: tags.get(row.id) ?? [],
  }))
}
