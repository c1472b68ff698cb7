import { BellwetherError } from '../errors.ts'
import type { RouteContext } from './route-types.ts'

/** The model of `POST /predict`: the one the operator named, or the only one. @throws NO_DEFAULT_MODEL */
export async function defaultModelName({
  cache,
  defaultModel,
}: Pick<RouteContext, 'cache' | 'defaultModel'>): Promise<string> {
  if (defaultModel !== null) return defaultModel
  const { models } = await cache.registered()
  if (models.length === 1) return models[0]!.name
  throw new BellwetherError(
    'NO_DEFAULT_MODEL',
    models.length === 0
      ? 'No model is registered yet.'
      : `There are ${models.length} models and none of them is the default.`,
  )
}
