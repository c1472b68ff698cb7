import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { BellwetherError } from '../../src/errors.ts'
import { executeClustering } from '../../src/pipeline/execute-clustering.ts'
import { executeRun } from '../../src/pipeline/execute-run.ts'
import { loadProject } from '../../src/pipeline/load-project.ts'
import { prepareClustering } from '../../src/pipeline/prepare-clustering.ts'
import { prepareRun } from '../../src/pipeline/prepare-run.ts'
import { provenance } from '../../src/pipeline/provenance.ts'
import { recordWithVersion } from '../../src/pipeline/record-with-version.ts'
import type { RunEvent } from '../../src/pipeline/run-events.ts'
import { type Home, openHome } from '../../src/store/open-home.ts'
import type { ModelRegistry } from '../../src/track/model-registry.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
vi.setConfig({ testTimeout: 300_000 })

const FULL = 'There is no space left for the model.'

/** The registry of a home, whose versions end with an error. */
function refusing(home: Home, error: Error): ModelRegistry {
  return new Proxy(home.models, {
    get(target, name) {
      if (name === 'createVersion') return () => Promise.reject(error)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function depsOf(home: Home, error: Error, events: RunEvent[] = []) {
  return {
    ...home,
    models: refusing(home, error),
    clock: Date.now,
    provenance: await provenance(folder),
    actor: 'ana',
    drawFigures: async () => [],
    threads: os.availableParallelism(),
    onEvent: (event: RunEvent) => void events.push(event),
  }
}

const project = writePupilsProject(
  path.join(folder, 'pupils'),
  makePupils(150),
  'models: [baseline, logistic-regression]\nsearch: { trials: 2, folds: 3 }\n',
)
const preparedRun = async () =>
  prepareRun({
    project: await loadProject(path.join(project, 'bellwether.yaml')),
    file: path.join(project, 'pupils.csv'),
  })

test('a run whose version is refused by an error has failed, says why, and can be taken up', async () => {
  const at = path.join(folder, 'home')
  const home = await openHome(at, { create: true })
  const events: RunEvent[] = []
  const full = new BellwetherError('STORAGE_FULL', FULL)
  await expect(executeRun(await preparedRun(), await depsOf(home, full, events))).rejects.toBe(full)
  const [run] = await home.tracking.runs({ parentRunId: null })
  expect(run).toMatchObject({
    status: 'FAILED',
    endTime: expect.any(Number),
    tags: { 'bellwether.error': `STORAGE_FULL at the stage "register": ${FULL}` },
  })
  await home.close()

  const short = run!.id.slice(0, 8)
  expect(events.at(-1)).toEqual({
    type: 'warning',
    message: `The run ${short} failed; its 3 finished trials are kept: --resume ${short} takes them up.`,
  })
  const shown = await bellwether(['runs', 'show', run!.id, '--home', at])
  expect(shown.stdout).toMatch(/^FAILED .*\nSTORAGE_FULL at the stage "register": There is no space left/m)
  const resumed = await bellwether(['run', project, '--home', at, '--resume', short, '--json'])
  expect(resumed.status, resumed.stderr).toBe(0)
  expect(JSON.parse(resumed.stdout)).toMatchObject({ model: { name: 'pupils', version: 1 } })
})

test('of a run in a home that is thrown away nothing is offered to be taken up', async () => {
  const home = await openHome(path.join(folder, 'scratch'), { create: true })
  const events: RunEvent[] = []
  const full = new BellwetherError('STORAGE_FULL', FULL)
  const deps = { ...(await depsOf(home, full, events)), throwaway: true }
  await expect(executeRun(await preparedRun(), deps)).rejects.toBe(full)
  expect(events.filter(({ type }) => type === 'warning')).toEqual([])
  const signal = AbortSignal.abort()
  await expect(executeRun(await preparedRun(), { ...deps, signal })).rejects.toMatchObject({
    code: 'CANCELLED',
    message: 'It was stopped.',
  })
  await home.close()
})

test('a fault of the program is named without its words, which might quote the data', async () => {
  const home = await openHome(path.join(folder, 'fault'), { create: true })
  await expect(
    executeRun(await preparedRun(), await depsOf(home, new TypeError('cannot read P00001'))),
  ).rejects.toThrow('cannot read')
  const [run] = await home.tracking.runs({ parentRunId: null })
  expect(run?.tags['bellwether.error']).toBe('INTERNAL at the stage "register": TypeError')
  await home.close()
})

test('a clustering whose version is refused by an error has failed and says why', async () => {
  const home = await openHome(path.join(folder, 'groups'), { create: true })
  const { options, ...rest } = await loadProject(path.join(project, 'bellwether.yaml'))
  const { target: _, ...data } = options.data
  const prepared = await prepareClustering({
    project: {
      ...rest,
      options: { ...options, task: 'clustering', data: { ...data, target: null }, models: ['k-means'] },
    },
    file: path.join(project, 'pupils.csv'),
  })
  const full = new BellwetherError('STORAGE_FULL', FULL)
  await expect(executeClustering(prepared, await depsOf(home, full))).rejects.toBe(full)
  const [run] = await home.tracking.runs({ parentRunId: null })
  expect(run).toMatchObject({
    status: 'FAILED',
    tags: { 'bellwether.error': `STORAGE_FULL at the stage "register": ${FULL}` },
  })
  await home.close()
})

test('an import whose version is refused by an error has failed and says why', async () => {
  const home = await openHome(path.join(folder, 'import'), { create: true })
  const now = Date.now()
  const experiment = await home.tracking.ensureExperiment('brought', now)
  const full = new BellwetherError('STORAGE_FULL', FULL)
  const version = {
    model: 'brought',
    datasetId: '',
    files: [],
    metrics: {},
    estimator: 'onnx',
    aliases: [],
    actor: 'ana',
    reason: 'imported',
    now,
  }
  await expect(
    recordWithVersion(
      { experimentId: experiment.id, name: 'import of a.onnx', startTime: now },
      version,
      await depsOf(home, full),
    ),
  ).rejects.toBe(full)
  expect(await home.tracking.runs({})).toMatchObject([
    { status: 'FAILED', tags: { 'bellwether.error': `STORAGE_FULL: ${FULL}` } },
  ])
  await home.close()
})
