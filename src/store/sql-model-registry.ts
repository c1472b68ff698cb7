import type { KeyObject } from 'node:crypto'
import { BellwetherError } from '../errors.ts'
import type { BlobStore } from '../track/blob-store.ts'
import { headAfter, LedgerWalk, liveAt, rollbackTarget } from '../track/ledger.ts'
import type {
  AliasChange,
  LedgerEntry,
  ModelRegistry,
  ModelVersion,
  NewModelVersion,
  RegisteredModel,
  Rollback,
  TrafficChange,
} from '../track/model-registry.ts'
import { checkName } from '../track/names.ts'
import { trafficOfRollback } from '../track/traffic-history.ts'
import { CHAMPION, samePlan, type TrafficPlan } from '../track/traffic-plan.ts'
import { appendToLedger, entryOf } from './ledger-rows.ts'
import { readVersion, readVersions, requireModel, requireVersion } from './model-rows.ts'
import { changeTraffic, checkPlan, planOfRow, readTraffic, storeTraffic } from './model-traffic.ts'
import { type ErasedRow, SELECT_ERASED } from './queries/dataset-queries.ts'
import {
  type LedgerHeadRow,
  type LedgerRow,
  SELECT_LEDGER_CREATION,
  SELECT_LEDGER_HEAD,
  SELECT_LEDGER_OF_MODEL,
  SELECT_LEDGER_PAGE,
} from './queries/ledger-queries.ts'
import {
  type AliasRow,
  ENSURE_MODEL,
  INSERT_VERSION,
  INSERT_VERSION_FILE,
  INSERT_VERSION_METRIC,
  NEXT_VERSION,
  type RegisteredModelRow,
  SELECT_ALIAS,
  SELECT_ALIASES,
  SELECT_ALIASES_OF_MODEL,
  SELECT_MODELS,
  SELECT_TRAFFIC,
  type TrafficRow,
  UPSERT_ALIAS,
} from './queries/model-queries.ts'
import { FINISH_RUN, type RunRow, SELECT_RUN } from './queries/run-queries.ts'
import { requireBlob, requireInteger } from './required-blob.ts'
import { signedFiles } from './signed-files.ts'
import type { SqlConnection, SqlDatabase } from './sql-database.ts'

const LEDGER_PAGE = 1000

/** The model registry on a SQL database, whatever its dialect. */
export class SqlModelRegistry implements ModelRegistry {
  readonly #database: SqlDatabase
  readonly #blobs: BlobStore
  readonly #signingKey: KeyObject | null

  /** @param signingKey What versions that are made here are signed with. */
  constructor(database: SqlDatabase, blobs: BlobStore, signingKey: KeyObject | null = null) {
    this.#database = database
    this.#blobs = blobs
    this.#signingKey = signingKey
  }

  async createVersion(given: NewModelVersion): Promise<ModelVersion> {
    const version =
      this.#signingKey && given.imported !== true
        ? { ...given, files: await signedFiles(given.files, this.#blobs, this.#signingKey) }
        : given
    const { model, actor, reason, now } = version
    checkName('model', model)
    const aliases = [...new Set(version.aliases)]
    for (const alias of aliases) checkName('alias', alias)
    for (const metric of Object.keys(version.metrics)) checkName('metric', metric)
    requireInteger(now, 'now')
    checkFiles(version)
    for (const file of version.files)
      await requireBlob(this.#blobs, file.hash, `File "${file.path}" of model "${model}"`)
    return this.#database.write(async (sql) => {
      const run = await sql.first<RunRow>(SELECT_RUN, version.runId)
      if (!run) throw new BellwetherError('RUN_NOT_FOUND', `There is no run ${JSON.stringify(version.runId)}.`)
      if (version.endsRun) await endRun(sql, run, now)
      await requireLearntData(sql, version)
      await sql.run(ENSURE_MODEL, model, now, now)
      const number = (await sql.first<{ latest_version: number }>(NEXT_VERSION, now, model))!.latest_version
      await sql.run(INSERT_VERSION, model, number, version.runId, version.datasetId, version.estimator, now, now)
      for (const file of version.files)
        await sql.run(INSERT_VERSION_FILE, model, number, file.path, file.hash, file.sizeBytes)
      for (const [key, value] of Object.entries(version.metrics)) {
        await sql.run(INSERT_VERSION_METRIC, model, number, key, Number.isNaN(value) ? null : value)
      }
      await appendToLedger(sql, {
        time: now,
        actor,
        action: 'version-created',
        model,
        alias: null,
        from: null,
        to: number,
        reason,
        ...(version.gates && version.gates.length > 0 ? { gates: version.gates } : {}),
      })
      for (const alias of aliases)
        await pointAlias(sql, { model, alias, version: number, actor, reason, now }, 'alias-set')
      return readVersion(sql, model, number)
    })
  }

  async models(): Promise<RegisteredModel[]> {
    const { models, aliases, plans } = await this.#database.read(async (sql) => ({
      models: await sql.all<RegisteredModelRow>(SELECT_MODELS),
      aliases: await sql.all<AliasRow>(SELECT_ALIASES),
      plans: await sql.all<TrafficRow>(SELECT_TRAFFIC),
    }))
    const byModel = Map.groupBy(aliases, ({ model }) => model)
    const planOfModel = new Map(plans.map((row) => [row.model, planOfRow(row)]))
    return models.map((row) => modelOf(row, byModel.get(row.name) ?? [], planOfModel.get(row.name) ?? null))
  }

  async model(name: string): Promise<RegisteredModel> {
    return this.#database.read((sql) => readModel(sql, name))
  }

  async version(name: string, version: number): Promise<ModelVersion> {
    return this.#database.read((sql) => readVersion(sql, name, version))
  }

  async versions(name: string): Promise<ModelVersion[]> {
    return this.#database.read((sql) => readVersions(sql, name))
  }

  async byAlias(name: string, alias: string): Promise<ModelVersion> {
    return this.#database.read(async (sql) => {
      await requireModel(sql, name)
      return readVersion(sql, name, (await requireAlias(sql, name, alias)).version)
    })
  }

  async setAlias(change: AliasChange): Promise<ModelVersion> {
    checkName('alias', change.alias)
    requireInteger(change.now, 'now')
    return this.#database.write(async (sql) => {
      await requireVersion(sql, change.model, change.version)
      if (change.alias === 'champion' && change.override !== true) await requireGates(sql, change)
      await pointAlias(sql, change, 'alias-set')
      return readVersion(sql, change.model, change.version)
    })
  }

  async rollback({ toVersion, toTime, ...change }: Rollback): Promise<ModelVersion> {
    requireInteger(change.now, 'now')
    return this.#database.write(async (sql) => {
      await requireModel(sql, change.model)
      const current = await requireAlias(sql, change.model, change.alias)
      const entries = await ledgerOf(sql, change.model)
      const { version, why } = chooseTarget(entries, change.alias, current.version, { toVersion, toTime })
      if (version === null || version === current.version) {
        throw new BellwetherError(
          'NOTHING_TO_ROLL_BACK',
          `Alias "${change.alias}" of model "${change.model}" points at version ${current.version}, ${why}.`,
        )
      }
      await requireVersion(sql, change.model, version)
      const traffic =
        change.alias === CHAMPION
          ? trafficOfRollback(entries, {
              from: current.version,
              to: version,
              time: toTime,
              aliases: (await readModel(sql, change.model)).aliases,
            })
          : undefined
      await pointAlias(sql, { ...change, version }, 'rollback', traffic)
      return readVersion(sql, change.model, version)
    })
  }

  async setTraffic(given: TrafficChange): Promise<RegisteredModel> {
    requireInteger(given.now, 'now')
    const change = given.plan ? { ...given, plan: checkPlan(given.plan) } : given
    return this.#database.write(async (sql) => {
      await requireModel(sql, change.model)
      await changeTraffic(sql, change)
      return readModel(sql, change.model)
    })
  }

  async history(name: string): Promise<LedgerEntry[]> {
    return this.#database.read(async (sql) => {
      await requireModel(sql, name)
      return ledgerOf(sql, name)
    })
  }

  async verifyLedger(): Promise<{ readonly entries: number; readonly brokenAt: number | null }> {
    return this.#database.read(async (sql) => {
      const walk = new LedgerWalk()
      let entries = 0
      let after = Number.MIN_SAFE_INTEGER
      for (;;) {
        const page = (await sql.all<LedgerRow>(SELECT_LEDGER_PAGE, after, LEDGER_PAGE)).map(entryOf)
        walk.take(page)
        entries += page.length
        if (page.length < LEDGER_PAGE) break
        after = headAfter(page.at(-1)!).entries
      }
      const head = (await sql.first<LedgerHeadRow>(SELECT_LEDGER_HEAD)) ?? null
      return { entries, brokenAt: walk.finish(head) }
    })
  }

  async revision(): Promise<number> {
    // Every change of a version, alias or plan of traffic is an entry, so their number tells.
    const head = await this.#database.read((sql) => sql.first<LedgerHeadRow>(SELECT_LEDGER_HEAD))
    return head?.entries ?? 0
  }
}

/** Moves an alias, and brings back a plan of traffic where one is given, and writes the ledger. Pointing it where it points already changes nothing. */
async function pointAlias(
  sql: SqlConnection,
  change: AliasChange,
  action: 'alias-set' | 'rollback',
  plan?: TrafficPlan | null,
): Promise<void> {
  const { model, alias, version, actor, reason, now } = change
  const from = (await sql.first<AliasRow>(SELECT_ALIAS, model, alias))?.version ?? null
  if (from === version) return
  await sql.run(UPSERT_ALIAS, model, alias, version)
  const entry = { time: now, actor, action, model, alias, from, to: version, reason }
  const before = plan === undefined ? null : await readTraffic(sql, model)
  if (plan === undefined || samePlan(before, plan)) return appendToLedger(sql, entry)
  await storeTraffic(sql, model, plan)
  await appendToLedger(sql, { ...entry, traffic: { from: before, to: plan } })
}

async function readModel(sql: SqlConnection, name: string): Promise<RegisteredModel> {
  return modelOf(
    await requireModel(sql, name),
    await sql.all<AliasRow>(SELECT_ALIASES_OF_MODEL, name),
    await readTraffic(sql, name),
  )
}

/** Where a rollback goes, and why it can't where it is null or where the alias points already. */
function chooseTarget(
  entries: readonly LedgerEntry[],
  alias: string,
  current: number,
  { toVersion, toTime }: { toVersion: number | undefined; toTime: number | undefined },
): { version: number | null; why: string } {
  if (toVersion !== undefined && toTime !== undefined)
    throw new BellwetherError('INVALID_INPUT', 'A rollback goes to a version or to a time, not to both.')
  if (toVersion !== undefined) {
    if (toVersion === current) return { version: null, why: 'where it shall go' }
    const pointed = entries.some((entry) => entry.alias === alias && entry.to === toVersion)
    return { version: pointed ? toVersion : null, why: `and never pointed at version ${toVersion}` }
  }
  if (toTime !== undefined) {
    const then = liveAt(entries, alias, toTime)
    const at = new Date(toTime).toISOString()
    return { version: then?.to ?? null, why: then ? `as it did at ${at}` : `and pointed at none at ${at}` }
  }
  return { version: rollbackTarget(entries, alias), why: 'the first that it ever pointed at' }
}

/** @throws GATES_NOT_PASSED naming each gate that said no */
async function requireGates(sql: SqlConnection, { model, version }: AliasChange): Promise<void> {
  const row = await sql.first<LedgerRow>(SELECT_LEDGER_CREATION, model, version)
  const refused = (row ? (entryOf(row).gates ?? []) : []).filter(({ passed }) => !passed)
  if (refused.length === 0) return
  const details = refused.map(({ metric, value, expected }) => ({
    path: `gates.${metric}`,
    message: `expected ${expected}, is ${value ?? 'without a value'}`,
  }))
  throw new BellwetherError(
    'GATES_NOT_PASSED',
    `Version ${version} of "${model}" did not pass its gates: ${details.map(({ path, message }) => `${path.slice(6)}: ${message}`).join('; ')}.`,
    { details },
  )
}

async function requireAlias(sql: SqlConnection, model: string, alias: string): Promise<AliasRow> {
  const row = await sql.first<AliasRow>(SELECT_ALIAS, model, alias)
  if (row) return row
  const known = (await sql.all<AliasRow>(SELECT_ALIASES_OF_MODEL, model)).map((one) => one.alias)
  throw new BellwetherError(
    'ALIAS_NOT_FOUND',
    `Model "${model}" has no alias ${JSON.stringify(alias.slice(0, 80))}; it has: ${known.join(', ') || 'none'}.`,
  )
}

async function ledgerOf(sql: SqlConnection, model: string): Promise<LedgerEntry[]> {
  return (await sql.all<LedgerRow>(SELECT_LEDGER_OF_MODEL, model)).map(entryOf)
}

function modelOf(row: RegisteredModelRow, aliases: readonly AliasRow[], traffic: TrafficPlan | null): RegisteredModel {
  return {
    name: row.name,
    createdTime: row.created_time,
    latestVersion: row.latest_version,
    aliases: Object.fromEntries(aliases.map(({ alias, version }) => [alias, version])),
    ...(traffic ? { traffic } : {}),
  }
}

/** @throws RUN_FINISHED */
async function endRun(sql: SqlConnection, run: RunRow, now: number): Promise<void> {
  if ((await sql.run(FINISH_RUN, 'FINISHED', now, run.id)) === 0)
    throw new BellwetherError('RUN_FINISHED', `Run ${run.id} ended as ${run.status}: it gets no version any more.`)
}

/** In the transaction that registers: what is erased later names the version among those that learnt from it. */
async function requireLearntData(
  sql: SqlConnection,
  { datasetId, imported }: Pick<NewModelVersion, 'datasetId' | 'imported'>,
): Promise<void> {
  const dataset = await sql.first<ErasedRow>(SELECT_ERASED, datasetId)
  if (!dataset)
    throw new BellwetherError('DATASET_NOT_FOUND', `There is no dataset version ${JSON.stringify(datasetId)}.`)
  if (dataset.successor !== null && imported !== true)
    throw new BellwetherError(
      'TRAINING_DATA_ERASED',
      `A person was erased from dataset version ${datasetId} while the model learnt from it; ${dataset.successor} has the other rows. No version was registered.`,
    )
}

function checkFiles({ files }: NewModelVersion): void {
  const paths = new Set<string>()
  for (const [index, { path, sizeBytes }] of files.entries()) {
    requireInteger(sizeBytes, `files[${index}].sizeBytes`)
    const message = paths.has(path) ? `"${path}" is there twice` : path === '' ? 'expected a name' : null
    if (message)
      throw new BellwetherError('INVALID_INPUT', `files[${index}].path: ${message}.`, {
        details: [{ path: `files[${index}].path`, message }],
      })
    paths.add(path)
  }
  if (files.length === 0) throw new BellwetherError('INVALID_INPUT', 'files: a model version needs at least one file.')
}
