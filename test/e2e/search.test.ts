import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import { openHome } from '../../src/store/open-home.ts'
import type { ModelVersion } from '../../src/track/model-registry.ts'
import type { Run, RunDetail } from '../../src/track/tracking-store.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)

// Several whole runs a test, side by side.
vi.setConfig({ testTimeout: 240_000 })

async function json<T>(home: string, ...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await bellwether([...args, '--home', home, '--json'])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

/** A run in a home of its own, and the files of its model. */
async function runIn(name: string, project: string, ...more: string[]) {
  const home = path.join(folder, name)
  const result = await json<RunResult>(home, 'run', project, ...more)
  const { files } = await json<ModelVersion>(home, 'models', 'show', `${result.model.name}/${result.model.version}`)
  return { home, result, files }
}

async function refusal(home: string, ...args: string[]): Promise<{ error: string; message: string }> {
  const { status, stderr } = await bellwether([...args, '--home', home, '--json'])
  expect(status, stderr).toBe(2)
  return JSON.parse(stderr.trim().split('\n').at(-1)!)
}

const MODELS = 'models: [baseline, logistic-regression, random-forest]\n'

describe.each([
  ['halving', '{ trials: 9, folds: 3, method: halving }'],
  ['halving', '{ trials: 9, folds: 3, method: halving, halving: { factor: 2, resource: rounds } }'],
  ['tpe', '{ trials: 9, folds: 3, method: tpe, tpe: { startup: 4, batch: 2 } }'],
])('a search by %s: %s', (method, search) => {
  const name = `${method}-${search.length}`
  const project = path.join(folder, name)
  writePupilsProject(project, makePupils(300), `search: ${search}\n${MODELS}`)

  test('makes the same model at one, two and four threads, and records what each trial was given', async () => {
    const runs = await Promise.all(['1', '2', '4'].map((n) => runIn(`${name}-${n}`, project, '--threads', n)))
    const [one] = runs
    for (const other of runs) expect(other.files).toEqual(one!.files)
    const { result, home } = one!
    expect(result.search).toMatchObject({ method, complete: true, resumed: null })
    const { runs: trials } = await json<{ runs: Run[] }>(
      home,
      'runs',
      'list',
      '--parent',
      result.runId,
      '--limit',
      '99',
    )
    expect(trials).toHaveLength(result.search.trialsDone)
    expect(trials.every(({ params }) => params['search.method'] === method)).toBe(true)
    if (method === 'tpe') {
      expect(result.search.trialsDoneByEstimator).toMatchObject({ baseline: 1, 'random-forest': 9 })
      expect(result.search.rungs).toEqual([])
      return
    }
    const { rungs } = result.search
    const forest = rungs.map(({ estimators }) => estimators.find(({ estimator }) => estimator === 'random-forest')!)
    const rounds = search.includes('rounds')
    expect(forest.map((of) => of.trials)).toEqual(rounds ? [9, 5, 3, 2] : [9, 3, 1])
    expect(forest.map((of) => of.amount)).toEqual(rounds ? [25, 50, 100, 200] : [26, 80, 240])
    expect(forest.at(-1)!.resource).toBe(rounds ? 'nEstimators' : 'rows')
    const last = trials.filter(({ params }) => params['search.rung'] === String(rungs.length - 1))
    expect(last.every(({ params }) => params['search.resource.amount'] === params['search.resource.max'])).toBe(true)
    // The figures of the winner are those of all rows.
    const best = last.find(({ params }) => params['estimator'] === result.best.estimator)!
    expect(best.metrics['cv.f1_macro']).toBeTypeOf('number')
  })
})

test('a run that its time budget ended is repeated by the number of trials it got to, byte for byte', async () => {
  const project = writePupilsProject(path.join(folder, 'budget'), makePupils(300), `search: { trials: 400 }\n${MODELS}`)
  const cut = await runIn('budget-1', project, '--time-budget', '1.5', '--threads', '2')
  const { search } = cut.result
  expect(search).toMatchObject({ complete: false, timeBudgetSeconds: 1.5 })
  expect(search.trialsDone).toBeLessThan(801)
  expect(Object.values(search.trialsDoneByEstimator).reduce((sum, n) => sum + n, 0)).toBe(search.trialsDone)
  const run = await json<RunDetail>(cut.home, 'runs', 'show', cut.result.runId)
  expect(run.params).toMatchObject({
    'search.timeBudgetSeconds': '1.5',
    'search.trials.done': String(search.trialsDone),
    'search.trials.planned': '801',
    'search.complete': 'false',
  })
  const again = await runIn('budget-2', project, '--trials-done', String(search.trialsDone), '--threads', '1')
  expect(again.result.search).toMatchObject({ trialsDone: search.trialsDone, complete: false })
  expect(again.result.best).toEqual(cut.result.best)
  expect(again.files).toEqual(cut.files)
  expect(cut.files.length).toBeGreaterThanOrEqual(4)
})

test('a time budget that is not used up leaves no trace in the model', async () => {
  const project = writePupilsProject(path.join(folder, 'ample'), makePupils(120), 'models: [baseline]\n')
  const plain = await runIn('ample-1', project)
  const ample = await runIn('ample-2', project, '--time-budget', '3600')
  expect(ample.result.search.complete).toBe(true)
  expect(ample.files).toEqual(plain.files)
})

test('two limits at once, and a method that is none, are refused', async () => {
  const project = path.join(folder, 'limits')
  writePupilsProject(project, makePupils(120), 'search: { timeBudgetSeconds: 5, trialsDone: 3 }\n')
  const home = path.join(folder, 'limits-home')
  expect(await refusal(home, 'run', project)).toMatchObject({ error: 'PROJECT_INVALID' })
  expect((await refusal(home, 'run', project, '--method', 'grid')).message).toContain('--method takes randomised')
  expect((await refusal(home, 'run', project, '--time-budget', '0')).message).toContain('--time-budget')
})

describe('a run that was killed', () => {
  const project = path.join(folder, 'killed')
  const search = 'search: { trials: 40, folds: 3, method: tpe }\n'
  writePupilsProject(project, makePupils(400), `${search}${MODELS}`)
  const home = path.join(folder, 'killed-home')

  /** Ends a run by force once so many of its trials are written down. @returns its id */
  async function kill(atTrials: number, ...more: string[]): Promise<string> {
    const child = startBellwether(['run', project, '--home', home, '--threads', '2', ...more])
    const ended = new Promise((resolve) => child.on('close', resolve))
    for (let over = false; !over; ) {
      await sleep(20)
      over = (await trialsOf(home, 'RUNNING')).length >= atTrials
      if (child.exitCode !== null) throw new Error('the run ended before it could be killed')
    }
    child.kill('SIGKILL')
    await ended
    const [trial] = await trialsOf(home, 'RUNNING')
    return trial!.parentRunId!
  }

  test('is taken up again without a finished trial made twice, twice over, and gives the bytes of a run without a break', async () => {
    const whole = await runIn('whole', project)
    const first = await kill(10)
    const finished = (await json<{ runs: Run[] }>(home, 'runs', 'list', '--parent', first, '--limit', '999')).runs
      .length
    expect(finished).toBeGreaterThanOrEqual(10)
    const second = await kill(finished + 10, '--resume', first)
    expect(second).not.toBe(first)

    const result = await json<RunResult>(home, 'run', project, '--resume', second.slice(0, 8), '--threads', '1')
    expect(result.search.resumed).toMatchObject({ runId: second })
    expect(result.search.resumed!.trials).toBeGreaterThanOrEqual(finished + 10)
    expect(result.search).toMatchObject({ complete: true, trialsDone: whole.result.search.trialsDone })
    const { files } = await json<ModelVersion>(home, 'models', 'show', `${result.model.name}/1`)
    expect(files).toEqual(whole.files)

    const { runs } = await json<{ runs: Run[] }>(home, 'runs', 'list', '--parent', result.runId, '--limit', '999')
    expect(runs).toHaveLength(81)
    expect(runs.filter(({ tags }) => tags['bellwether.restored']).length).toBe(result.search.resumed!.trials)
    const metrics = (trials: Run[]) => Object.fromEntries(trials.map((trial) => [trial.name, trial.metrics]))
    const wholeTrials = await json<{ runs: Run[] }>(
      whole.home,
      'runs',
      'list',
      '--parent',
      whole.result.runId,
      '--limit',
      '999',
    )
    expect(metrics(runs)).toEqual(metrics(wholeTrials.runs))

    const done = await refusal(home, 'run', project, '--resume', result.runId)
    expect(done).toMatchObject({ error: 'RUN_NOT_RESUMABLE' })
    expect(done.message).toContain('pupils version 1')
  })

  test('is not taken up with other data, options or none such, and what differs is named', async () => {
    const stopped = (await trialsOf(home, 'KILLED'))[0]!.parentRunId!
    const other = await refusal(home, 'run', project, '--resume', stopped, '--seed', '7', '--trials', '3')
    expect(other.error).toBe('RUN_NOT_RESUMABLE')
    expect(other.message).toMatch(/search\.seed, search\.trials, split\.seed differ/)
    const data = path.join(project, 'other.csv')
    const table = readFileSync(path.join(project, 'pupils.csv'), 'utf8').trimEnd().split('\n')
    writeFileSync(data, `${table.slice(0, -1).join('\n')}\n`)
    expect((await refusal(home, 'run', project, '--resume', stopped, '--data', data)).message).toMatch(/dataset differ/)
    expect(await refusal(home, 'run', project, '--resume', 'abcdef00')).toMatchObject({ error: 'RUN_NOT_FOUND' })
    const trial = (await trialsOf(home, 'KILLED'))[0]!.id
    expect((await refusal(home, 'run', project, '--resume', trial)).message).toContain('is a trial')
  })
})

/** Finished trials of the runs of that state. */
async function trialsOf(home: string, status: Run['status']): Promise<Run[]> {
  const stores = await openHome(home, { readOnly: true }).catch(() => null)
  if (!stores) return []
  try {
    const trials: Run[] = []
    for (const { id } of await stores.tracking.runs({ parentRunId: null, status }))
      trials.push(...(await stores.tracking.runs({ parentRunId: id })))
    return trials
  } finally {
    await stores.close()
  }
}
