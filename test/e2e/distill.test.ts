import { afterAll, beforeAll, expect, test } from 'vitest'
import { bellwether, temporaryFolder } from '../support/cli.ts'

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

test('what can’t be is refused in words', { timeout: 120_000 }, async () => {
  const noLeaves = await bellwether(['models', 'distill', 'academic-risk', '--leaves', 'int8', ...home])
  expect(noLeaves.status).toBe(2)
  expect(noLeaves.stderr).toContain('has no leaves')
  const noTrees = await bellwether(['models', 'distill', 'academic-risk', '--trees', '5', ...home])
  expect(noTrees.stderr).toContain('--trees and --max-leaves are for models of trees')
})
