import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { RandomState } from '../../src/table/random.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
const home = path.join(folder, 'home')
const project = path.join(folder, 'project')
let result: RunResult

const YAML = `name: passes
task: classification
data: { source: train.csv, target: passes }
models: [logistic-regression, random-forest]
search:
  trials: 2
  folds: 3
  spaces:
    random-forest: { oobScore: { type: choice, values: [true] }, nEstimators: { type: choice, values: [40] } }
ensemble: { method: greedy, finalModel: foldBagging }
`

beforeAll(async () => {
  mkdirSync(project)
  const random = new RandomState(8)
  const rows = Array.from({ length: 240 }, () => {
    const [hours, group] = [random.normal(), random.randint(4)]
    return [hours.toFixed(4), `g${group}`, hours + (group === 2 ? 1.5 : -0.5) + random.normal() > 0 ? 'yes' : 'no']
  })
  writeFileSync(path.join(project, 'train.csv'), `hours,group,passes\n${rows.join('\n')}\n`)
  writeFileSync(path.join(project, 'bellwether.yaml'), YAML)
  const { status, stdout, stderr } = await bellwether(['run', project, '--home', home, '--threads', '1', '--json'], {
    timeoutMs: 400_000,
  })
  expect(status, stderr).toBe(0)
  result = JSON.parse(stdout) as RunResult
}, 600_000)

async function json<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await bellwether([...args, '--home', home, '--json'])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

test('a model bagged over folds is registered, read back and answers with an explanation', async () => {
  const file = path.join(folder, 'new.csv')
  writeFileSync(file, 'hours,group\n2,g2\n-2,g0\n')
  const { predictions } = await json<{ predictions: ClassPrediction[] }>(
    'predict',
    'passes/1',
    '--data',
    file,
    '--explain',
  )
  expect(predictions.map(({ label }) => label)).toEqual(['yes', 'no'])
  const { base, contributions, total } = predictions[0]!.explanation!
  expect(Math.abs(contributions.reduce((sum, { contribution }) => sum + contribution, base) - total)).toBeLessThan(1e-9)
}, 300_000)

test("the forest's out-of-bag score is a metric of the run", async () => {
  const forest = result.candidates.find(({ estimator }) => estimator === 'random-forest')!
  const score = forest.figures['oob.accuracy']!
  expect(score).toBeGreaterThan(0.6)
  expect(score).toBeLessThan(1)
  const { status, stdout, stderr } = await bellwether(['runs', 'show', result.runId, '--home', home, '--json'])
  expect(status, stderr).toBe(0)
  expect(stdout).toContain('random-forest.oob.accuracy')
  expect(stdout).toContain(String(score))
  expect(stdout).toContain('foldBagging')
}, 300_000)
