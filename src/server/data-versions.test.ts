import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepFiles } from '../pipeline/keep-files.ts'
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

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: Date.now })
  ;({ app, ask } = await appFor(served, { defaultModel: 'risk', predictionLog: log }))
})
afterAll(async () => {
  await app.close()
  await log.close()
  await served.remove()
})

test('lineage goes from a prediction back to the source of its data, as JSON, flowchart and picture', async () => {
  const { id } = (await ask('POST', '/predict', { body: recordOf(risk.students, 3) })).json()
  await log.flush()
  const graph = (await ask('GET', `/api/v1/lineage/${id}`)).json()
  expect(graph.nodes.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
    'dataset',
    'prediction',
    'run',
    'source',
    'version',
  ])
  const model = await ask('GET', '/api/v1/lineage/risk%2F1?format=mermaid')
  expect(model.headers['content-type']).toContain('text/plain')
  expect(model.text).toMatch(/^flowchart LR\n/)
  const picture = await ask('GET', '/api/v1/lineage/risk@champion?format=svg')
  expect(picture.headers['content-type']).toContain('image/svg+xml')
  expect(picture.text).toMatch(/^<svg /)
  expect(await ask('GET', '/api/v1/lineage/nothing')).toMatchObject({ status: 404 })
})

test('versions of files are listed with their size, and two are compared', async () => {
  const folder = path.join(served.folder, 'photos')
  await mkdir(folder)
  const deps = { ...served.home, clock: Date.now, indexFolder: null }
  await writeFile(path.join(folder, 'a.txt'), 'one')
  const one = await keepFiles([folder], { name: 'photos', source: 'photos' }, deps)
  await writeFile(path.join(folder, 'b.txt'), 'two')
  const two = await keepFiles([folder], { name: 'photos', source: 'photos' }, deps)
  const { datasets } = (await ask('GET', '/api/v1/datasets?name=photos')).json()
  expect(datasets[0]).toMatchObject({ id: two.id, files: { nFiles: 2, sizeBytes: 6 } })
  const diff = await ask('GET', `/api/v1/datasets/${one.id}/diff/${two.id}`)
  expect(diff.json()).toEqual({
    before: one.id,
    after: two.id,
    files: { added: [{ path: 'b.txt', sizeBytes: 3 }], removed: [], changed: [], unchanged: 1 },
  })
  const table = (await served.home.datasets.datasets({ name: 'risk' }))[0]!
  expect(await ask('GET', `/api/v1/datasets/${one.id}/diff/${table.id}`)).toMatchObject({ status: 400 })
})
