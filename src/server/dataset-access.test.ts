import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKey, KeyOptions } from '../security/manage-keys.ts'
import { type Permission, ROLES, type Role, roleHas } from '../security/permissions.ts'
import type { TypedApp } from './route-types.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let app: TypedApp
let ask: Ask

beforeAll(async () => {
  served = await ServedHome.make()
  await served.register({ name: 'risk' })
  ;({ app, ask } = await appFor(served, { authentication: 'on' }))
})
afterAll(async () => {
  await app.close()
  await served.remove()
})

const headersOf = async (role: Role, options: Partial<KeyOptions> = {}) => {
  const { key } = await createKey(served.home.keys, KeyOptions.parse({ name: role, role, ...options }), {
    actor: 'test',
    now: Date.now(),
  })
  await new Promise((resolve) => setTimeout(resolve, 1100)) // the server looks at the keys once a second
  return { authorization: `Bearer ${key}` }
}

const ID = '0'.repeat(64)
const ROUTES: readonly (readonly ['GET' | 'POST' | 'DELETE', string, Permission, string?])[] = [
  ['GET', '/api/v1/datasets', 'datasets:read'],
  ['GET', `/api/v1/datasets/${ID}`, 'datasets:read'],
  ['GET', `/api/v1/datasets/${ID}/diff/${ID}`, 'datasets:read'],
  ['GET', `/api/v1/datasets/${ID}/files`, 'datasets:read'],
  ['GET', '/api/v1/dataset-log', 'datasets:read'],
  ['GET', `/api/v1/datasets/${ID}/file?path=x`, 'datasets:download', 'sensitive'],
  ['GET', `/api/v1/datasets/${ID}/table`, 'datasets:download', 'sensitive'],
  ['POST', '/api/v1/datasets', 'datasets:write'],
  ['DELETE', `/api/v1/datasets/${ID}`, 'server:manage'],
  ['GET', '/api/v1/data-remote', 'server:manage'],
  ['POST', '/api/v1/data-remote/push', 'server:manage'],
  ['POST', '/api/v1/data-remote/pull', 'server:manage'],
]

describe('routes of data versions', () => {
  test('all of them are in the table below', async () => {
    const { paths } = (await ask('GET', '/openapi.json', { headers: await headersOf('admin') })).json()
    const declared = Object.entries(paths as Record<string, Record<string, object>>)
      .filter(([url]) => /^\/api\/v1\/(datasets|dataset-log|data-remote)/.test(url))
      .flatMap(([url, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${url}`))
    const listed = ROUTES.map(
      ([method, url]) =>
        `${method} ${url.replace(`diff/${ID}`, 'diff/{other}').replace(ID, '{id}').replace(/\?.*/, '')}`,
    )
    expect(declared.toSorted()).toEqual(listed.toSorted())
  })

  test.each(ROLES)(
    '%s reaches what the role may, and content with the right to see sensitive columns alone',
    async (role) => {
      const plain = await headersOf(role)
      const trusted = await headersOf(role, { sensitive: true })
      for (const [method, url, permission, sensitive] of ROUTES) {
        const may = roleHas(role, permission)
        const body = method === 'POST' ? { body: {} } : {}
        const status = async (headers: Record<string, string>) => (await ask(method, url, { headers, ...body })).status
        expect([url, (await status(plain)) !== 403]).toEqual([url, may && sensitive === undefined])
        expect([url, (await status(trusted)) !== 403]).toEqual([url, may])
      }
    },
  )

  test('a key for some models alone reaches none of them but versions that it names, which own-data.test.ts looks at', async () => {
    const headers = await headersOf('admin', { models: ['risk'] })
    for (const [method, url] of ROUTES) {
      const { status } = await ask(method, url, { headers, ...(method === 'POST' ? { body: {} } : {}) })
      const isNamed = method === 'GET' && new RegExp(`/${ID}(/files|/diff/${ID})?$`).test(url)
      expect([url, status]).toEqual([url, isNamed ? 404 : 403])
    }
  })

  test('the rows of a table are never in what a role without that right is shown', async () => {
    const headers = await headersOf('viewer')
    const [{ id }] = (await ask('GET', '/api/v1/datasets', { headers })).json().datasets
    expect((await ask('GET', `/api/v1/datasets/${id}/table?format=csv`, { headers })).status).toBe(403)
  })
})
