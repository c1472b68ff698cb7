import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedApp } from './route-types.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let app: TypedApp
let ask: Ask

beforeAll(async () => {
  served = await ServedHome.make()
  await served.register({ name: 'risk' })
  ;({ app, ask } = await appFor(served, { allowedHosts: ['bellwether.example.org'] }))
})

afterAll(async () => {
  await app.close()
  await served.remove()
})

describe('the Host header', () => {
  test.each(['/health/live', '/api/v1/models', '/', '/docs', '/openapi.json', '/nothing', '/metrics'])(
    'is checked at %s',
    async (url) => {
      const answer = await ask('GET', url, { headers: { host: 'evil.example:8000' } })
      expect([answer.status, answer.json().error]).toEqual([403, 'HOST_NOT_ALLOWED'])
    },
  )

  test('may be one that the operator allowed', async () => {
    expect((await ask('GET', '/health/live', { headers: { host: 'bellwether.example.org' } })).status).toBe(200)
    expect((await ask('GET', '/health/live', { headers: { host: 'localhost:8001' } })).status).toBe(403)
  })
})

describe('pages of another origin', () => {
  test.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site' },
  ])('%j changes nothing here', async (headers) => {
    const answer = await ask('POST', '/api/v1/models/risk/promote', { body: { version: 1, reason: 'x' }, headers })
    expect([answer.status, answer.json().error]).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
  })

  test('our own page may', async () => {
    const answer = await ask('POST', '/api/v1/models/risk/promote', {
      body: { version: 1, reason: 'x' },
      headers: { origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' },
    })
    expect(answer.status).toBe(200)
  })

  test('get no CORS header, not for a preflight either', async () => {
    const preflight = await ask('OPTIONS', '/predict', {
      headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
    })
    const read = await ask('GET', '/api/v1/models', { headers: { origin: 'http://evil.example' } })
    for (const { headers } of [preflight, read])
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(preflight.status).toBe(403)
  })
})

describe('headers of every answer', () => {
  test.each(['/health/live', '/', '/docs/', '/openapi.json', '/nothing', '/metrics', '/api/v1/models/%zz'])(
    '%s',
    async (url) => {
      const { headers } = await ask('GET', url)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*'unsafe/)
      expect(headers['x-request-id']).toMatch(/^[0-9A-Z]{26}$/)
      expect(headers).not.toHaveProperty('x-powered-by')
      expect(headers).not.toHaveProperty('server')
    },
  )

  test('a request id of the client is not taken over', async () => {
    expect(
      (await ask('GET', '/health/live', { headers: { 'x-request-id': 'mine' } })).headers['x-request-id'],
    ).not.toBe('mine')
  })
})
