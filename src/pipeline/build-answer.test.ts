import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answeringPipeline, restoreAnswering } from '../evaluate/answering-pipeline.ts'
import { blendPredictions } from '../evaluate/ensemble/blend.ts'
import type { SearchResult } from '../evaluate/search/run-search.ts'
import { crossValidated, type RankedTrial } from '../evaluate/search/trial-result.ts'
import { estimator } from '../learn/estimators.ts'
import { type FittedPipeline, fitModelOn } from '../learn/fitted-pipeline.ts'
import { RandomState } from '../table/random.ts'
import { selectRows } from '../table/table.ts'
import { buildAnswer } from './build-answer.ts'
import { fitByFolds } from './fit-members.ts'
import { loadProject } from './load-project.ts'
import { type PreparedRun, prepareRun } from './prepare-run.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwether-answer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Both parts of what makes the class, so that a linear model and a forest err on different rows. */
function writeData(): void {
  const random = new RandomState(5)
  const rows = Array.from({ length: 240 }, () => {
    const [a, b] = [random.normal(), random.randint(4)]
    const score = 1.2 * a + (b === 2 ? 1.5 : -0.5) + random.normal()
    return [a.toFixed(4), b, score > 0 ? 'yes' : 'no']
  })
  writeFileSync(path.join(folder, 'train.csv'), `a,b,passes\n${rows.join('\n')}\n`)
}

async function prepared(ensemble: string, calibration = '{}'): Promise<PreparedRun> {
  const file = path.join(folder, `${ensemble.replaceAll(/\W/g, '')}.yaml`)
  writeFileSync(
    file,
    `name: passes\ntask: classification\ndata: { source: train.csv, target: passes }\nmodels: [logistic-regression, random-forest]\n` +
      `search: { folds: 3, scoring: log_loss }\nensemble: ${ensemble}\ncalibration: ${calibration}\n`,
  )
  return prepareRun({ project: await loadProject(file), file: path.join(folder, 'train.csv') })
}

/** A search that tried two models, with the predictions that their folds made. */
async function searchOf(run: PreparedRun): Promise<SearchResult> {
  const recipes: Pick<RankedTrial, 'estimator' | 'params'>[] = [
    { estimator: 'logistic-regression', params: {} },
    { estimator: 'random-forest', params: { nEstimators: 20, minSamplesLeaf: 5 } },
  ]
  const byFold = await fitByFolds(run, recipes)
  const trials = recipes.map((recipe, member): RankedTrial => {
    const outOfFold = new Float64Array(2 * run.train.table.nRows)
    for (const [fold, { validation }] of run.folds.entries()) {
      const own = byFold[fold]![member]!.predict(selectRows(run.train.table, validation))
      for (const [at, row] of validation.entries()) outOfFold.set(own.subarray(2 * at, 2 * at + 2), 2 * row)
    }
    return { ...recipe, index: 0, seconds: 0, outOfFold, rank: member + 1, cv: { log_loss: crossValidated([0.5]) } }
  })
  const bestByFamily = new Map(trials.map((trial) => [trial.estimator, trial]))
  return { trials, best: trials[0]!, bestByFamily, cancelled: false, complete: true }
}

const refit =
  (run: PreparedRun) =>
  async (trial: Pick<RankedTrial, 'estimator' | 'params'>): Promise<FittedPipeline> =>
    fitModelOn(run.features.get(estimator(trial.estimator).encoding)!, trial.estimator, trial.params, 42)

let run: PreparedRun
let search: SearchResult
beforeAll(async () => {
  writeData()
  run = await prepared('{ method: greedy }')
  search = await searchOf(run)
})

test('by default each member is one model, fitted on all training rows', async () => {
  const { pipeline, fitted, report } = await buildAnswer(run, search, refit(run))
  expect(report.members).toHaveLength(2)
  expect(fitted).toEqual(report.members.map(({ estimator: name, params }) => ({ estimator: name, params })))
  const first = await refit(run)(report.members[0]! as Pick<RankedTrial, 'estimator' | 'params'>)
  expect(pipeline.members[0]!.predict(run.test.table)).toEqual(first.predict(run.test.table))
})

test('bagging over folds answers with the mean of the models of the folds, member by member', async () => {
  const bagging = await prepared('{ method: greedy, finalModel: foldBagging }')
  const unused = () => Promise.reject(new Error('nothing is fitted on all rows'))
  const { pipeline, fitted, report } = await buildAnswer(bagging, search, unused)
  const { members } = report
  expect(members).toHaveLength(2)
  expect(fitted.map(({ estimator: name, fold }) => [name, fold])).toEqual(
    members.flatMap(({ estimator: name }) => [0, 1, 2].map((fold) => [name, fold])),
  )
  const byFold = await fitByFolds(bagging, members)
  const meanOf = (member: number) =>
    blendPredictions(
      byFold.map((models) => models[member]!.predict(run.test.table)),
      [1 / 3, 1 / 3, 1 / 3],
    )
  const expected = blendPredictions(
    members.map((_, member) => meanOf(member)),
    members.map(({ weight }) => weight),
  )
  const blend = pipeline.blend(run.test.table)
  for (const [i, value] of blend.entries()) expect(value).toBeCloseTo(expected[i]!, 12)
  const whole = (await buildAnswer(run, search, refit(run))).pipeline
  expect(blend).not.toEqual(whole.blend(run.test.table))
  expect(restoreAnswering(pipeline.state()).predict(run.test.table)).toEqual(pipeline.predict(run.test.table))
})

test('a single model that is bagged over folds can be explained, and its parts add up', async () => {
  const bagging = await prepared('{ method: none, finalModel: foldBagging }', '{ method: none }')
  const { pipeline } = await buildAnswer(bagging, search, refit(run))
  expect(pipeline.members.map(({ model }) => model.estimator)).toEqual(new Array(3).fill('logistic-regression'))
  const { base, score, contributions, space, backgroundRows } = pipeline.explain(run.test.table, 3, 1)
  expect([space, backgroundRows]).toEqual(['probability', 24])
  expect(score).toBeCloseTo(pipeline.predict(run.test.table)[2 * 3 + 1]!, 12)
  expect(contributions.reduce((sum, { contribution }) => sum + contribution, base)).toBeCloseTo(score, 9)
})

test('what probabilities are calibrated by has the least log loss of all that were compared, and each is told', async () => {
  const { report, pipeline } = await buildAnswer(run, search, refit(run))
  const { method, logLoss, compared } = report.calibration!
  expect(Object.keys(compared).sort()).toEqual(['none', 'platt', 'temperature'])
  expect(logLoss).toEqual({ before: compared['none'], after: compared[method] })
  expect(compared[method]).toBe(Math.min(...Object.values(compared)))
  expect(pipeline.calibrator?.method ?? 'none').toBe(method)
})

test('where calibration is switched off, that is told as well', async () => {
  const plain = await prepared('{ method: none }', '{ method: none }')
  const { report, pipeline } = await buildAnswer(plain, search, refit(plain))
  expect(pipeline.calibrator).toBeNull()
  expect(report.calibration).toMatchObject({ method: 'none', compared: { none: expect.any(Number) } })
  const alone = answeringPipeline({ members: [await refit(plain)(search.best!)] })
  expect(pipeline.predict(plain.test.table)).toEqual(alone.predict(plain.test.table))
})
