import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../support/cli.ts'
import { runPython } from '../../support/interop.ts'
import { type Served, startServing } from '../../support/served.ts'

const STEPS = [
  'set_experiment',
  'start_run_and_log',
  'param_is_written_once',
  'log_artifacts',
  'download_artifacts',
  'upload_and_download_in_parts',
  'large_file_in_parts',
  'log_input',
  'search_runs',
  'log_sklearn_model',
  'register_model',
  'aliases',
  'stages',
  'pickle_is_never_loaded',
  'autolog',
  'delete_and_restore',
]

describe.each([
  ['MLflow 3', 'mlflow', [...STEPS, 'onnx_is_served']],
  ['MLflow 2', 'mlflow-2', STEPS],
])('the client of %s, unmodified,', (_name, environment, steps) => {
  const home = temporaryFolder()
  let server: Served
  const answers = new Map<string, string | null>()

  beforeAll(async () => {
    server = await startServing(['serve', '--create-home', '--home', home.folder])
    const script = path.join(import.meta.dirname, 'notebook.py')
    const { stdout, stderr } = await runPython(environment, [script, server.url], { timeoutMs: 220_000 })
    for (const line of stdout.split('\n').filter((one) => one.startsWith('{'))) {
      const { step, error } = JSON.parse(line) as { step: string; error: string | null }
      answers.set(step, error)
    }
    if (answers.size === 0) throw new Error(stderr)
  })
  afterAll(async () => {
    await server?.stop()
    home.remove()
  })

  test.each(steps)('%s', (step) => {
    expect(answers.has(step), 'the step was not reached').toBe(true)
    expect(answers.get(step)).toBeNull()
  })

  test('what it registered is in our own API, and its changes of stage and alias in the ledger', async () => {
    const { body } = await server.get<{ entries?: { action: string }[]; history?: { action: string }[] }>(
      '/api/v1/models/Iris%20model/history',
    )
    const actions = JSON.stringify(body)
    for (const action of ['version-created', 'alias-set', 'alias-removed', 'stage-set', 'version-deleted'])
      expect(actions).toContain(action)
  })
})
