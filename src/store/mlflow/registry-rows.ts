import { BellwetherError } from '../../errors.ts'
import type { KeyValue, Stage, TrackedModel, TrackedVersion } from '../../track/mlflow-model.ts'
import type { SqlConnection } from '../sql-database.ts'
import { addTo, inChunks, placeholders } from './row-lists.ts'

export interface RegisteredRow {
  name: string
  created_time: number
  updated_time: number | null
  description: string | null
}

export interface VersionRow {
  model: string
  version: number
  run_id: string
  created_time: number
  updated_time: number
  stage: Stage
  status: TrackedVersion['status']
  status_message: string | null
  user_id: string | null
  description: string | null
  source: string | null
  storage_location: string | null
  run_link: string | null
  model_id: string | null
}

export const MODEL_COLUMNS = 'm.name, m.created_time, m.updated_time, m.description'
export const VERSION_COLUMNS =
  'v.model, v.version, v.run_id, v.created_time, v.updated_time, v.stage, v.status, v.status_message, v.user_id, v.description, v.source, v.storage_location, v.run_link, v.model_id'
export const NOT_DELETED = `v.stage <> 'Deleted_Internal'`

const SELECT_MODEL = `SELECT ${MODEL_COLUMNS} FROM registered_models m WHERE m.name = ?`
const SELECT_VERSION = `SELECT ${VERSION_COLUMNS} FROM model_versions v WHERE v.model = ? AND v.version = ? AND ${NOT_DELETED}`

/** @throws MODEL_NOT_FOUND */
export async function requireRegistered(sql: SqlConnection, name: string): Promise<RegisteredRow> {
  const row = await sql.first<RegisteredRow>(SELECT_MODEL, name)
  if (!row) throw new BellwetherError('MODEL_NOT_FOUND', `Registered Model with name=${name.slice(0, 100)} not found`)
  return row
}

/** @throws VERSION_NOT_FOUND */
export async function requireVersionRow(sql: SqlConnection, model: string, version: number): Promise<VersionRow> {
  const row = await sql.first<VersionRow>(SELECT_VERSION, model, version)
  if (!row) {
    throw new BellwetherError(
      'VERSION_NOT_FOUND',
      `Model Version (name=${model.slice(0, 100)}, version=${version}) not found`,
    )
  }
  return row
}

/** Where a version's files are: as its client said, or where the artifact store shows those of our own versions. */
export function sourceOf(row: VersionRow): string {
  return row.source ?? `mlflow-artifacts:/registry/${row.model}/${row.version}`
}

/** Versions that one statement reads tags or aliases of. */
const VERSIONS_AT_ONCE = 100

const versionKey = (model: string, version: number) => JSON.stringify([model, version])

/** Versions with tags and aliases, in the order of the rows. */
export async function withVersionData(sql: SqlConnection, rows: readonly VersionRow[]): Promise<TrackedVersion[]> {
  const tags = new Map<string, KeyValue[]>()
  const aliases = new Map<string, string[]>()
  for (let from = 0; from < rows.length; from += VERSIONS_AT_ONCE) {
    const some = rows.slice(from, from + VERSIONS_AT_ONCE)
    const length = some.length === 1 ? 1 : VERSIONS_AT_ONCE
    // Few statements serve all lengths: a shorter list repeats its last version.
    const of = Array.from({ length }, (_, index) => some[index] ?? some.at(-1)!)
    const values = of.flatMap(({ model, version }) => [model, version])
    const list = of.map(() => '(?, CAST(? AS BIGINT))').join(', ')
    const select = <Row>(columns: string, table: string, order: string) =>
      sql.all<Row & { model: string; version: number }>(
        `SELECT model, version, ${columns} FROM ${table} WHERE (model, version) IN (VALUES ${list}) ORDER BY ${order}`,
        ...values,
      )
    for (const { model, version, key, value } of await select<KeyValue>('key, value', 'model_version_tags', 'key'))
      addTo(tags, versionKey(model, version), { key, value })
    for (const { model, version, alias } of await select<{ alias: string }>('alias', 'model_aliases', 'alias'))
      addTo(aliases, versionKey(model, version), alias)
  }
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    createdTime: row.created_time,
    updatedTime: row.updated_time,
    userId: row.user_id,
    stage: row.stage,
    description: row.description,
    source: sourceOf(row),
    runId: row.run_id || null,
    status: row.status,
    statusMessage: row.status_message,
    runLink: row.run_link,
    modelId: row.model_id,
    tags: tags.get(versionKey(row.model, row.version)) ?? [],
    aliases: aliases.get(versionKey(row.model, row.version)) ?? [],
  }))
}

/** Models with tags, aliases and the newest version of each stage, in the order of the rows. */
export async function withModelData(sql: SqlConnection, rows: readonly RegisteredRow[]): Promise<TrackedModel[]> {
  const tags = new Map<string, KeyValue[]>()
  const aliases = new Map<string, { alias: string; version: number }[]>()
  const latest = new Map<string, VersionRow[]>()
  await inChunks(
    rows.map(({ name }) => name),
    async (names) => {
      const list = placeholders(names.length)
      for (const { model, key, value } of await sql.all<KeyValue & { model: string }>(
        `SELECT model, key, value FROM registered_model_tags WHERE model IN (${list}) ORDER BY model, key`,
        ...names,
      ))
        addTo(tags, model, { key, value })
      for (const { model, alias, version } of await sql.all<{ model: string; alias: string; version: number }>(
        `SELECT model, alias, version FROM model_aliases WHERE model IN (${list}) ORDER BY model, alias`,
        ...names,
      ))
        addTo(aliases, model, { alias, version })
      for (const row of await sql.all<VersionRow>(
        `SELECT ${VERSION_COLUMNS} FROM model_versions v JOIN (
  SELECT v.model, MAX(v.version) AS newest FROM model_versions v
  WHERE v.model IN (${list}) AND ${NOT_DELETED} AND v.status = 'READY' GROUP BY v.model, v.stage) n
  ON n.model = v.model AND n.newest = v.version
ORDER BY v.model, v.version`,
        ...names,
      ))
        addTo(latest, row.model, row)
    },
  )
  const versions = await withVersionData(sql, [...latest.values()].flat())
  const ofModel = Map.groupBy(versions, ({ model }) => model)
  return rows.map((row) => ({
    name: row.name,
    createdTime: row.created_time,
    updatedTime: row.updated_time ?? row.created_time,
    description: row.description,
    tags: tags.get(row.name) ?? [],
    aliases: aliases.get(row.name) ?? [],
    latestVersions: ofModel.get(row.name) ?? [],
  }))
}
