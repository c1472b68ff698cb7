import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKey, KeyOptions } from '../security/manage-keys.ts'
import { ROLES, type Role, roleHas } from '../security/permissions.ts'
import type { LineageGraph } from '../track/lineage/lineage.ts'
import type { TypedApp } from './route-types.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let app: TypedApp
let ask: Ask
const made: Record<string, RegisteredForTest> = {}
const keys: Record<string, { 'x-api-key': string }> = {}

beforeAll(async () => {
  served = await ServedHome.make()
  // `twin` learnt from the very rows that `risk` learnt from.
  for (const [name, seed] of Object.entries({ risk: 7, twin: 7, school: 8, other: 9 }))
    made[name] = await served.register({ name, seed })
  for (const role of ROLES) {
    const options = KeyOptions.parse({ name: role, role, models: ['risk', 'school'], sensitive: true })
    const { key } = await createKey(served.home.keys, options, { actor: 'test', now: Date.now() })
    keys[role] = { 'x-api-key': key }
  }
  ;({ app, ask } = await appFor(served, { authentication: 'on' }))
}, 60_000)
afterAll(async () => {
  await app?.close()
  await served?.remove()
})

const get = (url: string, role: Role = 'viewer') => ask('GET', `/api/v1${url}`, { headers: keys[role]! })
const run = (name: string) => made[name]!.version.runId!
const data = (name: string) => made[name]!.version.datasetId!
const graphOf = async (id: string): Promise<LineageGraph> => {
  const answer = await get(`/lineage/${encodeURIComponent(id)}`)
  expect(answer.status, id).toBe(200)
  return answer.json()
}

/** Permission, and the same route about what is the key's own and what is another's. */
const ROUTES = [
  ['datasets:read', 'GET', (name: string) => `/datasets/${data(name)}`, 200],
  ['datasets:read', 'GET', (name: string) => `/datasets/${data(name)}/files`, 400],
  ['datasets:read', 'GET', (name: string) => `/datasets/${data('risk')}/diff/${data(name)}`, 'any'],
  ['datasets:read', 'GET', (name: string) => `/datasets/${data(name)}/diff/${data('risk')}`, 'any'],
  ['runs:read', 'GET', (name: string) => `/lineage/${data(name)}`, 200],
  ['runs:read', 'GET', (name: string) => `/lineage/${run(name)}`, 200],
  ['runs:read', 'GET', (name: string) => `/lineage/${name}%2F1`, 200],
  ['runs:read', 'GET', (name: string) => `/lineage/${name}@champion`, 200],
  ['runs:read', 'GET', (name: string) => `/lineage/${name}?format=svg`, 200],
  ['runs:read', 'GET', (name: string) => `/runs/${run(name)}/reproduction`, 404],
  ['runs:write', 'POST', (name: string) => `/runs/${run(name)}/reproduction`, 'any'],
] as const

describe.each(ROLES)('a %s of some projects', (role) => {
  test.each(ROUTES.map((route, i) => [`${route[0]}, ${route[1]} (${i})`, route] as const))(
    'may, of these alone, what the role may: %s',
    async (_name, [permission, method, url, expected]) => {
      const of = (name: string) => ask(method, `/api/v1${url(name)}`, { headers: keys[role]! })
      const [own, another] = [await of('school'), await of('other')]
      expect([another.status, another.json().error]).toEqual([403, 'FORBIDDEN'])
      if (!roleHas(role, permission)) expect(own.status).toBe(403)
      else if (expected === 'any') expect([401, 403]).not.toContain(own.status)
      else expect(own.status).toBe(expected)
      // A refusal says what to do, and nothing of what it refuses.
      expect(another.json().hint).toMatch(/key/)
      expect(JSON.stringify(another.json())).not.toContain('other"')
    },
  )

  test('is refused what is about all of them', async () => {
    for (const url of ['/datasets', '/dataset-log', `/datasets/${data('school')}/table`, '/audit', '/keys']) {
      const answer = await get(url, role)
      expect([answer.status, answer.json().error], url).toEqual([403, 'FORBIDDEN'])
      expect(answer.json().message).toMatch(/needs the permission|about all models/)
    }
  })
})

test('of a dataset that others used too, a lineage shows the own part', async () => {
  for (const id of [data('risk'), run('risk'), 'risk/1']) {
    const { nodes, edges } = await graphOf(id)
    expect(nodes.map(({ kind }) => kind).sort(), id).toEqual(['dataset', 'run', 'source', 'version'])
    expect(nodes.map(({ project }) => project).filter((one) => one !== null)).toEqual(['risk', 'risk'])
    expect(edges.map(({ as }) => as).sort()).toEqual(['read', 'registered', 'training'])
    expect(JSON.stringify([nodes, edges])).not.toContain(run('twin'))
  }
  const picture = await get(`/lineage/${data('risk')}?format=mermaid`)
  expect(picture.text).toContain('risk version 1')
  expect(picture.text).not.toContain('twin')
})

test('of a student that another project taught, a lineage shows neither the teacher nor what that learnt from', async () => {
  const { tracking, lineage } = served.home
  const student = await tracking.createRun({
    experimentId: (await tracking.ensureExperiment('school', 1)).id,
    name: 'student',
    startTime: 2_000,
    tags: { 'bellwether.distilledFrom': 'other/1' },
  })
  await tracking.logDataset(student.id, data('school'), 'training')
  const whole = await lineage.lineage({ kind: 'run', id: student.id })
  expect(whole.nodes.map(({ id }) => id)).toEqual(expect.arrayContaining(['other/1', data('other')]))
  const { nodes } = await graphOf(student.id)
  expect(nodes.map(({ id }) => id).sort()).toEqual([student.id, data('school'), 'invented'].sort())
})

test('a model that is not there tells nobody confined which ones there are', async () => {
  const { key } = await createKey(
    served.home.keys,
    KeyOptions.parse({ name: 'pattern', role: 'admin', models: ['sch*'] }),
    { actor: 'test', now: Date.now() },
  )
  const headers = { 'x-api-key': key }
  await expect.poll(async () => (await ask('GET', '/api/v1/models', { headers })).status, { timeout: 10_000 }).toBe(200)
  for (const [method, url] of [
    ['GET', '/api/v1/models/scheme'],
    ['GET', '/api/v1/models/scheme/signature'],
    ['GET', '/api/v1/models/scheme/history'],
    ['GET', '/v2/models/scheme'],
    ['POST', '/api/v1/models/scheme/predict'],
    ['POST', '/api/v1/models/scheme/invocations'],
    ['POST', '/v2/models/scheme/infer'],
    ['POST', '/v1/models/scheme:predict'],
  ] as const) {
    const body = { records: [], inputs: [], instances: [] }
    const answer = await ask(method, url, { headers, ...(method === 'POST' ? { body } : {}) })
    expect(answer.text, url).not.toMatch(/risk|twin|other/)
    expect([400, 404]).toContain(answer.status)
  }
  expect((await get('/models/school')).text).toContain('school')
})

test('what is nobody’s is not theirs, and what is not there is not found', async () => {
  const { home } = served
  const id = `sha256:${'ab'.repeat(32)}`
  await home.datasets.putDataset({ ...(await home.datasets.dataset(data('risk'))), id, name: 'risk' })
  expect((await get(`/datasets/${id}`)).status).toBe(403)
  expect((await get(`/lineage/${id}`)).status).toBe(403)
  for (const url of [`/datasets/${'cd'.repeat(32)}`, '/lineage/nothing-of-that-id', '/runs/nothing/reproduction'])
    expect((await get(url)).status, url).toBe(404)
})
