import { BellwetherError } from '../../errors.ts'
import { prepareClustering } from '../../pipeline/prepare-clustering.ts'
import { prepareRun } from '../../pipeline/prepare-run.ts'
import { SearchOptions } from '../../pipeline/project.ts'
import { printClusteringResult } from '../cluster-result.ts'
import { homeFolder, interruptSignal, oneOf, openProject, seconds, text, wholeNumber } from '../context.ts'
import { dataFile } from '../data-file.ts'
import { clusterInHome, executeInHome } from '../execute.ts'
import { printJson } from '../output.ts'
import { printRunResult } from '../run-result.ts'

export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const threads = wholeNumber(options, 'threads', 1, 256)
  const trials = wholeNumber(options, 'trials', 1, 10_000)
  const seed = wholeNumber(options, 'seed', 0, 4294967295)
  const models = text(options, 'models')
    ?.split(',')
    .map((name) => name.trim())
  const method = oneOf(options, 'method', SearchOptions.shape.method.unwrap().options)
  const timeBudgetSeconds = seconds(options, 'timeBudget')
  const trialsDone = wholeNumber(options, 'trialsDone', 1, 1_000_000)
  const resume = text(options, 'resume')
  const project = await openProject(reference!, options)
  const { signal, release } = interruptSignal()
  try {
    if (project.options.task === 'clustering') {
      refuseSearchOptions(options)
      const prepared = await prepareClustering({
        project,
        file: dataFile(options, project),
        signal,
        ...(seed === undefined ? {} : { seed }),
        ...(models === undefined ? {} : { models }),
      })
      const result = await clusterInHome(prepared, { home: homeFolder(options, project.folder), signal })
      if (options['json']) printJson(result)
      else printClusteringResult(result)
      return result.gates.every((gate) => gate.passed) ? 0 : 1
    }
    const prepared = await prepareRun({
      project,
      file: dataFile(options, project),
      signal,
      ...(trials === undefined ? {} : { trials }),
      ...(seed === undefined ? {} : { seed }),
      ...(models === undefined ? {} : { models }),
      ...(method === undefined ? {} : { method }),
      ...(timeBudgetSeconds === undefined ? {} : { timeBudgetSeconds }),
      ...(trialsDone === undefined ? {} : { trialsDone }),
    })
    const result = await executeInHome(prepared, {
      home: homeFolder(options, project.folder),
      signal,
      ...(threads === undefined ? {} : { threads }),
      ...(resume === undefined ? {} : { resume }),
    })
    if (options['json']) printJson(result)
    else printRunResult(result, prepared.scoring.name)
    return result.gates.every((gate) => gate.passed) ? 0 : 1
  } finally {
    release()
  }
}

const OF_SEARCHES = {
  resume: '--resume',
  trials: '--trials',
  trialsDone: '--trials-done',
  method: '--method',
  timeBudget: '--time-budget',
}

/** A clustering tries each number of clusters once: there is nothing to draw, to cut short or to take up. @throws USAGE */
function refuseSearchOptions(options: Record<string, unknown>): void {
  for (const [name, flag] of Object.entries(OF_SEARCHES)) {
    if (options[name] === undefined) continue
    throw new BellwetherError(
      'USAGE',
      `${flag} is for runs that search; a clustering tries each number of clusters from clusters.from to clusters.to of its project, once.`,
    )
  }
}
