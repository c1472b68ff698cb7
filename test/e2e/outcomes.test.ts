import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'
import { startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
const home = path.join(folder, 'home')
const pupils = makePupils(200)
let ids: string[]
afterAll(remove)

beforeAll(async () => {
  const project = writePupilsProject(
    path.join(folder, 'project'),
    pupils,
    'models: [logistic-regression]\nsearch: { trials: 1, folds: 2 }\n',
  )
  const run = await bellwether(['run', project, '--home', home, '--threads', '1'])
  expect(run.status, run.stderr).toBe(0)
  const server = await startServing(['serve', '--home', home])
  const { body } = await server.post<{ predictions: ClassPrediction[] }>('/api/v1/models/pupils/predict', {
    records: pupils.slice(0, 5),
  })
  ids = body.predictions.map(({ id }) => id)
  await server.stop()
}, 200_000)

async function add(name: string, text: string) {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  const { status, stdout, stderr } = await bellwether([
    ...['outcomes', 'add', 'pupils', '--data', file, '--home', home, '--json'],
  ])
  return { status, stderr, counts: status === 2 ? null : (JSON.parse(stdout) as Record<string, number>) }
}

test('a file of outcomes is kept once, corrections are told apart, and rows at fault by their lines', async () => {
  const file = `predictionId,label,observedTime\n${ids[0]},pass,2026-11-21T08:00Z\n${ids[1]},fail,2026-11-21\n`
  expect((await add('one.csv', file)).counts).toMatchObject({ recorded: 2, unknown: 0 })
  expect((await add('one.csv', file)).counts).toMatchObject({ recorded: 0, unchanged: 2 })
  const more = await add(
    'more.csv',
    `predictionId,label\n${ids[0]},fail\n01ARZ3NDEKTSV4RRFFQ69G5FAV,pass\n${ids[2]},CANARY\n`,
  )
  expect(more.status).toBe(1)
  expect(more.counts).toMatchObject({ corrected: 1, unknown: 1, invalid: 1 })
  expect(more.stderr).toMatch(/line 3 {2}no prediction of this model has this id/)
  expect(more.stderr).toMatch(/line 4 {2}expected one of "fail", "pass", "repeat"/)
  expect(more.stderr).not.toContain('CANARY')
}, 120_000)

test('outcomes by person go to their newest prediction; erasing the person erases them', async () => {
  const rows = `{"person":"${pupils[3]!['student id']}","label":"pass"}\n`
  expect((await add('persons.jsonl', rows)).counts).toMatchObject({ recorded: 1 })
  expect((await bellwether(['predictions', 'erase', '--id', pupils[3]!['student id'], '--home', home])).status).toBe(0)
  expect((await add('persons.jsonl', rows)).counts).toMatchObject({ recorded: 0, unknown: 1 })
  const server = await startServing(['serve', '--home', home])
  const { body } = await server.get<{ outcomes: unknown[] }>(`/api/v1/models/pupils/outcomes/${ids[3]}`)
  await server.stop()
  expect(body.outcomes).toEqual([])
}, 120_000)

test('a file without the columns it takes, or with no time where one should be, says so', async () => {
  expect((await add('bad.csv', 'id,label\n1,pass\n')).stderr).toContain('COLUMN_NOT_FOUND')
  expect((await add('bad2.csv', `predictionId,label,observedTime\n${ids[0]},pass,soon\n`)).stderr).toContain(
    'INVALID_INPUT',
  )
}, 60_000)
