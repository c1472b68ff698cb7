import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKey, KeyOptions } from '../security/manage-keys.ts'
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
  for (const name of ['risk', 'school-1', 'school-2', 'other']) made[name] = await served.register({ name })
  for (const [name, options] of Object.entries({
    all: { role: 'viewer' },
    risk: { role: 'viewer', models: ['risk'] },
    schools: { role: 'trainer', models: ['school-*'] },
    predictor: { role: 'predictor', models: ['risk'] },
  })) {
    const { key } = await createKey(served.home.keys, KeyOptions.parse({ name, ...options }), {
      actor: 'test',
      now: Date.now(),
    })
    keys[name] = { 'x-api-key': key }
  }
  // Afterwards: a running server may take a second to notice a key.
  ;({ app, ask } = await appFor(served, { authentication: 'on' }))
}, 60_000)
afterAll(async () => {
  await app?.close()
  await served?.remove()
})

const get = (who: string, url: string) => ask('GET', `/api/v1/runs${url}`, { headers: keys[who]! })
const idOf = (name: string) => made[name]!.version.runId!
async function idsFor(who: string, query = ''): Promise<string[]> {
  const answer = await get(who, query)
  expect(answer.status, JSON.stringify(answer.json())).toBe(200)
  return answer.json().runs.map(({ id }: { id: string }) => id)
}

test('who is confined to models sees the runs of their projects, and no other', async () => {
  const every = await idsFor('all')
  for (const name of Object.keys(made)) expect(every).toContain(idOf(name))
  expect(await idsFor('risk')).toEqual(await idsFor('all', '?experiment=risk'))
  const schools = [...(await idsFor('all', '?experiment=school-1')), ...(await idsFor('all', '?experiment=school-2'))]
  expect((await idsFor('schools')).sort()).toEqual(schools.sort())
  expect(await idsFor('schools', '?limit=1')).toHaveLength(1)
  expect(await idsFor('risk', '?experiment=risk&parent=none')).toContain(idOf('risk'))
})

test('of another project a run, its files and its experiment are refused, alone and beside one of the own', async () => {
  for (const url of [
    `/${idOf('other')}`,
    `/${idOf('other')}/artifacts/figures/roc.svg`,
    `/compare?ids=${idOf('risk')},${idOf('other')}`,
    '?experiment=other',
  ]) {
    const answer = await get('risk', url)
    expect([answer.status, answer.json().error], url).toEqual([403, 'FORBIDDEN'])
    expect(JSON.stringify(answer.json())).not.toContain('other"')
  }
  expect((await get('risk', `/${idOf('risk')}`)).status).toBe(200)
  expect((await get('risk', `/compare?ids=${idOf('risk')}`)).status).toBe(200)
  expect((await get('risk', '/nothing-of-that-id')).status).toBe(404)
})

test('a role that sees no runs sees none of its own model either', async () => {
  for (const url of ['', `/${idOf('risk')}`]) expect((await get('predictor', url)).status).toBe(403)
})
