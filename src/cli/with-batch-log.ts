import { BellwetherError } from '../errors.ts'
import { type BatchLog, openBatchLog } from '../serve/batch/batch-log.ts'
import type { ServedModel } from '../serve/model-cache.ts'
import { policyOf } from '../serve/prediction-log/make-entries.ts'
import type { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import { openPredictionLog } from './open-prediction-log.ts'
import { note } from './output.ts'

/**
 * Hands over what records a batch's answers in the prediction log of the home, and closes it whatever happens; null where the project keeps none.
 * A log that cannot be opened stops the batch only where the project wants every prediction kept.
 * @throws as `openPredictionLog`, where `durability` is `request`
 */
export async function withBatchLog<T>(
  homeFolder: string,
  served: ServedModel,
  { job, names }: { readonly job: string; readonly names: readonly string[] },
  use: (log: BatchLog | null) => Promise<T>,
): Promise<T> {
  const { enabled, durability } = policyOf(served).options
  if (!enabled) return use(null)
  let log: FilePredictionLog
  try {
    log = await openPredictionLog(homeFolder, { job })
  } catch (error) {
    if (durability === 'request' || !(error instanceof BellwetherError)) throw error
    note(`the predictions are not recorded: ${error.message}`)
    return use(null)
  }
  try {
    return await use(await openBatchLog({ served, job, names, log, clock: Date.now }))
  } finally {
    await log.close()
  }
}
