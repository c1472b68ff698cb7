import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { ModelVersion } from '../../src/track/model-registry.ts'
import type { Run } from '../../src/track/tracking-store.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)

const SEARCH = 'search: { trials: 3, folds: 3 }\nfeatures: { categorical: { encode: target } }\n'

/** What a run found, without what a clock says. */
interface Found {
  readonly result: RunResult
  readonly files: ModelVersion['files']
  readonly trials: readonly Pick<Run, 'name' | 'params' | 'metrics'>[]
}

async function runOn(project: string, threads: number, ...more: string[]): Promise<Found> {
  const home = path.join(folder, `${path.basename(project)}-${threads}${more.join('')}`)
  const json = async (...args: string[]) => {
    const { status, stdout, stderr } = await bellwether([...args, '--home', home, '--json'])
    expect(status, stderr).toBe(0)
    return JSON.parse(stdout)
  }
  const result: RunResult = await json('run', project, '--threads', String(threads), ...more)
  const { files }: ModelVersion = await json('models', 'show', `${result.model.name}/1`)
  const { runs }: { runs: Run[] } = await json('runs', 'list', '--parent', result.runId)
  const trials = runs.map(({ name, params, metrics }) => ({ name, params, metrics }))
  return { result, files, trials: trials.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

const withoutTimes = ({ runId: _, seconds: __, candidates, ...rest }: RunResult) => ({
  ...rest,
  candidates: candidates.map(({ seconds: ___, ...candidate }) => candidate),
})

describe.each([
  ['classification', 'outcome', ['baseline', 'logistic-regression', 'random-forest', 'gradient-boosting']],
  ['regression', 'age', ['baseline', 'ridge', 'random-forest', 'gradient-boosting']],
])('%s with the same seed', (task, target, families) => {
  const project = path.join(folder, task)
  let one: Found
  let two: Found
  beforeAll(async () => {
    writePupilsProject(project, makePupils(260), SEARCH)
    const yaml = path.join(project, 'bellwether.yaml')
    writeFileSync(
      yaml,
      readFileSync(yaml, 'utf8')
        .replace('task: classification', `task: ${task}`)
        .replace('target: outcome', `target: ${target}`),
    )
    ;[one, two] = await Promise.all([runOn(project, 1), runOn(project, 2)])
  }, 120_000)

  test('finds the same candidates with the same figures at one thread and at two', () => {
    expect(one.result.candidates.map(({ estimator }) => estimator)).toEqual(families)
    expect(withoutTimes(two.result)).toEqual(withoutTimes(one.result))
  })

  test('records the same trials with the same figures of every fold', () => {
    expect(one.trials).toHaveLength(10)
    expect(two.trials).toEqual(one.trials)
  })

  test('makes the same model, byte for byte', () => {
    expect(one.files.length).toBeGreaterThanOrEqual(4)
    expect(two.files).toEqual(one.files)
  })

  test('another seed gives another model', async () => {
    const other = await runOn(project, 2, '--seed', '7')
    expect(other.files.map(({ hash }) => hash)).not.toEqual(one.files.map(({ hash }) => hash))
    expect(other.result.test).not.toEqual(one.result.test)
  })
})

test.each(['logistic-regression', 'random-forest', 'gradient-boosting'])(
  'a %s is the same at one thread and at two, byte for byte',
  async (family) => {
    const project = writePupilsProject(path.join(folder, family), makePupils(260), SEARCH)
    const more = ['--models', family, '--trials', '2']
    const [one, two] = await Promise.all([runOn(project, 1, ...more), runOn(project, 2, ...more)])
    expect(one.result.best.estimator).toBe(family)
    expect(two.files).toEqual(one.files)
  },
)
