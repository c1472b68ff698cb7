import { BellwetherError } from '../../errors.ts'
import type { LedgerFact } from '../../track/ledger.ts'
import {
  type KeyValue,
  type Page,
  type Search,
  STAGES,
  type Stage,
  type StoredArtifact,
  type TrackedModel,
  type TrackedVersion,
} from '../../track/mlflow-model.ts'
import { checkAlias, checkModelName, checkTag, invalidParameter, LIMITS } from '../../track/mlflow-rules.ts'
import type { MlflowRegistry, RegistryActor } from '../../track/mlflow-stores.ts'
import { parseFilter, parseOrder } from '../../track/search/filter.ts'
import { appendToLedger } from '../ledger-rows.ts'
import { INSERT_VERSION_FILE, NEXT_VERSION, UPSERT_ALIAS } from '../queries/model-queries.ts'
import { compileFilter } from '../search/compile-filter.ts'
import { compileOrder } from '../search/search-order.ts'
import { decodePageToken, queryPage } from '../search/search-page.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { SqlConnection, SqlDatabase } from '../sql-database.ts'
import {
  MODEL_COLUMNS,
  NOT_DELETED,
  type RegisteredRow,
  requireRegistered,
  requireVersionRow,
  sourceOf,
  VERSION_COLUMNS,
  type VersionRow,
  withModelData,
  withVersionData,
} from './registry-rows.ts'
import { checkMaxResults, pageOf, sortValues } from './sql-experiment-store.ts'
import { searchVersions } from './version-search.ts'

const INSERT_MODEL = `
INSERT INTO registered_models (name, created_time, updated_time, latest_version, description) VALUES (?, ?, ?, 0, ?)
ON CONFLICT (name) DO NOTHING`
const DESCRIBE_MODEL = `UPDATE registered_models SET description = ?, updated_time = ? WHERE name = ?`
const TOUCH_MODEL = `UPDATE registered_models SET updated_time = ? WHERE name = ?`
const RENAME_MODEL = `UPDATE registered_models SET name = ?, updated_time = ? WHERE name = ?`
const TOUCH_VERSIONS = `UPDATE model_versions SET updated_time = ? WHERE model = ?`
const PARTS_OF_MODEL = [
  'model_traffic',
  'model_aliases',
  'model_version_tags',
  'model_version_metrics',
  'model_version_files',
  'model_versions',
  'registered_model_tags',
]
const UPSERT_MODEL_TAG = `
INSERT INTO registered_model_tags (model, key, value) VALUES (?, ?, ?)
ON CONFLICT (model, key) DO UPDATE SET value = excluded.value`
const UPSERT_VERSION_TAG = `
INSERT INTO model_version_tags (model, version, key, value) VALUES (?, ?, ?, ?)
ON CONFLICT (model, version, key) DO UPDATE SET value = excluded.value`
const INSERT_VERSION = `
INSERT INTO model_versions (model, version, run_id, dataset_id, estimator, created_time, updated_time, user_id, description, source, storage_location, run_link, model_id)
VALUES (?, ?, ?, NULL, 'mlflow', ?, ?, ?, ?, ?, ?, ?, ?)`
const DESCRIBE_VERSION = `UPDATE model_versions SET description = ?, updated_time = ? WHERE model = ? AND version = ?`
const SET_STAGE = `UPDATE model_versions SET stage = ?, updated_time = ? WHERE model = ? AND version = ?`
const SELECT_OF_STAGE = `SELECT ${VERSION_COLUMNS} FROM model_versions v WHERE v.model = ? AND v.stage = ? AND v.version <> ?`
const SELECT_ALIAS = `SELECT version FROM model_aliases WHERE model = ? AND alias = ?`
const SELECT_ALIASES_OF_VERSION = `SELECT alias FROM model_aliases WHERE model = ? AND version = ? ORDER BY alias`
const DELETE_ALIAS = `DELETE FROM model_aliases WHERE model = ? AND alias = ?`

const MAX_MODELS = 1000
const MAX_VERSIONS = 200_000

/** The registry as MLflow's clients use it, on a SQL database. Changes of aliases, stages, names and deletions are entries of the ledger. */
export class SqlMlflowRegistry implements MlflowRegistry {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async createModel(
    model: { name: string; description: string | null; tags: readonly KeyValue[] },
    { now }: RegistryActor,
  ): Promise<TrackedModel> {
    const { name, description, tags } = model
    checkModelName(name)
    for (const tag of tags) checkTag(tag, LIMITS.registryTagValue)
    return this.#database.write(async (sql) => {
      if ((await sql.run(INSERT_MODEL, name, now, now, description)) === 0)
        throw new BellwetherError('ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`)
      for (const { key, value } of tags) await sql.run(UPSERT_MODEL_TAG, name, key, value)
      return readModel(sql, name)
    })
  }

  model(name: string): Promise<TrackedModel> {
    return this.#database.read((sql) => readModel(sql, name))
  }

  describeModel(name: string, description: string | null, { now }: RegistryActor): Promise<TrackedModel> {
    return this.#database.write(async (sql) => {
      await requireRegistered(sql, name)
      await sql.run(DESCRIBE_MODEL, description, now, name)
      return readModel(sql, name)
    })
  }

  renameModel(name: string, newName: string, by: RegistryActor): Promise<TrackedModel> {
    checkModelName(newName)
    return this.#database.write(async (sql) => {
      await requireRegistered(sql, name)
      if (name === newName) return readModel(sql, name)
      if (await sql.first(`SELECT 1 AS found FROM registered_models WHERE name = ?`, newName))
        throw new BellwetherError('ALREADY_EXISTS', `Registered Model (name=${newName}) already exists.`)
      await sql.run(RENAME_MODEL, newName, by.now, name)
      await sql.run(TOUCH_VERSIONS, by.now, newName)
      await note(sql, by, { action: 'model-renamed', model: newName, reason: `was ${name}` })
      return readModel(sql, newName)
    })
  }

  async deleteModel(name: string, by: RegistryActor): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireRegistered(sql, name)
      for (const table of PARTS_OF_MODEL) await sql.run(`DELETE FROM ${table} WHERE model = ?`, name)
      await sql.run(`DELETE FROM registered_models WHERE name = ?`, name)
      await note(sql, by, { action: 'model-deleted', model: name })
    })
  }

  async setModelTag(name: string, tag: KeyValue): Promise<void> {
    checkTag(tag, LIMITS.registryTagValue)
    await this.#database.write(async (sql) => {
      await requireRegistered(sql, name)
      await sql.run(UPSERT_MODEL_TAG, name, tag.key, tag.value)
    })
  }

  async deleteModelTag(name: string, key: string): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireRegistered(sql, name)
      await sql.run(`DELETE FROM registered_model_tags WHERE model = ? AND key = ?`, name, key)
    })
  }

  async searchModels(search: Search): Promise<Page<TrackedModel>> {
    const { filter = '', orderBy = [], maxResults, pageToken } = search
    checkMaxResults(maxResults, MAX_MODELS)
    const target = SEARCH_TARGETS.registeredModels
    const tree = parseFilter(filter)
    const order = compileOrder(parseOrder(orderBy), target, [{ sql: 'm.name', ascending: true }])
    const pin = ['registered-models', filter, orderBy]
    const after = pageToken ? decodePageToken(pin, pageToken, order.parts.length).after : null
    return this.#database.read(async (sql) => {
      const { rows } = await queryPage<RegisteredRow>(sql, {
        columns: MODEL_COLUMNS,
        from: {
          sql: ['registered_models m', ...order.joins.map((join) => join.sql)].join('\n'),
          values: order.joins.flatMap((join) => join.values),
        },
        where: tree ? [compileFilter(tree, target)] : [],
        sort: order.parts,
        limit: maxResults + 1,
        after,
      })
      return pageOf(
        rows,
        maxResults,
        (row) => sortValues(row, order.parts.length),
        pin,
        (some) => withModelData(sql, some),
      )
    })
  }

  async createVersion(
    version: {
      model: string
      source: string
      storageLocation: string | null
      runId: string | null
      description: string | null
      runLink: string | null
      modelId: string | null
      tags: readonly KeyValue[]
      files: readonly StoredArtifact[]
    },
    by: RegistryActor,
  ): Promise<TrackedVersion> {
    const { model, source, storageLocation, runId, description, runLink, modelId, tags, files } = version
    for (const tag of tags) checkTag(tag, LIMITS.registryTagValue)
    return this.#database.write(async (sql) => {
      await requireRegistered(sql, model)
      const number = (await sql.first<{ latest_version: number }>(NEXT_VERSION, by.now, model))!.latest_version
      const about = [by.actor, description, source, storageLocation, runLink, modelId] as const
      await sql.run(INSERT_VERSION, model, number, runId ?? '', by.now, by.now, ...about)
      for (const { key, value } of tags) await sql.run(UPSERT_VERSION_TAG, model, number, key, value)
      for (const { path, hash, sizeBytes } of files)
        await sql.run(INSERT_VERSION_FILE, model, number, path, hash, sizeBytes)
      await note(sql, by, { action: 'version-created', model, to: number, reason: source.slice(0, 500) })
      return readVersion(sql, model, number)
    })
  }

  version(model: string, version: number): Promise<TrackedVersion> {
    return this.#database.read((sql) => readVersion(sql, model, version))
  }

  describeVersion(
    model: string,
    version: number,
    description: string | null,
    { now }: RegistryActor,
  ): Promise<TrackedVersion> {
    return this.#database.write(async (sql) => {
      await requireVersionRow(sql, model, version)
      await sql.run(DESCRIBE_VERSION, description, now, model, version)
      return readVersion(sql, model, version)
    })
  }

  async deleteVersion(model: string, version: number, by: RegistryActor): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireVersionRow(sql, model, version)
      for (const { alias } of await sql.all<{ alias: string }>(SELECT_ALIASES_OF_VERSION, model, version)) {
        await sql.run(DELETE_ALIAS, model, alias)
        await note(sql, by, { action: 'alias-removed', model, alias, from: version })
      }
      await sql.run(SET_STAGE, 'Deleted_Internal', by.now, model, version)
      await sql.run(TOUCH_MODEL, by.now, model)
      await note(sql, by, { action: 'version-deleted', model, from: version })
    })
  }

  async setVersionTag(model: string, version: number, tag: KeyValue): Promise<void> {
    checkTag(tag, LIMITS.registryTagValue)
    await this.#database.write(async (sql) => {
      await requireVersionRow(sql, model, version)
      await sql.run(UPSERT_VERSION_TAG, model, version, tag.key, tag.value)
    })
  }

  async deleteVersionTag(model: string, version: number, key: string): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireVersionRow(sql, model, version)
      await sql.run(`DELETE FROM model_version_tags WHERE model = ? AND version = ? AND key = ?`, model, version, key)
    })
  }

  setStage(
    change: { model: string; version: number; stage: string; archiveExisting: boolean },
    by: RegistryActor,
  ): Promise<TrackedVersion> {
    const { model, version, archiveExisting } = change
    const stage = canonicalStage(change.stage)
    if (archiveExisting && stage !== 'Staging' && stage !== 'Production') {
      throw invalidParameter(
        'archive_existing_versions',
        `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production`,
      )
    }
    return this.#database.write(async (sql) => {
      const row = await requireVersionRow(sql, model, version)
      if (archiveExisting) {
        for (const other of await sql.all<VersionRow>(SELECT_OF_STAGE, model, stage, version)) {
          await sql.run(SET_STAGE, 'Archived', by.now, model, other.version)
          await note(sql, by, { action: 'stage-set', model, to: other.version, reason: `${stage} -> Archived` })
        }
      }
      await sql.run(SET_STAGE, stage, by.now, model, version)
      await sql.run(TOUCH_MODEL, by.now, model)
      if (row.stage !== stage)
        await note(sql, by, { action: 'stage-set', model, to: version, reason: `${row.stage} -> ${stage}` })
      return readVersion(sql, model, version)
    })
  }

  async latestVersions(model: string, stages: readonly string[]): Promise<TrackedVersion[]> {
    const wanted = new Set(stages.map(canonicalStage))
    const { latestVersions } = await this.model(model)
    return wanted.size === 0 ? [...latestVersions] : latestVersions.filter(({ stage }) => wanted.has(stage))
  }

  searchVersions(search: Search): Promise<Page<TrackedVersion>> {
    checkMaxResults(search.maxResults, MAX_VERSIONS)
    return this.#database.read((sql) => searchVersions(sql, search))
  }

  async setAlias(model: string, alias: string, version: number, by: RegistryActor): Promise<void> {
    checkAlias(alias)
    await this.#database.write(async (sql) => {
      await requireRegistered(sql, model)
      await requireVersionRow(sql, model, version)
      const from = (await sql.first<{ version: number }>(SELECT_ALIAS, model, alias))?.version ?? null
      if (from === version) return
      await sql.run(UPSERT_ALIAS, model, alias, version)
      await sql.run(TOUCH_MODEL, by.now, model)
      await note(sql, by, { action: 'alias-set', model, alias, from, to: version })
    })
  }

  async deleteAlias(model: string, alias: string, by: RegistryActor): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireRegistered(sql, model)
      const from = (await sql.first<{ version: number }>(SELECT_ALIAS, model, alias))?.version
      if (from === undefined) return
      await sql.run(DELETE_ALIAS, model, alias)
      await sql.run(TOUCH_MODEL, by.now, model)
      await note(sql, by, { action: 'alias-removed', model, alias, from })
    })
  }

  byAlias(model: string, alias: string): Promise<TrackedVersion> {
    return this.#database.read(async (sql) => {
      await requireRegistered(sql, model)
      if (alias.toLowerCase() === 'latest') {
        const newest = await sql.first<{ version: number | null }>(
          `SELECT MAX(v.version) AS version FROM model_versions v WHERE v.model = ? AND ${NOT_DELETED}`,
          model,
        )
        if (newest?.version) return readVersion(sql, model, newest.version)
        throw new BellwetherError('VERSION_NOT_FOUND', `Latest version not found for model ${model}.`)
      }
      const found = await sql.first<{ version: number }>(SELECT_ALIAS, model, alias)
      if (!found)
        throw new BellwetherError('ALIAS_NOT_FOUND', `Registered model alias ${alias.slice(0, 100)} not found.`)
      return readVersion(sql, model, found.version)
    })
  }

  downloadUri(model: string, version: number): Promise<string> {
    return this.#database.read(async (sql) => {
      const row = await requireVersionRow(sql, model, version)
      return row.storage_location ?? sourceOf(row)
    })
  }
}

/** @throws INVALID_INPUT */
function canonicalStage(stage: string): Stage {
  const known = STAGES.find((one) => one.toLowerCase() === stage.toLowerCase())
  if (known) return known
  throw invalidParameter(
    'stage',
    `Invalid Model Version stage: ${stage.slice(0, 80)}. Value must be one of ${STAGES.join(', ')}.`,
  )
}

async function readModel(sql: SqlConnection, name: string): Promise<TrackedModel> {
  return (await withModelData(sql, [await requireRegistered(sql, name)]))[0]!
}

async function readVersion(sql: SqlConnection, model: string, version: number): Promise<TrackedVersion> {
  return (await withVersionData(sql, [await requireVersionRow(sql, model, version)]))[0]!
}

async function note(
  sql: SqlConnection,
  { actor, now }: RegistryActor,
  fact: Pick<LedgerFact, 'action' | 'model'> & Partial<LedgerFact>,
): Promise<void> {
  await appendToLedger(sql, { alias: null, from: null, to: null, reason: '', ...fact, actor, time: now })
}
