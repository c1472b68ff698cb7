import { BellwetherError } from '../errors.ts'
import type { ModelRegistry, ModelVersion, RegisteredModel } from '../track/model-registry.ts'
import type { TrafficPlan } from '../track/traffic-plan.ts'
import type { Scorer } from './scorer.ts'

/** A version that answers, and the name by which it was asked for. */
export interface ServedModel {
  readonly name: string
  readonly version: number
  /** null when it was asked for by its number */
  readonly alias: string | null
  readonly scorer: Scorer
}

/** A version that could not be loaded. Where an alias points at it, what the alias pointed at before goes on answering. */
export interface LoadFailure {
  readonly model: string
  readonly version: number
  readonly time: number
  readonly error: unknown
}

export interface ModelCacheOptions {
  readonly models: ModelRegistry
  /** Loads a version and lets it answer its own example; throws where either fails. */
  readonly load: (version: ModelVersion) => Promise<Scorer>
  readonly clock: () => number
  /** How old the view of the registry may be. */
  readonly pollMs: number
  /** How long a request waits for the version that its alias was moved to; after that, the one from before answers it. */
  readonly swapWaitMs?: number
  readonly onFailure?: (failure: LoadFailure) => void
  readonly onRegistryError?: (error: unknown) => void
  readonly onServed?: (model: ServedModel) => void
}

/** How long a request waits for the version that its alias was moved to, before the one from before answers it. */
const SWAP_WAIT_MS = 1_000

/** How long a version that failed to load is left alone. */
const RETRY_MS = 5_000

/** Versions kept in memory that no alias serves: the last ones asked for by number, and those an alias has left. */
const MAX_IDLE_VERSIONS = 4

export interface ModelCache {
  /**
   * The version behind an alias, or a version by its number, ready to answer.
   * @throws MODEL_NOT_FOUND, ALIAS_NOT_FOUND, VERSION_NOT_FOUND; MODEL_UNAVAILABLE when it can't be loaded and nothing else serves in its place
   */
  resolve(model: string, which: { readonly alias: string } | { readonly version: number }): Promise<ServedModel>
  /** The plan of traffic as of the last look at the registry, at the latest that of the last `resolve`. */
  trafficOf(model: string): TrafficPlan | null
  /** The registered models, by name, and the registry's revision that they are from. */
  registered(): Promise<{ readonly revision: number; readonly models: readonly RegisteredModel[] }>
  /** Looks at the registry now: after a change made through this process. */
  refresh(): Promise<void>
  /** Versions that an alias points at and that can't be loaded. */
  failures(): LoadFailure[]
}

interface Snapshot {
  readonly revision: number
  readonly models: ReadonlyMap<string, RegisteredModel>
}

/**
 * Keeps model versions in memory and follows the registry: an alias that any process moved is noticed at the next request,
 * `pollMs` after the last look at the latest, by one cheap query.
 */
export function createModelCache(options: ModelCacheOptions): ModelCache {
  const { models, clock } = options
  /** `name/version` -> its scorer, least recently asked for first. */
  const versions = new Map<string, Promise<Scorer>>()
  /** `name@alias` -> what answers. */
  const serving = new Map<string, ServedModel>()
  const failed = new Map<string, LoadFailure>()
  let snapshot: Snapshot | null = null
  let lastLook = Number.NEGATIVE_INFINITY
  let looking: Promise<Snapshot> | null = null

  async function look(): Promise<Snapshot> {
    try {
      const revision = await models.revision()
      if (snapshot?.revision !== revision) {
        // Read after the revision: a change in between only makes the next look read again.
        snapshot = { revision, models: new Map((await models.models()).map((model) => [model.name, model])) }
        for (const key of serving.keys()) if (!stillAliased(snapshot, key)) serving.delete(key)
      }
      lastLook = clock()
      return snapshot
    } catch (error) {
      // A registry that does not answer is no reason to stop answering: what is loaded stays right until an alias moves.
      if (!snapshot) throw error
      options.onRegistryError?.(error)
      lastLook = clock()
      return snapshot
    }
  }

  function current(): Promise<Snapshot> | Snapshot {
    if (snapshot && clock() - lastLook < options.pollMs) return snapshot
    looking ??= look().finally(() => {
      looking = null
    })
    return looking
  }

  function loadVersion(name: string, version: number): Promise<Scorer> {
    const key = `${name}/${version}`
    const known = versions.get(key)
    if (known) {
      versions.delete(key)
      versions.set(key, known)
      return known
    }
    const failure = failed.get(key)
    if (failure && clock() - failure.time < RETRY_MS) return Promise.reject(unavailable(failure))
    const loading = models.version(name, version).then(async (found) => {
      try {
        const scorer = await options.load(found)
        failed.delete(key)
        return scorer
      } catch (error) {
        const fresh: LoadFailure = { model: name, version, time: clock(), error }
        failed.set(key, fresh)
        options.onFailure?.(fresh)
        throw unavailable(fresh)
      }
    })
    versions.set(key, loading)
    loading.catch(() => versions.delete(key))
    evict()
    return loading
  }

  function evict(): void {
    const busy = new Set(Array.from(serving.values(), ({ name, version }) => `${name}/${version}`))
    const idle = Array.from(versions.keys()).filter((key) => !busy.has(key))
    for (const key of idle.slice(0, Math.max(0, idle.length - MAX_IDLE_VERSIONS))) versions.delete(key)
  }

  async function behindAlias(name: string, alias: string): Promise<ServedModel> {
    const view = await current()
    const aliases = view.models.get(name)?.aliases
    // Not in view: the registry says which of name and alias it is that it does not know.
    const version =
      aliases && Object.hasOwn(aliases, alias) ? aliases[alias]! : (await models.byAlias(name, alias)).version
    const key = `${name}@${alias}`
    const before = serving.get(key)
    if (before?.version === version) return before
    const swapped = loadVersion(name, version).then((scorer): ServedModel => {
      const now: ServedModel = { name, version, alias, scorer }
      // Requests that waited for the same load all come here; a slower load of an older version must not win.
      if (serving.get(key) !== before) return now
      serving.set(key, now)
      evict()
      options.onServed?.(now)
      return now
    })
    return before ? firstOf(swapped, before, options.swapWaitMs ?? SWAP_WAIT_MS) : swapped
  }

  return {
    trafficOf: (model) => snapshot?.models.get(model)?.traffic ?? null,
    async resolve(name, which) {
      if ('alias' in which) return behindAlias(name, which.alias)
      return { name, version: which.version, alias: null, scorer: await loadVersion(name, which.version) }
    },
    async registered() {
      const view = await current()
      return { revision: view.revision, models: [...view.models.values()] }
    },
    async refresh() {
      await looking
      lastLook = Number.NEGATIVE_INFINITY
      await current()
    },
    failures() {
      return Array.from(failed.values()).filter(({ model, version }) =>
        Object.values(snapshot?.models.get(model)?.aliases ?? {}).includes(version),
      )
    },
  }
}

/** What comes, or what was before where that takes too long or fails. */
async function firstOf(coming: Promise<ServedModel>, before: ServedModel, waitMs: number): Promise<ServedModel> {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<ServedModel>((resolve) => {
    timer = setTimeout(resolve, waitMs, before)
  })
  try {
    return await Promise.race([coming.catch(() => before), waited])
  } finally {
    clearTimeout(timer)
  }
}

function stillAliased(snapshot: Snapshot, key: string): boolean {
  const at = key.lastIndexOf('@')
  const aliases = snapshot.models.get(key.slice(0, at))?.aliases
  return aliases !== undefined && Object.hasOwn(aliases, key.slice(at + 1))
}

function unavailable({ model, version, error }: LoadFailure): BellwetherError {
  // It never will be: its files are as they are.
  if (error instanceof BellwetherError && error.code === 'MODEL_NOT_SERVABLE')
    return new BellwetherError(error.code, `Version ${version} of "${model}": ${error.message}`, { cause: error })
  return new BellwetherError('MODEL_UNAVAILABLE', `Version ${version} of "${model}" cannot be loaded.`, {
    cause: error,
  })
}
