import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Permission, ROLES, roleHas } from '../security/permissions.ts'
import { matches, may, type Principal } from '../security/principal.ts'
import { type DeclaredRoute, requirePermissions } from './access.ts'
import { buildApp } from './app.ts'
import type { TypedApp } from './route-types.ts'
import { ServedHome } from './testing/served-home.ts'
import { optionsFor } from './testing/test-server.ts'

/** Public although its name is one of the API: what kind of store there is, and no more. */
const HARMLESS = /\/mlflow\/server-info$/
/** The address itself is the permission; mlflow/multipart.test.ts shows that no other is taken. */
const SIGNED = /^\/api\/2\.0\/mlflow-artifacts\/(?:signed\/\*|mpu\/parts\/:upload_id\/:part_number)$/

describe('every route', () => {
  let served: ServedHome
  let app: TypedApp
  let routes: readonly DeclaredRoute[]
  beforeAll(async () => {
    served = await ServedHome.make()
    const built = await buildApp(optionsFor(served, []))
    app = built.app
    await app.ready()
    routes = built.routes()
  })
  afterAll(async () => {
    await app.close()
    await served.remove()
  })

  test('has a permission, and each role what this table says', async () => {
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
    const rows = routes
      .filter(({ method, url }) => method !== 'HEAD' && !/^\/docs\/static\/./.test(url))
      .map(({ method, url, permission }) => [
        `${method} ${url}`,
        permission,
        ...ROLES.map((role) => (permission === 'public' || roleHas(role, permission) ? 'yes' : '')),
      ])
      .sort((a, b) => (a[0]! < b[0]! ? -1 : 1))
    const table = [['route', 'permission', ...ROLES], ['route', 'permission', ...ROLES].map(() => '---'), ...rows]
    // A new route, or another permission: `npx vitest run src/server/access.test.ts -u`, and read the difference.
    await expect(`${table.map(line).join('\n')}\n`).toMatchFileSnapshot('./testing/route-permissions.md')
  })

  test('is open to everybody only where nothing of a model or a person is in its answer, or a signature is asked for', () => {
    const open = routes
      .filter(({ permission, url }) => permission === 'public' && !HARMLESS.test(url) && !SIGNED.test(url))
      .map(({ url }) => url)
    for (const url of open) expect(url).not.toMatch(/api|predict|invocations|infer|openapi|docs/)
  })
})

describe('a route without a declared permission', () => {
  const appWith = (config?: object) => {
    const app = fastify()
    requirePermissions(app, { authenticate: () => null, defaultModel: async () => 'risk' })
    app.get('/open', { ...(config ? { config } : {}) }, async () => 'all of it')
    return app
  }
  test.each([undefined, {}, { permission: 'everything' }, { permission: 'toString' }])(
    '%j stops the start',
    async (config) => {
      await expect(appWith(config).ready()).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.stringContaining('GET /open'),
      })
    },
  )
  test('in a plugin stops it too', async () => {
    const app = fastify()
    requirePermissions(app, { authenticate: () => null, defaultModel: async () => 'risk' })
    await app.register(async (scope) => void scope.get('/deep', async () => 'all of it'), { prefix: '/plugin' })
    await expect(app.ready()).rejects.toMatchObject({ message: expect.stringContaining('GET /plugin/deep') })
  })
})

describe('a caller confined to some models', () => {
  const caller: Principal = {
    actor: 'key:x',
    keyId: 'x',
    grants: [{ role: 'predictor', models: ['risk', 'school-*'] }],
    sensitive: false,
    ratePerMinute: null,
    probabilities: null,
  }
  test.each<[Permission, string | null | undefined, boolean]>([
    ['models:predict', 'risk', true],
    ['models:predict', 'school-9', true],
    ['models:predict', 'risky', false],
    ['models:predict', null, false],
    ['models:predict', undefined, true],
    ['models:promote', 'risk', false],
    ['sensitive:read', 'risk', false],
  ])('%s of %s: %s', (permission, model, allowed) => {
    expect(may(caller, permission, model)).toBe(allowed)
  })

  test('no role sees sensitive columns; a grant by itself does', () => {
    const admin = { ...caller, grants: [{ role: 'admin', models: null }] as const }
    expect(may(admin, 'sensitive:read', 'risk')).toBe(false)
    expect(may({ ...admin, sensitive: true }, 'sensitive:read', 'risk')).toBe(true)
  })

  test.each([
    ['*', 'anything', true],
    ['a*b', 'ab', true],
    ['a*b', 'axxb', true],
    ['ab*b', 'ab', false],
    ['*x*x*', 'axbx', true],
    ['*x*x*', 'axb', false],
    ['a.b', 'axb', false],
    ['', '', true],
  ])('pattern %j and name %j: %s', (pattern, name, result) => {
    expect(matches(pattern, name)).toBe(result)
  })
})
