import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeApiKey } from '../security/api-key.ts'
import { createKey, KeyOptions, revokeKey } from '../security/manage-keys.ts'
import { type Permission, ROLES, roleHas } from '../security/permissions.ts'
import type { TypedApp } from './route-types.ts'
import type { ServerOptions } from './server-options.ts'
import { startServer } from './start-server.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor, optionsFor } from './testing/test-server.ts'

let served: ServedHome
let app: TypedApp
let ask: Ask
let lines: string[]
let now: number

async function open(options: Partial<ServerOptions> = {}): Promise<void> {
  ;({ app, ask, lines } = await appFor(served, { clock: () => now, ...options }))
}

const keyOf = async (options: Partial<KeyOptions> & Pick<KeyOptions, 'role'>) => {
  const { key, stored } = await createKey(served.home.keys, KeyOptions.parse({ name: 'test', ...options }), {
    actor: 'test',
    now,
  })
  now += 1001 // the server looks at the keys once a second
  return { key, id: stored.id, headers: { authorization: `Bearer ${key}` } }
}

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  served = await ServedHome.make()
})
afterEach(async () => {
  await app.close()
  await served.remove()
})

const MODELS = '/api/v1/models'

describe('authentication', () => {
  test('is off on loopback until there is a key, whichever process made it, and never off again', async () => {
    await open()
    expect((await ask('GET', MODELS)).status).toBe(200)
    const { id, headers } = await keyOf({ role: 'viewer' })
    expect((await ask('GET', MODELS)).status).toBe(401)
    expect((await ask('GET', MODELS, { headers })).status).toBe(200)
    await revokeKey(served.home.keys, id, { actor: 'test', now })
    now += 1001
    expect([(await ask('GET', MODELS)).status, (await ask('GET', MODELS, { headers })).status]).toEqual([401, 401])
  })

  test('answers 401 with a challenge, and probes need no key', async () => {
    await open({ authentication: 'on' })
    const { status, headers, json } = await ask('GET', MODELS)
    expect([status, headers['www-authenticate'], json().error]).toEqual([
      401,
      ['Bearer realm="Bellwether"'],
      'UNAUTHENTICATED',
    ])
    expect((await ask('GET', '/health/live')).status).toBe(200)
    const page = await ask('GET', '/docs/', { headers: { 'sec-fetch-mode': 'navigate' } })
    expect([page.status, String(page.headers['www-authenticate'])]).toEqual([401, expect.stringContaining('Basic')])
  })

  test.each([
    ['a bearer token', (key: string) => ({ authorization: `Bearer ${key}` })],
    ['X-API-Key', (key: string) => ({ 'x-api-key': key })],
    ['the password of Basic', (key: string) => ({ authorization: `Basic ${btoa(`anybody:${key}`)}` })],
    ['the user name of Basic', (key: string) => ({ authorization: `Basic ${btoa(`${key}:`)}` })],
  ])('takes a key as %s', async (_, headersOf) => {
    await open({ authentication: 'on' })
    const { key } = await keyOf({ role: 'viewer' })
    expect((await ask('GET', MODELS, { headers: headersOf(key) })).status).toBe(200)
  })

  test('refuses two credentials in one request, also twice the same header', async () => {
    await open({ authentication: 'on' })
    const { key } = await keyOf({ role: 'viewer' })
    expect((await ask('GET', MODELS, { headers: { authorization: `Bearer ${key}`, 'x-api-key': key } })).status).toBe(
      401,
    )
    const server = await startServer(optionsFor(served, [], { port: 0, authentication: 'on' }))
    const { connect } = await import('node:net')
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
      const bearer = `Authorization: Bearer ${key}\r\n`
      socket.write(
        `GET ${MODELS} HTTP/1.1\r\nHost: localhost:${new URL(server.url).port}\r\n${bearer}${bearer}Connection: close\r\n\r\n`,
      )
      let text = ''
      socket.on('data', (part) => {
        text += part
      })
      socket.on('close', () => resolve(text))
    })
    await server.close()
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })

  test.each([
    'bw_short',
    makeApiKey().key,
    `${makeApiKey().key.slice(0, -1)}!`,
    'x'.repeat(20_000),
    '',
    'Bearer',
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.',
  ])('refuses %j and says no more than that', async (key) => {
    await open({ authentication: 'on' })
    const answer = await ask('GET', MODELS, { headers: { authorization: `Bearer ${key}` } })
    expect([answer.status, answer.json().error]).toEqual([401, 'UNAUTHENTICATED'])
    if (key.length > 10) expect(answer.text + lines.join('')).not.toContain(key)
  })

  test('a key with one character changed is refused, also where its checksum is right', async () => {
    await open({ authentication: 'on' })
    const { id } = await keyOf({ role: 'admin' })
    const other = makeApiKey()
    await served.home.keys.create(
      { ...(await served.home.keys.keys())[0]!, id: other.id, hash: 'f'.repeat(64) },
      { time: now, actor: 'test', action: 'key-created', subject: id, address: null, detail: '' },
    )
    now += 1001
    expect((await ask('GET', MODELS, { headers: { 'x-api-key': other.key } })).status).toBe(401)
  })

  test('an expired key is refused from that instant', async () => {
    await open()
    const { headers } = await keyOf({ role: 'viewer', expiresInDays: 1 })
    expect((await ask('GET', MODELS, { headers })).status).toBe(200)
    now += 86_400_000
    expect((await ask('GET', MODELS, { headers })).status).toBe(401)
  })

  test('takes keys from the environment, and refuses an entry that is none', async () => {
    const { key, id, hash } = makeApiKey()
    await open({ environmentKeys: `${id}:${hash}:predictor,models=risk` })
    expect((await ask('GET', MODELS)).status).toBe(401)
    expect((await ask('GET', MODELS, { headers: { 'x-api-key': key } })).status).toBe(200)
    expect((await ask('GET', '/api/v1/runs', { headers: { 'x-api-key': key } })).status).toBe(403)
    for (const entry of [
      key,
      `${id}:${key}:admin`,
      `${id}:${hash}:root`,
      `${id}:${hash}:admin,models=`,
      `${id}:${hash}:admin,x=1`,
    ])
      await expect(appFor(served, { environmentKeys: entry })).rejects.toMatchObject({
        code: 'KEYS_INVALID',
        message: expect.not.stringContaining(key),
      })
  })
})

describe('roles', () => {
  test.each(ROLES)('%s reaches what it may and nothing else', async (role) => {
    await open()
    const { headers } = await keyOf({ role })
    const routes: [Permission, 'GET' | 'POST', string][] = [
      ['models:read', 'GET', MODELS],
      ['runs:read', 'GET', '/api/v1/runs'],
      ['datasets:read', 'GET', '/api/v1/datasets'],
      ['metrics:read', 'GET', '/metrics'],
      ['models:predict', 'POST', '/api/v1/models/none/predict'],
      ['models:promote', 'POST', '/api/v1/models/none/promote'],
      ['keys:manage', 'GET', '/api/v1/keys'],
      ['audit:read', 'GET', '/api/v1/audit'],
    ]
    for (const [permission, method, url] of routes) {
      const { status } = await ask(method, url, { headers, ...(method === 'POST' ? { body: {} } : {}) })
      expect([url, status === 403]).toEqual([url, !roleHas(role, permission)])
    }
  })

  test('a key for some models sees, and reaches, those only', async () => {
    await served.register({ name: 'risk' })
    await served.register({ name: 'secret', seed: 8 })
    await open()
    const { headers } = await keyOf({ role: 'trainer', models: ['risk'] })
    const listed = (await ask('GET', MODELS, { headers })).json().models
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(['risk'])
    expect((await ask('GET', '/api/v1/models/risk', { headers })).status).toBe(200)
    for (const url of ['/api/v1/models/secret', '/api/v1/models/secret/signature', '/api/v1/runs?experiment=secret'])
      expect([url, (await ask('GET', url, { headers })).status]).toEqual([url, 403])
    expect((await ask('POST', '/api/v1/models/secret/predict', { headers, body: {} })).status).toBe(403)
  })

  test('the ledger says which key moved an alias', async () => {
    await served.register({ name: 'risk' })
    await served.register({ name: 'risk', seed: 8, aliases: [] })
    await open()
    const { headers, id } = await keyOf({ role: 'trainer' })
    const moved = await ask('POST', '/api/v1/models/risk/promote', { headers, body: { version: 2, reason: 'better' } })
    expect([moved.status, (await served.home.models.history('risk')).at(-1)?.actor]).toEqual([200, `key:${id}`])
  })
})

describe('guessing', () => {
  test('makes an address wait longer and longer; who came with a right key goes on', async () => {
    await open()
    const { headers } = await keyOf({ role: 'viewer' })
    await ask('GET', MODELS, { headers })
    const guess = () => ask('GET', MODELS, { headers: { 'x-api-key': makeApiKey().key } })
    for (let i = 0; i < 10; i++) expect((await guess()).status).toBe(401)
    const refused = await guess()
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
    now += 1000
    expect((await guess()).status).toBe(401)
    expect((await guess()).headers['retry-after']).toBe('2')
    expect((await ask('GET', MODELS, { headers })).status).toBe(200)
  })
})

describe('the API of keys', () => {
  test('keeps times in whole milliseconds, whatever the grace', async () => {
    await open()
    const made = await ask('POST', '/api/v1/keys', { body: { name: 'first', role: 'admin' } })
    const headers = { authorization: `Bearer ${made.json().key}` }
    const brief = await ask('POST', '/api/v1/keys', { body: { name: 'brief', role: 'viewer' }, headers })
    const graced = await ask('POST', `/api/v1/keys/${brief.json().id}/rotate`, {
      body: { graceMinutes: 0.12345 },
      headers,
    })
    expect(graced.status).toBe(201)
    const times = (await ask('GET', '/api/v1/keys', { headers }))
      .json()
      .keys.flatMap((key: { expiresTime: number | null }) => key.expiresTime ?? [])
    expect(times).toContain(now + 7407)
  })

  test('shows a key once, keeps its hash, and writes the audit log', async () => {
    await open()
    const made = await ask('POST', '/api/v1/keys', { body: { name: 'first', role: 'admin' } })
    expect([made.status, made.json().key]).toEqual([201, expect.stringMatching(/^bw_/)])
    const headers = { authorization: `Bearer ${made.json().key}` }
    const second = await ask('POST', '/api/v1/keys', { body: { name: 'second', role: 'viewer' }, headers })
    const rotated = await ask('POST', `/api/v1/keys/${second.json().id}/rotate`, { body: {}, headers })
    expect((await ask('GET', MODELS, { headers: { 'x-api-key': second.json().key } })).status).toBe(401)
    expect((await ask('GET', MODELS, { headers: { 'x-api-key': rotated.json().key } })).status).toBe(200)
    expect(
      (await ask('POST', `/api/v1/keys/${rotated.json().id}/revoke`, { body: {}, headers })).json().revokedTime,
    ).toBe(now)
    expect((await ask('GET', MODELS, { headers: { 'x-api-key': rotated.json().key } })).status).toBe(401)
    const list = await ask('GET', '/api/v1/keys', { headers })
    expect(list.json().keys).toHaveLength(3)
    expect(list.text).not.toMatch(/hash|bw_/)
    await app.close() // writes the refusals that wait
    const log = await served.home.audit.entries({ limit: 10 })
    expect(log.map(({ action }) => action)).toEqual([
      'access-refused',
      'access-refused',
      'key-revoked',
      'key-rotated',
      'key-created',
      'key-created',
    ])
    expect(JSON.stringify(log) + lines.join('')).not.toContain('bw_')
  })

  test('nobody gives what they do not have', async () => {
    await open()
    const { headers } = await keyOf({ role: 'admin' })
    const body = { name: 'more', role: 'viewer', sensitive: true }
    expect((await ask('POST', '/api/v1/keys', { body, headers })).status).toBe(403)
    const confined = await keyOf({ role: 'admin', models: ['risk'] })
    expect((await ask('GET', '/api/v1/keys', { headers: confined.headers })).status).toBe(403)
  })
})

describe('a first start with authentication on', () => {
  const start = (over: Partial<ServerOptions> = {}) =>
    startServer(optionsFor(served, [], { port: 0, clock: () => now, authentication: 'on', ...over }))

  test('gives one key, which another administrator’s key ends', async () => {
    await open()
    const server = await start()
    expect([server.authentication, server.bootstrapKey]).toEqual([true, expect.stringMatching(/^bw_/)])
    const headers = { authorization: `Bearer ${server.bootstrapKey}` }
    const again = await start()
    expect(again.bootstrapKey).toBeNull()
    now += 1001
    const made = await ask('POST', '/api/v1/keys', { body: { name: 'me', role: 'admin' }, headers })
    expect(made.status).toBe(201)
    expect((await ask('GET', MODELS, { headers })).status).toBe(401)
    await Promise.all([server.close(), again.close()])
  })
})
