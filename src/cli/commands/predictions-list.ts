import type { PredictionQuery } from '../../serve/prediction-log/prediction-log.ts'
import { text, wholeNumber, withHome } from '../context.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { printPredictions } from '../print-predictions.ts'
import { timeGiven } from '../time-given.ts'

/** Predictions that a server gave, oldest first. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const limit = wholeNumber(options, 'limit', 1, 1_000_000) ?? 50
  const model = text(options, 'model')
  const version = wholeNumber(options, 'version', 1, 2_147_483_647)
  const since = timeGiven(options, 'since')
  const until = timeGiven(options, 'until')
  const query: PredictionQuery = {
    ...(model === undefined ? {} : { model }),
    ...(version === undefined ? {} : { version }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
  return withHome(options, (home) =>
    withPredictionLog(home.folder, (log) => printPredictions(log.entries(query), limit, options['json'] === true)),
  )
}
