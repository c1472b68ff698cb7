import path from 'node:path'
import { ulid } from 'ulid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import { tableToRecords } from '../table/table-to-records.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor } from './testing/test-server.ts'

const PATH = '/api/v1/models/risk/outcomes'
let served: ServedHome
let log: FilePredictionLog
let ask: Ask
let record: Record<string, unknown>
let now = Date.now()

beforeAll(async () => {
  served = await ServedHome.make()
  const { students } = await served.register({ project: { data: { id: 'Student' } } })
  await served.register({ name: 'grade', task: 'regression', seed: 8 })
  record = tableToRecords(students.table, students.schema.columns)[0]!
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: () => now })
  ask = (await appFor(served, { predictionLog: log, clock: () => now, newId: () => ulid(now) })).ask
})
afterAll(async () => {
  await log.close()
  await served.remove()
})

/** A prediction some milliseconds later. @returns its id */
async function predict(student: string | null = null, model = 'risk'): Promise<string> {
  now += 1000
  const sent = student === null ? record : { ...record, Student: student }
  const answer = await ask('POST', `/api/v1/models/${model}/predict`, { body: { records: [sent] } })
  expect(answer.status, answer.text).toBe(200)
  return answer.json().predictions[0].id
}
const tell = (outcomes: readonly object[], more: object = {}, url = PATH) =>
  ask('POST', url, { body: { outcomes, ...more } })

test('an outcome is kept by the id of its prediction, once; a correction keeps the history', async () => {
  const id = await predict()
  expect((await tell([{ predictionId: id, label: 'Dropout' }])).json()).toEqual({
    results: [{ predictionId: id, status: 'recorded' }],
  })
  now += 5000
  expect((await tell([{ predictionId: id, label: 'Dropout' }])).json().results[0].status).toBe('unchanged')
  expect((await tell([{ predictionId: id, label: 'Graduate' }])).json().results[0].status).toBe('corrected')
  expect((await tell([{ predictionId: id, label: 'Enrolled', observedTime: 5 }])).json().results[0].status).toBe('late')
  const history = (await ask('GET', `${PATH}/${id}`)).json().outcomes
  expect(history.map(({ label }: { label: string }) => label)).toEqual(['Dropout', 'Graduate', 'Enrolled'])
  expect(history[0]).toMatchObject({ predictionId: id, model: 'risk', version: 1 })
  const current = (await ask('GET', PATH)).json().outcomes
  expect(current.filter((one: { predictionId: string }) => one.predictionId === id)).toMatchObject([
    { label: 'Graduate' },
  ])
})

test("a person's outcome goes to the newest prediction at or before a time, and is erased with the person", async () => {
  const first = await predict(' S1')
  const between = now + 500
  const second = await predict('S1')
  await predict('S2')
  const told = await tell([
    { person: 'S1', time: between, label: 'Dropout' },
    { person: 'S1\t', label: 'Graduate' },
  ])
  expect(told.json().results.map(({ predictionId }: { predictionId: string }) => predictionId)).toEqual([first, second])
  expect((await ask('GET', PATH)).text).not.toMatch(/"S1"|"person"/)
  expect((await ask('POST', '/api/v1/predictions/erase', { body: { identifier: 'S1' } })).json()).toEqual({ erased: 2 })
  expect((await ask('GET', `${PATH}/${first}`)).json().outcomes).toEqual([])
  expect((await ask('GET', `${PATH}/${second}`)).json().outcomes).toEqual([])
  const unknown = await tell([{ person: 'S1', label: 'Graduate' }])
  expect([unknown.status, unknown.json().error]).toEqual([404, 'OUTCOME_UNKNOWN'])
  expect(unknown.text).not.toContain('S1')
})

test('a blank identifier names nobody', async () => {
  const id = await predict('  ')
  const kept: string[] = []
  for await (const entry of log.entries({ ids: new Set([id]) })) kept.push(String(entry.person))
  expect(kept).toEqual(['undefined'])
  const told = await tell([{ person: ' ', label: 'Graduate' }])
  expect([told.status, told.json().message]).toEqual([400, 'outcomes[0]: person is blank'])
  expect((await ask('POST', '/api/v1/predictions/erase', { body: { identifier: ' ' } })).status).toBe(400)
})

test('unknown ids are told, and refuse all unless the client asks otherwise', async () => {
  const id = await predict()
  const outcomes = [
    { predictionId: id, label: 'Dropout' },
    { predictionId: ulid(now), label: 'Dropout' },
    { predictionId: 'no-ulid', label: 'Dropout' },
  ]
  const refused = await tell(outcomes)
  expect(refused.status).toBe(404)
  expect(refused.json()).toMatchObject({
    error: 'OUTCOME_UNKNOWN',
    details: [{ path: 'outcomes[1]' }, { path: 'outcomes[2]' }],
  })
  expect((await ask('GET', `${PATH}/${id}`)).json().outcomes).toEqual([])
  const partial = await tell(outcomes, { onError: 'partial' })
  expect(partial.status).toBe(200)
  expect(partial.json().results).toMatchObject([
    { status: 'recorded' },
    { error: 'OUTCOME_UNKNOWN' },
    { error: 'OUTCOME_UNKNOWN' },
  ])
})

test('a prediction of another model is unknown, and a regression takes numbers', async () => {
  const id = await predict(null, 'grade')
  expect((await tell([{ predictionId: id, label: 'Dropout' }])).status).toBe(404)
  const grades = '/api/v1/models/grade/outcomes'
  expect((await tell([{ predictionId: id, label: 'Dropout' }], {}, grades)).json().details).toMatchObject([
    { path: 'outcomes[0].label' },
  ])
  expect((await tell([{ predictionId: id, value: 12.5 }], {}, grades)).json().results[0].status).toBe('recorded')
})

test.each([
  ['a label that is no class', (id: string) => ({ predictionId: id, label: 'Moved' }), 'outcomes[0].label'],
  ['a number for a class', (id: string) => ({ predictionId: id, value: 1 }), 'outcomes[0].value'],
  ['neither', (id: string) => ({ predictionId: id }), 'outcomes[0]'],
  ['both', (id: string) => ({ predictionId: id, label: 'Dropout', value: 1 }), 'outcomes[0]'],
  [
    'two ways to name a prediction',
    (id: string) => ({ predictionId: id, person: 'x', label: 'Dropout' }),
    'outcomes[0]',
  ],
  [
    'an observation in the future',
    (id: string) => ({ predictionId: id, label: 'Dropout', observedTime: 9e15 }),
    'outcomes[0]',
  ],
])('%s is refused with its place', async (_, outcome, place) => {
  const answer = await tell([outcome(await predict())])
  expect(answer.status, answer.text).toBe(400)
  expect(answer.json()).toMatchObject({ error: 'INVALID_INPUT', details: [{ path: place }] })
})

test('a server without a log of predictions, and a model that is not there, say so', async () => {
  const { ask: bare } = await appFor(served)
  expect((await bare('POST', PATH, { body: { outcomes: [{ predictionId: 'x', label: 'y' }] } })).json().error).toBe(
    'PREDICTIONS_NOT_KEPT',
  )
  expect((await tell([{ predictionId: 'x', label: 'y' }], {}, '/api/v1/models/none/outcomes')).status).toBe(404)
})
