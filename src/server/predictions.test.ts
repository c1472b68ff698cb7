import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import type { TypedApp } from './route-types.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let log: FilePredictionLog
let app: TypedApp
let ask: Ask
let lines: string[]

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  await served.register({ name: 'points', task: 'regression', estimator: 'ridge' })
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: Date.now })
  ;({ app, ask, lines } = await appFor(served, { defaultModel: 'risk', predictionLog: log }))
})
afterAll(async () => {
  await app.close()
  await log.close()
  await served.remove()
})

const list = async (query = '') => (await ask('GET', `/api/v1/predictions${query}`)).json()

test('a prediction by any protocol is found again, with its features and its answer, and nothing else of the request', async () => {
  const record = recordOf(risk.students, 3) as Record<string, unknown>
  const { predictions, model } = (
    await ask('POST', '/api/v1/models/risk/predict', { body: { records: [record, record], explain: true } })
  ).json()
  const flat = (await ask('POST', '/predict', { body: record })).json()
  await ask('POST', '/invocations', { body: { instances: [record] } })
  const { predictions: kept, more } = await list('?model=risk')
  expect(more).toBe(false)
  expect(kept.map(({ id }: { id: string }) => id).slice(0, 3)).toEqual([predictions[0].id, predictions[1].id, flat.id])
  expect(kept).toHaveLength(4)
  expect(kept[0]).toEqual({
    id: predictions[0].id,
    time: expect.any(Number),
    model: 'risk',
    version: model.version,
    alias: 'champion',
    key: null,
    request: expect.any(String),
    latencyMs: expect.any(Number),
    features: record,
    answer: { label: predictions[0].label, probabilities: predictions[0].probabilities },
  })
})

test('blanks around a key hide no column from the log', async () => {
  const record = recordOf(risk.students, 6) as Record<string, unknown>
  const spaced = Object.fromEntries(Object.entries(record).map(([key, value]) => [` ${key} `, value]))
  const { id } = (await ask('POST', '/predict', { body: spaced })).json()
  const { predictions } = await list('?model=risk')
  expect(predictions.find((each: { id: string }) => each.id === id).features).toEqual(record)
})

test('a refused request leaves nothing, and a partial one leaves what was answered', async () => {
  const before = (await list()).predictions.length
  const record = recordOf(risk.students, 4) as Record<string, unknown>
  await ask('POST', '/api/v1/models/risk/predict', { body: { records: [{ ...record, Age: 'x' }] } })
  expect((await list()).predictions).toHaveLength(before)
  const body = { records: [{ ...record, Age: 'x' }, record], onError: 'partial' }
  await ask('POST', '/api/v1/models/risk/predict', { body })
  expect((await list()).predictions).toHaveLength(before + 1)
})

test('lists are bounded, and are of a model, a version and a time', async () => {
  const record = recordOf(risk.students, 5)
  await ask('POST', '/api/v1/models/points/predict', { body: { records: [record, record, record] } })
  expect(await list('?model=points&limit=2')).toMatchObject({
    more: true,
    predictions: [{ answer: { value: expect.any(Number) } }, {}],
  })
  expect((await list('?model=points&version=2')).predictions).toEqual([])
  expect((await list(`?since=${Date.now() + 60_000}`)).predictions).toEqual([])
  expect((await ask('GET', '/api/v1/predictions?limit=0')).status).toBe(400)
})

test("a person's identifier reaches neither the log of predictions nor the server's log", async () => {
  const body = { identifier: 'marked-identifier-4711' }
  expect((await ask('POST', '/api/v1/predictions/find', { body })).json()).toEqual({ predictions: [], more: false })
  expect((await ask('POST', '/api/v1/predictions/erase', { body })).json()).toEqual({ erased: 0 })
  expect(lines.join('')).not.toContain('marked-identifier')
})

test('without a log the routes say so', async () => {
  const other = await appFor(served)
  const answer = await other.ask('GET', '/api/v1/predictions')
  expect([answer.status, answer.json().error]).toEqual([404, 'PREDICTIONS_NOT_KEPT'])
  await other.app.close()
})
