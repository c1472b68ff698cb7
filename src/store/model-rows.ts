import { BellwetherError } from '../errors.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import {
  type AliasRow,
  type ModelFileRow,
  type ModelMetricRow,
  type ModelVersionRow,
  type RegisteredModelRow,
  SELECT_ALIASES_OF_MODEL,
  SELECT_FILES_OF_VERSION,
  SELECT_METRICS_OF_VERSION,
  SELECT_MODEL,
  SELECT_MODELS,
  SELECT_VERSION,
  SELECT_VERSION_FILES,
  SELECT_VERSION_METRICS,
  SELECT_VERSIONS,
} from './queries/model-queries.ts'
import type { SqlConnection } from './sql-database.ts'

/** @throws MODEL_NOT_FOUND */
export async function requireModel(sql: SqlConnection, name: string): Promise<RegisteredModelRow> {
  const row = await sql.first<RegisteredModelRow>(SELECT_MODEL, name)
  if (row) return row
  const known = (await sql.all<RegisteredModelRow>(SELECT_MODELS)).slice(0, 10).map((model) => model.name)
  throw new BellwetherError(
    'MODEL_NOT_FOUND',
    `There is no model ${JSON.stringify(name.slice(0, 80))}; there is: ${known.join(', ') || 'none'}.`,
  )
}

/** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND */
export async function requireVersion(sql: SqlConnection, model: string, version: number): Promise<ModelVersionRow> {
  const { latest_version: latest } = await requireModel(sql, model)
  const row = Number.isSafeInteger(version)
    ? await sql.first<ModelVersionRow>(SELECT_VERSION, model, version)
    : undefined
  if (!row)
    throw new BellwetherError(
      'VERSION_NOT_FOUND',
      `Model "${model}" has no version ${version}; its latest is ${latest}.`,
    )
  return row
}

/** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND */
export async function readVersion(sql: SqlConnection, model: string, version: number): Promise<ModelVersion> {
  return versionOf(await requireVersion(sql, model, version), {
    files: await sql.all<ModelFileRow>(SELECT_FILES_OF_VERSION, model, version),
    metrics: await sql.all<ModelMetricRow>(SELECT_METRICS_OF_VERSION, model, version),
    aliases: await sql.all<AliasRow>(SELECT_ALIASES_OF_MODEL, model),
  })
}

/** Newest first. @throws MODEL_NOT_FOUND */
export async function readVersions(sql: SqlConnection, model: string): Promise<ModelVersion[]> {
  await requireModel(sql, model)
  const rows = await sql.all<ModelVersionRow>(SELECT_VERSIONS, model)
  const files = Map.groupBy(await sql.all<ModelFileRow>(SELECT_VERSION_FILES, model), ({ version }) => version)
  const metrics = Map.groupBy(await sql.all<ModelMetricRow>(SELECT_VERSION_METRICS, model), ({ version }) => version)
  const aliases = await sql.all<AliasRow>(SELECT_ALIASES_OF_MODEL, model)
  return rows.map((row) =>
    versionOf(row, { files: files.get(row.version) ?? [], metrics: metrics.get(row.version) ?? [], aliases }),
  )
}

interface VersionParts {
  readonly files: readonly ModelFileRow[]
  readonly metrics: readonly ModelMetricRow[]
  /** of all versions of the model */
  readonly aliases: readonly AliasRow[]
}

function versionOf(row: ModelVersionRow, { files, metrics, aliases }: VersionParts): ModelVersion {
  return {
    model: row.model,
    version: row.version,
    runId: row.run_id,
    datasetId: row.dataset_id ?? '',
    estimator: row.estimator,
    files: files.map(({ path, hash, size_bytes }) => ({ path, hash, sizeBytes: size_bytes })),
    metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value ?? Number.NaN])),
    aliases: aliases.filter(({ version }) => version === row.version).map(({ alias }) => alias),
    createdTime: row.created_time,
    source: row.source,
  }
}
