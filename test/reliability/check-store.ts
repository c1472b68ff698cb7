import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type Home, openHome } from '../../src/store/open-home.ts'
import { type Acknowledged, BATCH } from './writers.ts'

/**
 * Everything acknowledged is there; nothing is there by halves: batches are whole, every version has its files and its entry in the ledger, version
 * numbers have neither gaps nor twins, and the ledger's chain holds.
 */
export async function checkStore(place: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const home = await openHome(place, { create: false })
  try {
    await checkAcknowledged(home, acknowledged)
    await checkRuns(home)
    await checkRegistry(home)
  } finally {
    await home.close()
  }
}

async function checkAcknowledged(home: Home, acknowledged: readonly Acknowledged[]): Promise<void> {
  const { runs, artifacts, registry } = home.mlflow
  const reasons = new Map<string, Set<string>>()
  const keys = new Set((await home.keys.keys()).map(({ id }) => id))
  for (const what of acknowledged) {
    switch (what.kind) {
      case 'run':
        expect((await runs.get(what.run)).info.id).toBe(what.run)
        break
      case 'finished':
        expect((await runs.get(what.run)).info.status).toBe('FINISHED')
        break
      case 'metric': {
        const { items } = await runs.history(what.run, 'loss', { maxResults: null })
        expect(items.map(({ step }) => step)).toContain(what.step)
        break
      }
      case 'batch':
        expect((await runs.history(what.run, 'curve', { maxResults: null })).items).toHaveLength(BATCH)
        break
      case 'param':
        expect((await runs.get(what.run)).params).toContainEqual({ key: what.key, value: what.value })
        break
      case 'artifact': {
        const { hash } = await artifacts.get(what.path)
        expect(hash).toBe(`sha256:${what.sha256}`)
        const digest = createHash('sha256')
          .update(await home.blobs.get(hash))
          .digest('hex')
        expect(digest).toBe(what.sha256)
        break
      }
      case 'version':
        expect((await registry.version(what.model, what.version)).runId).toBe(what.run)
        break
      case 'alias': {
        const known =
          reasons.get(what.model) ?? new Set((await home.models.history(what.model)).map(({ reason }) => reason))
        reasons.set(what.model, known)
        expect(known).toContain(what.reason)
        break
      }
      case 'key':
        expect(keys).toContain(what.id)
    }
  }
}

async function checkRuns(home: Home): Promise<void> {
  const counts = await home.database.read((sql) =>
    sql.all<{ run_id: string; n: number }>(
      `SELECT run_id, COUNT(*) AS n FROM metrics WHERE key = 'curve' GROUP BY run_id`,
    ),
  )
  expect(counts.filter(({ n }) => n !== BATCH)).toEqual([])
  // A param of a batch is there where its metrics are.
  const halves = await home.database.read((sql) =>
    sql.all(`SELECT run_id FROM latest_metrics m WHERE m.key = 'curve'
      AND NOT EXISTS (SELECT 1 FROM params p WHERE p.run_id = m.run_id AND p.key LIKE 'param %')`),
  )
  expect(halves).toEqual([])
}

async function checkRegistry({ models, mlflow, blobs, database }: Home): Promise<void> {
  expect((await models.verifyLedger()).brokenAt).toBe(null)
  const { items } = await mlflow.registry.searchModels({ filter: '', orderBy: [], maxResults: 100, pageToken: null })
  for (const { name } of items) {
    const rows = await database.read((sql) =>
      sql.all<{ version: number }>('SELECT version FROM model_versions WHERE model = ? ORDER BY version', name),
    )
    expect(rows.map(({ version }) => version)).toEqual(Array.from({ length: rows.length }, (_, index) => index + 1))
    const history = await models.history(name)
    const created = history.filter(({ action }) => action === 'version-created').map(({ to }) => to)
    expect(created).toEqual(rows.map(({ version }) => version))
    const files = await database.read((sql) =>
      sql.all<{ version: number; hash: string }>('SELECT version, hash FROM model_version_files WHERE model = ?', name),
    )
    expect(new Set(files.map(({ version }) => version)).size).toBe(rows.length)
    for (const { hash } of files) expect(await blobs.has(hash)).toBe(true)
    // The aliases are what the ledger says that they are.
    const last = new Map(history.filter(({ alias }) => alias !== null).map(({ alias, to }) => [alias, to]))
    const aliases = await database.read((sql) =>
      sql.all<{ alias: string; version: number }>('SELECT alias, version FROM model_aliases WHERE model = ?', name),
    )
    expect(Object.fromEntries(aliases.map(({ alias, version }) => [alias, version]))).toEqual(Object.fromEntries(last))
  }
}
