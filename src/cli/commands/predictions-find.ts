import { withHome } from '../context.ts'
import { identifierGiven } from '../identifier-given.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { printPredictions } from '../print-predictions.ts'

/** A person's predictions. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const identifier = await identifierGiven(options)
  return withHome(options, (home) =>
    withPredictionLog(home.folder, (log) =>
      printPredictions(log.entries({ person: log.everyPersonKey(identifier) }), 1_000_000, options['json'] === true),
    ),
  )
}
