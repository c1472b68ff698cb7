import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedApp } from './route-types.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk', notes: ['Trained on invented students.'] })
  await served.register({ name: 'risk', seed: 9, aliases: [] })
  ;({ app, ask } = await appFor(served))
})

afterAll(async () => {
  await app.close()
  await served.remove()
})

const get = async (url: string) => (await ask('GET', url)).json()

describe('models', () => {
  test('are listed with their aliases', async () => {
    expect(await get('/api/v1/models')).toEqual({
      models: [{ name: 'risk', createdTime: 2_000, latestVersion: 2, aliases: { champion: 1 } }],
    })
  })

  test('one comes with its champion, what is said of it, and its versions, newest first', async () => {
    const model = await get('/api/v1/models/risk')
    expect(model.champion).toMatchObject({
      version: 1,
      estimator: 'logistic-regression',
      metrics: { f1_macro: 0.5 },
      notes: ['Trained on invented students.'],
    })
    expect(model.versions.map(({ version }: { version: number }) => version)).toEqual([2, 1])
    expect((await get('/api/v1/models/risk/versions')).versions).toEqual(model.versions)
    expect(await get('/api/v1/models/risk/versions/2')).toEqual(model.versions[0])
  })

  test('have a signature whose example they answer', async () => {
    const signature = await get('/api/v1/models/risk/signature')
    expect(signature.target).toEqual({ name: 'Outcome', classes: ['Dropout', 'Enrolled', 'Graduate'] })
    expect(signature.inputs.map(({ name }: { name: string }) => name)).toContain('Average grade')
    expect(await get('/api/v1/models/risk/versions/1/signature')).toEqual(signature)
    const answer = await ask('POST', '/api/v1/models/risk/predict', { body: { records: [signature.example] } })
    expect([answer.status, answer.json().predictions[0].warnings]).toEqual([200, []])
  })

  test('without a champion say so', async () => {
    await served.register({ name: 'unproven', aliases: [] })
    expect((await get('/api/v1/models/unproven')).champion).toBeNull()
    expect((await ask('POST', '/api/v1/models/unproven/predict', { body: { records: [] } })).json().error).toBe(
      'ALIAS_NOT_FOUND',
    )
  })
})

describe('runs', () => {
  test('are listed, filtered and compared', async () => {
    const { runs } = await get('/api/v1/runs?experiment=risk&parent=none&status=FINISHED&limit=10')
    expect(runs).toHaveLength(2)
    expect(runs[0]).toMatchObject({
      status: 'FINISHED',
      params: { estimator: 'logistic-regression' },
      parentRunId: null,
    })
    const compared = await get(`/api/v1/runs/compare?ids=${runs[0].id},${runs[1].id}`)
    expect(compared.runs.map(({ id }: { id: string }) => id)).toEqual([runs[0].id, runs[1].id])
    expect(compared).toMatchObject({ paramsThatDiffer: ['seed'], metrics: ['f1_macro'] })
    expect(await get(`/api/v1/runs?parent=${runs[0].id}`)).toEqual({ runs: [] })
  })

  test('have artifacts that can be seen and can do nothing', async () => {
    const { runId } = risk.version
    const { artifacts } = await get(`/api/v1/runs/${runId}`)
    expect(artifacts).toHaveLength(1)
    const url = `/api/v1/runs/${runId}/artifacts/figures/roc%20curve.svg`
    const answer = await ask('GET', url)
    expect(answer.status).toBe(200)
    expect(answer.text).toMatch(/^<svg/)
    expect(answer.headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'inline; filename="roc_curve.svg"',
    })
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'.*sandbox;/)
    const again = await ask('GET', url, { headers: { 'if-none-match': answer.headers['etag'] as string } })
    expect([again.status, again.text]).toEqual([304, ''])
  })

  test.each([
    'nothing.svg',
    '../../bellwether.db',
    '..%2f..%2fbellwether.db',
    '%2e%2e/%2e%2e/bellwether.db',
    '/etc/passwd',
    'figures',
    '',
  ])('have no artifact "%s"', async (name) => {
    const answer = await ask('GET', `/api/v1/runs/${risk.version.runId}/artifacts/${name}`)
    expect(answer.status).toBe(404)
    expect(answer.json().error).toMatch(/NOT_FOUND$/)
  })
})

describe('datasets', () => {
  test('are listed in short, and one comes with schema and profile', async () => {
    const { datasets } = await get('/api/v1/datasets?name=risk')
    expect(datasets[0]).toMatchObject({ name: 'risk', nRows: 240, nRejected: 0, nColumns: 6, source: 'invented' })
    expect(datasets[0]).not.toHaveProperty('schema')
    const one = await get(`/api/v1/datasets/${datasets[0].id}`)
    expect(one.schema.columns).toHaveLength(6)
    expect(one.profile.nRows).toBe(240)
    expect(one).not.toHaveProperty('blob')
  })
})

describe('health', () => {
  test('alive is the process, ready a real prediction', async () => {
    expect(await get('/health/live')).toEqual({ status: 'alive' })
    expect(await get('/health/ready')).toEqual({
      status: 'ready',
      models: [{ name: 'risk', version: 1, alias: 'champion' }],
      warnings: [],
    })
  })

  test('is not ready without a model, and when the champion is damaged', async () => {
    const empty = await ServedHome.make()
    const { app: other, ask: askOther } = await appFor(empty)
    const before = await askOther('GET', '/health/ready')
    expect([before.status, before.json().error]).toEqual([503, 'NOT_READY'])
    const { version } = await empty.register({ name: 'risk' })
    const { hash } = version.files.find(({ path: name }) => name === 'model.json')!
    await writeFile(path.join(empty.home.folder, 'blobs', hash.slice(7, 9), hash.slice(7)), 'something else')
    const { app: damaged, ask: askDamaged, lines } = await appFor(empty)
    const ready = await askDamaged('GET', '/health/ready')
    expect([ready.status, ready.json().details]).toEqual([
      503,
      [{ path: 'risk', message: 'Version 1 of "risk" cannot be loaded.' }],
    ])
    const predict = await askDamaged('POST', '/predict', { body: {} })
    expect([predict.status, predict.json().error]).toEqual([503, 'MODEL_UNAVAILABLE'])
    expect(lines.some((line) => line.includes('PACKAGE_CORRUPT'))).toBe(true)
    expect(Object.keys((await askDamaged('GET', '/openapi.json')).json().paths)).not.toContain(
      '/api/v1/models/risk/predict',
    )
    await other.close()
    await damaged.close()
    await empty.remove()
  })
})

describe('metrics', () => {
  test('count requests by route and predictions by version', async () => {
    const { app: fresh, ask: askFresh } = await appFor(served)
    const record = recordOf(risk.students, 0)
    await askFresh('POST', '/api/v1/models/risk/predict', {
      body: { records: [record, { ...record, City: 'Lisboa' }] },
    })
    await askFresh('GET', '/made-up-path-1')
    await askFresh('GET', '/made-up-path-2')
    const { text, headers } = await askFresh('GET', '/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain/)
    expect(text).toContain(
      'bellwether_http_requests_total{method="POST",route="/api/v1/models/:name/predict",status="200"} 1',
    )
    expect(text).toContain('bellwether_http_requests_total{method="GET",route="unmatched",status="404"} 2')
    expect(text).toContain('bellwether_predictions_total{model="risk",version="1"} 2')
    expect(text).toContain('bellwether_prediction_warnings_total{model="risk",version="1"} 1')
    expect(text).toMatch(/bellwether_http_request_duration_seconds_bucket\{le="10",method="POST"/)
    expect(text).toContain('process_resident_memory_bytes')
    expect(text).not.toContain('made-up')
    await fresh.close()
  })
})

describe('the dashboard', () => {
  test('where it is not built, a page says how to', async () => {
    const { text, headers } = await ask('GET', '/')
    expect(headers['content-type']).toMatch(/^text\/html/)
    expect(text).toContain('npm run build:dashboard')
  })

  test('is served from its folder, and nothing beside it is', async () => {
    const folder = path.join(served.folder, 'dist')
    await mkdir(path.join(folder, 'assets'), { recursive: true })
    await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>Bellwether</title>')
    await writeFile(path.join(folder, 'assets', 'index-Ab3_x9Qz.js'), 'export {}')
    await writeFile(path.join(served.folder, 'secret.txt'), 'secret')
    const { app: withPage, ask: askPage } = await appFor(served, { dashboardFolder: folder })
    const page = await askPage('GET', '/')
    expect(page.text).toContain('<title>Bellwether</title>')
    expect(page.headers).toMatchObject({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
    expect(page.headers['content-security-policy']).toContain("default-src 'self'")
    const script = await askPage('GET', '/assets/index-Ab3_x9Qz.js')
    expect(script.headers['content-type']).toMatch(/javascript/)
    expect(script.headers['cache-control']).toContain('immutable')
    for (const url of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/..%5csecret.txt',
      '/assets/',
      '/index.html/',
    ]) {
      expect((await askPage('GET', url)).text).not.toContain('secret')
      expect((await askPage('GET', url)).status).toBeGreaterThanOrEqual(400)
    }
    expect((await askPage('POST', '/', { body: {} })).json().error).toBe('METHOD_NOT_ALLOWED')
    await withPage.close()
  })
})
