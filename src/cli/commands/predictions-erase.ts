import { withHome } from '../context.ts'
import { identifierGiven } from '../identifier-given.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { printJson, printLine } from '../output.ts'

/** Removes a person's predictions and their outcomes for good; with --dry-run it only counts them. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const identifier = await identifierGiven(options)
  return withHome(options, (home) =>
    withPredictionLog(home.folder, async (log) => {
      const person = log.everyPersonKey(identifier)
      const dryRun = options['dryRun'] === true
      let count = 0
      if (dryRun) for await (const _ of log.entries({ person })) count++
      else {
        count = await log.erase({ person })
        await home.outcomes.erase(person)
      }
      if (options['json']) printJson({ [dryRun ? 'found' : 'erased']: count })
      else printLine(`${count} predictions ${dryRun ? 'would be' : 'are'} erased`)
      return 0
    }),
  )
}
