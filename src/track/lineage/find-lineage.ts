import { BellwetherError } from '../../errors.ts'
import type { DatasetStore } from '../dataset-store.ts'
import type { ModelRegistry } from '../model-registry.ts'
import { originOfPrediction } from '../prediction-id.ts'
import type { TrackingStore } from '../tracking-store.ts'
import { type LineageGraph, type LineageStart, type LineageStore, withPrediction } from './lineage.ts'

export interface FindLineageDeps {
  readonly lineage: LineageStore
  readonly datasets: DatasetStore
  readonly tracking: Pick<TrackingStore, 'run'>
  readonly models: Pick<ModelRegistry, 'model' | 'version' | 'byAlias'>
  /** The model version that gave a prediction; null where the log has no such prediction. */
  predicted(id: string): Promise<{ readonly model: string; readonly version: number } | null>
}

/**
 * The lineage of whatever an id names: a dataset version or run (or the start of its id), `model/version`, `model@alias`, a model (its champion, else its latest version),
 * or a prediction.
 * @throws LINEAGE_NOT_FOUND, ID_AMBIGUOUS
 */
export async function findLineage(id: string, deps: FindLineageDeps): Promise<LineageGraph> {
  const start = await startOf(id, deps)
  if (start) return deps.lineage.lineage(start)
  // What no prediction can have as its id is not looked for in the whole log.
  const answered = originOfPrediction(id) && (await deps.predicted(id))
  if (answered) {
    const version = `${answered.model}/${answered.version}`
    return withPrediction(await deps.lineage.lineage({ kind: 'version', id: version }), id)
  }
  const shown = JSON.stringify(id.slice(0, 80))
  throw new BellwetherError(
    'LINEAGE_NOT_FOUND',
    `Nothing has the id ${shown}: no dataset version, run, model version or prediction.`,
  )
}

async function startOf(id: string, deps: FindLineageDeps): Promise<LineageStart | null> {
  const version = /^([^@/]+)\/(\d{1,9})$/.exec(id)
  if (version) return versionStart(() => deps.models.version(version[1]!, Number(version[2])))
  const alias = /^([^@/]+)@([^@/]+)$/.exec(id)
  if (alias) return versionStart(() => deps.models.byAlias(alias[1]!, alias[2]!))
  if (!id.startsWith('sha256:')) {
    const run = await orNull(() => deps.tracking.run(id))
    if (run) return { kind: 'run', id: run.id }
  }
  const dataset = await orNull(() => deps.datasets.dataset(id))
  if (dataset) return { kind: 'dataset', id: dataset.id }
  const model = await orNull(() => deps.models.model(id))
  if (!model || model.latestVersion === 0) return null
  return { kind: 'version', id: `${model.name}/${model.aliases['champion'] ?? model.latestVersion}` }
}

async function versionStart(find: () => Promise<{ model: string; version: number }>): Promise<LineageStart | null> {
  const found = await orNull(find)
  return found && { kind: 'version', id: `${found.model}/${found.version}` }
}

/** @throws ID_AMBIGUOUS: it is not for us to choose */
async function orNull<T>(find: () => Promise<T>): Promise<T | null> {
  try {
    return await find()
  } catch (error) {
    if (error instanceof BellwetherError && (error.status === 404 || error.code === 'INVALID_NAME')) return null
    throw error
  }
}
