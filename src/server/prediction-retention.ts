import { policyOf } from '../serve/prediction-log/make-entries.ts'
import type { RouteContext } from './route-types.ts'

const EVERY_MS = 6 * 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000

/** Removes days of the prediction log that are older than a model's project keeps them, now and four times a day. @returns what ends it */
export function keepRetention(
  { predictionLog, cache, clock }: Pick<RouteContext, 'predictionLog' | 'cache' | 'clock'>,
  onError: (error: unknown) => void,
): () => void {
  if (predictionLog === null) return () => {}
  const look = async () => {
    const { models } = await cache.registered()
    for (const { name, aliases } of models) {
      if (!Object.hasOwn(aliases, 'champion')) continue
      // One model that cannot be loaded keeps no other's days.
      try {
        const served = await cache.resolve(name, { alias: 'champion' })
        await predictionLog.expire(name, clock() - policyOf(served).options.retentionDays * DAY_MS)
      } catch (error) {
        onError(error)
      }
    }
  }
  const timer = setInterval(() => void look().catch(onError), EVERY_MS)
  timer.unref()
  // The first look waits until the models are loaded: it must not keep the port from opening.
  const first = setTimeout(() => void look().catch(onError), 60_000)
  first.unref()
  return () => {
    clearInterval(timer)
    clearTimeout(first)
  }
}
