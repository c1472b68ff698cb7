import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPackage } from '../../src/packaging/read-package.ts'
import { openHome } from '../../src/store/open-home.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
const home = ['--home', folder]

beforeAll(async () => {
  const run = await bellwether(['run', 'academic-risk', '--models', 'gradient-boosting', '--trials', '1', ...home])
  expect(run.status, run.stderr).toBe(0)
}, 240_000)
afterAll(remove)

interface Report {
  readonly teacher: { name: string; version: number }
  readonly model: { name: string; version: number; aliases: string[] }
  readonly fidelity: { agreement: number; divergence: number; meanAbsoluteDifference: number }
  readonly leafLoss: number | null
  readonly metrics: Record<'student' | 'teacher', Record<string, number>>
  readonly measured: Record<string, number>
}

async function distil(...args: string[]): Promise<Report> {
  const { status, stdout, stderr } = await bellwether([
    'models',
    'distill',
    'academic-risk',
    ...args,
    '--json',
    ...home,
  ])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Report
}

test('a linear student mostly says what its teacher says, is smaller, and is registered beside it', {
  timeout: 240_000,
}, async () => {
  const { model, fidelity, metrics, measured } = await distil()
  expect(model).toEqual({ name: 'academic-risk-distilled', version: 1, aliases: ['champion'] })
  expect(fidelity.agreement).toBeGreaterThan(0.85)
  expect(fidelity.divergence).toBeGreaterThan(0)
  expect(fidelity.divergence).toBeLessThan(0.2)
  expect(metrics.student['f1_macro']).toBeGreaterThan(metrics.teacher['f1_macro']! - 0.1)
  expect(measured['student_bytes']).toBeLessThan(measured['teacher_bytes']!)
  const shown = await bellwether(['models', 'show', 'academic-risk-distilled/1', '--json', ...home])
  expect(JSON.parse(shown.stdout)).toMatchObject({ estimator: 'logistic-regression', version: 1 })
  // As a run that trained, so that both stand in one column.
  const { runs } = JSON.parse((await bellwether(['runs', 'list', '--json', ...home])).stdout) as {
    runs: { name: string; metrics: Record<string, number> }[]
  }
  const run = runs.find(({ name }) => name.startsWith('distilled from'))
  expect(run?.metrics['test.f1_macro']).toBe(metrics.student['f1_macro'])
})

test('leaves in fewer bits make a smaller file, and what that costs is said', { timeout: 240_000 }, async () => {
  const trees = ['--student', 'gradient-boosting', '--trees', '15', '--as', 'small']
  const whole = await distil(...trees)
  const half = await distil(...trees, '--leaves', 'float16')
  const byte = await distil(...trees, '--leaves', 'int8')
  expect(whole.leafLoss).toBeNull()
  expect(whole.fidelity.agreement).toBeGreaterThan(0.92)
  expect(half.leafLoss).toBeGreaterThan(0)
  expect(half.leafLoss).toBeLessThan(1e-3)
  expect(byte.leafLoss).toBeGreaterThan(half.leafLoss!)
  expect(byte.leafLoss).toBeLessThan(0.05)
  expect(half.measured['student_bytes']).toBeLessThan(whole.measured['student_bytes']!)
  expect(byte.measured['student_bytes']).toBeLessThan(half.measured['student_bytes']!)
  expect(byte.model).toMatchObject({ name: 'small', version: 3 })

  // What was kept in bytes answers, and leaves as ONNX, like any other.
  const { status, stderr } = await bellwether(['models', 'export', 'small', '--onnx', `${folder}/small.onnx`, ...home])
  expect(status, stderr).toBe(0)
})

test('a student is made again byte for byte from its teacher’s package', { timeout: 240_000 }, async () => {
  const { model } = await distil('--student', 'gradient-boosting', '--trees', '10', '--leaves', 'int8', '--as', 'again')
  const runId = await runOf(`again/${model.version}`)
  const { status, stdout, stderr } = await bellwether(['runs', 'reproduce', runId, '--json', ...home])
  expect(status, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    verdict: 'identical',
    model: { name: 'again', version: model.version },
    teacher: { name: 'academic-risk', version: 1 },
    differences: [],
  })
  const shown = await bellwether(['lineage', `again/${model.version}`, ...home])
  expect(shown.stdout).toMatch(/academic-risk version 1 +\S? *taught +\S? *run distilled from academic-risk version 1/)

  const project = await bellwether(['runs', 'reproduce', runId, '--project', 'academic-risk', '--json', ...home])
  expect(project.status).toBe(2)
  expect(JSON.parse(project.stderr)).toMatchObject({
    error: 'RUN_NOT_REPRODUCIBLE',
    message: expect.stringContaining("a project's are none of it"),
  })
})

test('a student whose teacher is gone, or whose package names none, is refused in words', {
  timeout: 240_000,
}, async () => {
  await distil('--as', 'orphan')
  const runId = await runOf('orphan/1')
  const refusal = async () => {
    const { status, stderr } = await bellwether(['runs', 'reproduce', runId, '--json', ...home])
    expect(status).toBe(2)
    const { error, message } = JSON.parse(stderr) as { error: string; message: string }
    expect(error).toBe('RUN_NOT_REPRODUCIBLE')
    return message
  }
  const database = new DatabaseSync(`${folder}/bellwether.db`)
  const manifest = database
    .prepare("SELECT hash FROM model_version_files WHERE model = ? AND path = 'manifest.json'")
    .get('academic-risk') as { hash: string }
  const point = database.prepare("UPDATE model_version_files SET hash = ? WHERE model = ? AND path = 'manifest.json'")
  point.run(`sha256:${'0'.repeat(64)}`, 'academic-risk')
  expect(await refusal()).toMatch(
    /^The teacher, academic-risk version 1 with the manifest sha256:\w{12}, is not here any more\.$/,
  )
  point.run(manifest.hash, 'academic-risk')
  database.close()

  // As students were registered before their packages named the teacher's bytes.
  const stores = await openHome(folder)
  const version = await stores.models.version('orphan', 1)
  const { distilledFrom: _, ...older } = (await readPackage(stores.blobs, version.files)).manifest
  const bytes = new TextEncoder().encode(JSON.stringify(older))
  const hash = await stores.blobs.put(bytes)
  await stores.close()
  const again = new DatabaseSync(`${folder}/bellwether.db`)
  again
    .prepare(
      "UPDATE model_version_files SET hash = ?, size_bytes = ? WHERE model = 'orphan' AND path = 'manifest.json'",
    )
    .run(hash, bytes.length)
  again.close()
  expect(await refusal()).toMatch(
    /distilled academic-risk\/1 before packages said which bytes their teacher had; distil it again\.$/,
  )
})

test('a student takes the columns as its teacher’s project declares them, whatever was said of the same data before', {
  timeout: 240_000,
}, async () => {
  const options = 'models: [logistic-regression]\nsearch: { trials: 1, folds: 3 }\n'
  const declared = (columns: string) =>
    writePupilsProject(`${folder}/declared`, makePupils(200), `  columns: { ${columns} }\n${options}`)
  const own = ['--home', `${folder}/declared-home`]
  expect((await bellwether(['data', 'add', declared('age: { min: 10, max: 99 }'), ...own])).status).toBe(0)
  const run = await bellwether(['run', declared('age: { min: 5, max: 120 }'), ...own])
  expect(run.status, run.stderr).toBe(0)
  expect((await bellwether(['models', 'distill', 'pupils', ...own])).status).toBe(0)
  const stores = await openHome(`${folder}/declared-home`, { readOnly: true })
  const [taught, learnt] = await Promise.all(
    ['pupils', 'pupils-distilled'].map(async (name) =>
      readPackage(stores.blobs, (await stores.models.version(name, 1)).files),
    ),
  )
  await stores.close()
  expect(learnt!.signature.inputs).toEqual(taught!.signature.inputs)
})

/** The run that made a version. */
async function runOf(version: string): Promise<string> {
  const { status, stdout, stderr } = await bellwether(['models', 'show', version, '--json', ...home])
  expect(status, stderr).toBe(0)
  return (JSON.parse(stdout) as { runId: string }).runId
}

test('what can’t be is refused in words', { timeout: 120_000 }, async () => {
  const noLeaves = await bellwether(['models', 'distill', 'academic-risk', '--leaves', 'int8', ...home])
  expect(noLeaves.status).toBe(2)
  expect(noLeaves.stderr).toContain('has no leaves')
  const noTrees = await bellwether(['models', 'distill', 'academic-risk', '--trees', '5', ...home])
  expect(noTrees.stderr).toContain('--trees and --max-leaves are for models of trees')
})
