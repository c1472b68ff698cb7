import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Deprecations } from './deprecations.ts'
import type { TypedApp } from './route-types.ts'
import { readServerSettings } from './server-settings.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register()
  ;({ app, ask } = await appFor(served, {
    deprecations: Deprecations.parse({
      '/predict/v1': {
        since: '2026-11-01',
        sunset: '2027-05-01T00:00:00Z',
        successor: '/predict/v2',
        link: 'https://example.org/moving',
      },
      '/predict': { since: '2026-11-01T02:00:00+02:00' },
    }),
  }))
})
afterAll(async () => {
  await app.close()
  await served.remove()
})

describe('a path on its way out', () => {
  test('says so on every answer, in the forms of RFC 9745, 8594 and 5829', async () => {
    const record = recordOf(risk.students, 0)
    for (const body of [record, { Age: 'old' }]) {
      const { headers } = await ask('POST', '/predict/v1', { body })
      // date -u -d 2026-11-01 +%s
      expect(headers).toMatchObject({
        deprecation: '@1793491200',
        sunset: 'Sat, 01 May 2027 00:00:00 GMT',
        link: '</predict/v2>; rel="successor-version", <https://example.org/moving>; rel="deprecation"; type="text/html", <https://example.org/moving>; rel="sunset"; type="text/html"',
      })
    }
    const flat = await ask('POST', '/predict', { body: record })
    expect([flat.status, flat.headers['deprecation']]).toEqual([200, '@1793491200'])
    expect(flat.headers).not.toHaveProperty('sunset')
    expect(flat.headers).not.toHaveProperty('link')
  })

  test('is marked in the document of the API; the others say nothing', async () => {
    const { paths } = (await ask('GET', '/openapi.json')).json()
    expect([paths['/predict/v1'].post.deprecated, paths['/predict'].post.deprecated]).toEqual([true, true])
    expect(paths['/predict/v2'].post.deprecated).toBeUndefined()
    const { headers } = await ask('POST', '/predict/v2', { body: { records: [] } })
    expect(headers).not.toHaveProperty('deprecation')
  })
})

test.each([
  ['a sunset before the deprecation', `/predict: { since: 2026-11-02, sunset: 2026-11-01 }`, 'sunset'],
  ['a path that has no newer form', `/api/v1/models: { since: 2026-11-02 }`, 'deprecations'],
  ['a day that is none', `/predict: { since: soon }`, 'since'],
  [
    'a link that would be a header of its own',
    `/predict: { since: 2026-11-02, successor: "/v2>; rel=x" }`,
    'successor',
  ],
])('%s is refused in the settings', async (_, line, place) => {
  const file = path.join(served.folder, 'settings.yaml')
  await writeFile(file, `deprecations:\n  ${line}\n`)
  await expect(readServerSettings(file, {})).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: expect.stringContaining(place),
  })
})
