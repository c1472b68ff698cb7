import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bellwether } from '../../support/cli.ts'
import { pythonOf } from '../../support/interop.ts'
import { type Served, startServing } from '../../support/served.ts'

interface Clients {
  readonly mlflow: { version: string; predictions: string[]; fromList: string[]; refusal: string }
  readonly kserve: {
    id: string
    labels: string[]
    probabilities: number[]
    shape: number[]
    serverReady: boolean
    serverLive: boolean
    modelReady: boolean
    v1: string[]
    v1Ready: boolean
  }
}

let home = ''
let server: Served
let records: Record<string, unknown>[] = []
let clients: Clients
let labels: string[] = []
let probabilities: number[] = []

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'bellwether-scoring-'))
  const trained = await bellwether([
    'run',
    'academic-risk',
    '--models',
    'logistic-regression',
    '--trials',
    '1',
    '--home',
    home,
  ])
  expect(trained.status, trained.stderr).toBe(0)
  server = await startServing(['serve', '--home', home])
  const { body: signature } = await server.get<{
    example: Record<string, unknown>
    inputs: { name: string; kind: string }[]
  }>('/api/v1/models/academic-risk/signature')
  const numbers = signature.inputs.filter(({ kind }) => kind === 'number').map(({ name }) => name)
  records = Array.from({ length: 20 }, (_, i) => ({
    ...signature.example,
    ...Object.fromEntries(numbers.map((name) => [name, (signature.example[name] as number) + (i % 3)])),
  }))
  const ours = await server.post<{ predictions: { label: string; probabilities: Record<string, number> }[] }>(
    '/api/v1/models/academic-risk/predict',
    { records },
  )
  labels = ours.body.predictions.map(({ label }) => label)
  probabilities = ours.body.predictions.flatMap((each) => Object.values(each.probabilities))
  const script = path.join(import.meta.dirname, 'clients.py')
  const asked = spawnSync(pythonOf('scoring'), [script, server.url, 'academic-risk'], {
    input: JSON.stringify(records),
    encoding: 'utf8',
    timeout: 120_000,
  })
  expect(asked.status, asked.stderr.slice(-3000)).toBe(0)
  clients = JSON.parse(asked.stdout) as Clients
})
afterAll(async () => {
  await server?.stop()
  await rm(home, { recursive: true, force: true })
})

test("MLflow's scoring client gets our answers, from a data frame and from rows", () => {
  expect(clients.mlflow.predictions).toEqual(labels)
  expect(clients.mlflow.fromList).toEqual(labels)
  expect(clients.mlflow.version).toMatch(/^\d+\.\d+/)
})

test("MLflow's scoring client is told which column is missing", () => {
  expect(clients.mlflow.refusal).toMatch(/error code 400.*INVALID_PARAMETER_VALUE/s)
})

test("KServe's V2 client gets labels and probabilities, and its own id back", () => {
  const { kserve } = clients
  expect(kserve.labels).toEqual(labels)
  expect(kserve.probabilities).toEqual(probabilities)
  expect(kserve.shape).toEqual([20, probabilities.length / 20])
  expect(kserve.id).toBe('mine')
  expect([kserve.serverReady, kserve.serverLive, kserve.modelReady]).toEqual([true, true, true])
})

test("KServe's V1 client gets labels", () => {
  expect(clients.kserve.v1).toEqual(labels)
  expect(clients.kserve.v1Ready).toBe(true)
})
