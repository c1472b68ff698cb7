import { BellwetherError } from '../../errors.ts'
import { type ErasureReport, erasePerson, type PersonLog } from '../../pipeline/erasure/erase-person.ts'
import { type ExpiredData, expireData } from '../../pipeline/erasure/expire-data.ts'
import type { OutcomeStore } from '../../serve/outcomes/outcome-store.ts'
import type { FilePredictionLog } from '../../store/prediction-log/file-prediction-log.ts'
import { actor, text, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { identifierGiven } from '../identifier-given.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { note, printJson, printLine } from '../output.ts'

/** Takes a person out of everything that is kept, lets one in again, or destroys what is older than it may be. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const dryRun = options['dryRun'] === true
  const expired = options['expired'] === true
  if (expired === (options['id'] !== undefined))
    throw new BellwetherError('USAGE', 'erase takes --id, or --expired without it.')
  if (expired) return eraseExpired(options, dryRun)
  const identifier = await identifierGiven(options)
  return withHome(options, (home) =>
    withPredictionLog(home.folder, async (log) => {
      const deps = { ...home, log: personLog(log, home.outcomes), clock: Date.now, actor: actorOf(options) }
      if (options['readmit'] === true) {
        let known = false
        for (const person of log.personKeys(identifier))
          if (await home.erasures.readmit(person, Date.now(), actorOf(options))) known = true
        if (options['json']) printJson({ readmitted: known })
        else printLine(known ? 'the person may be read again' : 'nobody of that identifier was erased')
        return 0
      }
      const columns = text(options, 'column')
        ?.split(',')
        .map((name) => name.trim())
      const report = await erasePerson({ identifier, dryRun, ...(columns ? { columns } : {}) }, deps)
      if (options['json']) printJson(report)
      else printReport(report)
      return 0
    }),
  )
}

/** Who acts, for the ledger: a server that runs this command says who asked it. */
const actorOf = (options: Record<string, unknown>) => text(options, 'actor') ?? actor()

/** What erasure asks of the prediction log; the outcomes of a person's predictions go with them. */
export function personLog(log: FilePredictionLog, outcomes: OutcomeStore): PersonLog {
  return {
    personKey: (identifier) => log.personKey(identifier),
    count: async (identifier) => {
      const person = log.everyPersonKey(identifier)
      let count = 0
      for await (const _ of log.entries({ person })) count++
      return count
    },
    erase: async (identifier) => {
      const person = log.everyPersonKey(identifier)
      const erased = await log.erase({ person })
      await outcomes.erase(person)
      return erased
    },
  }
}

function printReport(report: ErasureReport): void {
  const { dryRun, datasets, rejects, predictions, models, runs, notSearched, columns, files, filesNotSearched } = report
  if (datasets.length > 0) {
    printLine(
      formatTable(
        ['dataset version', 'of', 'rows', dryRun ? '' : 'the others are'],
        datasets.map(({ id, name, rows, successor }) => [
          id.slice(0, 19),
          name,
          rows,
          successor?.slice(0, 19) ?? 'would get a successor',
        ]),
        ['left', 'left', 'right'],
      ),
    )
    printLine()
  }
  const would = dryRun ? 'would be' : 'are'
  const rejected = rejects.reduce((sum, { rows }) => sum + rows, 0)
  const rows = datasets.reduce((sum, each) => sum + each.rows, 0)
  if (rows + rejected + predictions + files.length === 0)
    printLine(`nothing of that person is kept (columns: ${columns.join(', ')})`)
  else printLine(`${rows} rows, ${rejected} rejected rows and ${predictions} predictions ${would} erased`)
  if (models.length > 0) {
    const names = models.map(({ model, version }) => `${model}/${version}`)
    printLine(
      `models that learnt from them, which stay as they are: ${names.join(', ')} (${runs} ${runs === 1 ? 'run' : 'runs'})`,
    )
  }
  if (files.length > 0) {
    printLine(
      'NOT erased: files that were added as they are still hold the person, until `bellwether data remove` takes their version away and `data gc` its contents:',
    )
    for (const { id, path, rows: count } of files) printLine(`  ${id.slice(0, 19)}  ${path}  ${count} rows`)
  }
  if (!dryRun && datasets.length > 0) note('the ledger has a tombstone; take the person out of the source too')
  if (notSearched.length > 0) {
    const names = [...new Set(notSearched.map(({ name }) => name))]
    note(`not looked into, for they have none of the columns ${columns.join(', ')}: ${names.join(', ')}`)
  }
  for (const { id, name, nFiles } of filesNotSearched)
    note(
      `not looked into: ${nFiles} files of ${name} (${id.slice(0, 19)}), which are no tables or have none of the columns`,
    )
}

function eraseExpired(options: Record<string, unknown>, dryRun: boolean): Promise<number> {
  return withHome(options, async (home) => {
    const expired = await expireData({ dryRun }, { ...home, clock: Date.now, actor: actorOf(options) })
    if (options['json']) printJson({ dryRun, ...expired })
    else printExpired(expired, dryRun)
    return 0
  })
}

function printExpired({ datasets }: ExpiredData, dryRun: boolean): void {
  for (const { id, name, rows } of datasets) printLine(`${id.slice(0, 19)}  ${name}  ${rows} rows`)
  printLine(`the rows of ${datasets.length} dataset versions ${dryRun ? 'would be' : 'are'} destroyed`)
}
