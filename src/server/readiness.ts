import { BellwetherError, type ErrorDetail } from '../errors.ts'
import type { RouteContext } from './route-types.ts'

export interface Readiness {
  readonly ready: { readonly name: string; readonly version: number; readonly alias: string }[]
  readonly faults: ErrorDetail[]
  /** Versions that an alias points at and that cannot be loaded. */
  readonly failures: { readonly model: string; readonly version: number }[]
}

/** While one is restored, others are read and decompressed beside. */
const LOADED_AT_ONCE = 3

/**
 * Lets the default model, or every model that has a champion, answer its own example. Also loads what is not in memory yet, so
 * that a start can warm up by it.
 * @param options.again Whether a model that answered when it was loaded has to answer again. Default: true.
 */
export async function readyModels(
  { cache, newId, defaultModel }: Pick<RouteContext, 'cache' | 'newId' | 'defaultModel'>,
  options: { readonly again?: boolean } = {},
): Promise<Readiness> {
  const { models } = await cache.registered()
  const names =
    defaultModel === null
      ? models.filter(({ aliases }) => Object.hasOwn(aliases, 'champion')).map(({ name }) => name)
      : [defaultModel]
  const found: (Readiness['ready'][number] | ErrorDetail | null)[] = []
  const ask = async (name: string): Promise<Readiness['ready'][number] | ErrorDetail | null> => {
    try {
      const { version, scorer } = await cache.resolve(name, { alias: 'champion' })
      if (options.again ?? true) scorer.smoke(newId)
      return { name, version, alias: 'champion' }
    } catch (error) {
      // A registry may hold what is fetched and run elsewhere; a server that has nothing else to answer with is not ready all the same.
      if (defaultModel === null && error instanceof BellwetherError && error.code === 'MODEL_NOT_SERVABLE') return null
      return {
        path: name,
        message: error instanceof BellwetherError ? error.message : 'cannot answer its own example',
      }
    }
  }
  let next = 0
  const askInTurn = async () => {
    for (let i = next++; i < names.length; i = next++) found[i] = await ask(names[i]!)
  }
  await Promise.all(Array.from({ length: LOADED_AT_ONCE }, askInTurn))
  const ready = found.filter((each) => each !== null && 'name' in each) as Readiness['ready']
  const faults = found.filter((each) => each !== null && 'path' in each) as ErrorDetail[]
  const failures = cache.failures().map(({ model, version }) => ({ model, version }))
  return { ready, faults, failures }
}
