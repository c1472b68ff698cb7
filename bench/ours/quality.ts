/**
 * node quality.ts project.yaml data.csv folds repeats trials threads split
 *
 * The default run of a project, nested: within the training part of each outer fold it searches, blends and calibrates as `bellwether run`
 * does, by the same functions, and answers the outer fold, which nothing has been chosen on. Prints one line of JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { scoreAll } from '../../src/evaluate/metrics/score-all.ts'
import { rankedTrials } from '../../src/evaluate/search/ranked-trials.ts'
import type { TrialResult } from '../../src/evaluate/search/trial-result.ts'
import { repeatedFolds } from '../../src/evaluate/splits/repeated-folds.ts'
import { estimator } from '../../src/learn/estimators.ts'
import type { FittedPipeline } from '../../src/learn/fitted-pipeline.ts'
import { fitModelOn } from '../../src/learn/fitted-pipeline.ts'
import { buildAnswer } from '../../src/pipeline/build-answer.ts'
import { keepDataset } from '../../src/pipeline/keep-dataset.ts'
import { loadProject } from '../../src/pipeline/load-project.ts'
import { type PreparedRun, prepareRun } from '../../src/pipeline/prepare-run.ts'
import { provenance } from '../../src/pipeline/provenance.ts'
import { searchCandidates } from '../../src/pipeline/search-candidates.ts'
import { openHome } from '../../src/store/open-home.ts'
import { ownPeakMib } from '../peak-memory.ts'

type Five = [number, number, number, number, number]
const [projectFile, dataFile] = process.argv.slice(2, 4) as [string, string]
const [k, repeats, trials, threads, split] = process.argv.slice(4, 9).map(Number) as Five
const project = await loadProject(projectFile)
const origin = await provenance(project.folder)
const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-quality-'))
const home = await openHome(folder, { create: true })
try {
  await nested(split)
} finally {
  await home.close()
  await rm(folder, { recursive: true, force: true })
}

/** One outer split from table to scores. */
async function nested(split: number): Promise<void> {
  const started = performance.now()
  const prepared = await prepareRun({
    project,
    file: path.resolve(dataFile),
    trials,
    rowsFor: (target) => {
      const { train, validation } = repeatedFolds(target, { k, repeats, seed: 0 })[split]!
      return { train, test: validation }
    },
  })
  const deps = { ...home, clock: Date.now, provenance: origin, threads, onEvent: () => {} }
  await keepDataset(prepared, deps)
  const experiment = await home.tracking.ensureExperiment(project.options.name, Date.now())
  const run = await home.tracking.createRun({
    experimentId: experiment.id,
    name: `split ${split}`,
    startTime: Date.now(),
    tags: {},
  })
  const search = await searchCandidates(prepared, run, deps)
  const refit = refitter(prepared)
  const { pipeline, report } = await buildAnswer(prepared, search, refit)
  const { table, target } = prepared.test
  const { decision } = pipeline
  const seconds = (performance.now() - started) / 1000
  const { options, families } = prepared
  // Of each kind alone the best by what the tables of the bench are judged by, which the search need not have ranked by.
  const judged = { name: options.task === 'regression' ? 'rmse' : 'log_loss', greaterIsBetter: false }
  const best = Array.from(rankedTrials(search.trials, families, judged).bestByFamily, ([name, trial]) => [
    name,
    scoreAll(target, refit(trial).predict(table)),
  ])
  const bagging = {
    ...prepared,
    options: { ...options, ensemble: { ...options.ensemble, finalModel: 'foldBagging' as const } },
  }
  const bagged = await buildAnswer(bagging, search, refit)
  const answer = {
    split,
    ...scoreAll(target, pipeline.predict(table), { decision }),
    foldBagging: scoreAll(target, bagged.pipeline.predict(table), { decision }),
    seconds,
    peakMib: ownPeakMib(),
    members: report.members,
    blend: report.blend,
    calibration: report.calibration,
    families: Object.fromEntries(best),
  }
  console.log(JSON.stringify(answer))
}

/** Fits a trial's model on all training rows, once. */
function refitter({ features, options }: PreparedRun) {
  const known = new Map<string, FittedPipeline>()
  return (({ estimator: name, index, params }: TrialResult) => {
    const key = `${name} ${index}`
    const fitted =
      known.get(key) ?? fitModelOn(features.get(estimator(name).encoding)!, name, params, options.search.seed)
    known.set(key, fitted)
    return fitted
  }) as ((trial: TrialResult) => FittedPipeline) & ((trial: TrialResult) => Promise<FittedPipeline>)
}
