import path from 'node:path'
import { keyRingFromEnvironment } from '../security/at-rest/key-ring.ts'
import { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import { PREDICTIONS_FOLDER } from '../store/prediction-log/log-files.ts'

/** Opens the prediction log of a home, hands it over, and closes it whatever happens. */
export async function withPredictionLog<T>(
  homeFolder: string,
  use: (log: FilePredictionLog) => Promise<T>,
  options: { readonly job?: string } = {},
): Promise<T> {
  const log = await openPredictionLog(homeFolder, options)
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}

/** What persons' identifiers are and were turned into in this home, for who looks whether any of them was erased. */
export function personKeys(homeFolder: string): () => Promise<(identifier: string) => ReadonlySet<string>> {
  return () => withPredictionLog(homeFolder, async (log) => (identifier) => log.personKeys(identifier))
}

/** The log of a home: `predictions/` in it. */
export async function openPredictionLog(
  homeFolder: string,
  { job }: { readonly job?: string } = {},
): Promise<FilePredictionLog> {
  const ring = await keyRingFromEnvironment(process.env)
  return FilePredictionLog.open(path.join(homeFolder, PREDICTIONS_FOLDER), {
    ...{ clock: Date.now, ring },
    ...(job === undefined ? {} : { job }),
  })
}
