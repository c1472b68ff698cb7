import { afterAll, beforeAll, expect, test } from 'vitest'
import { importModel } from '../packaging/onnx/import-model.ts'
import { type ForeignDeps, registerForeign } from '../pipeline/register-foreign.ts'
import type { TypedApp } from './route-types.ts'
import { ServedHome } from './testing/served-home.ts'
import { type Ask, appFor } from './testing/test-server.ts'

const PROVENANCE = { git: null, bellwether: '0.1.0', node: '24.0.0', platform: 'test', dependencies: {} }

let served: ServedHome
let ask: Ask
let app: TypedApp

beforeAll(async () => {
  served = await ServedHome.make()
  await served.register({ name: 'risk', estimator: 'gradient-boosting', params: { maxIterations: 10 } })
  await served.register({ name: 'grade', task: 'regression' })
  const server = await appFor(served)
  ask = server.ask
  app = server.app
}, 120_000)

afterAll(async () => {
  await app.close()
  await served.remove()
})

async function onnxOf(model: string): Promise<Buffer> {
  const url = `/api/v1/models/${model}/versions/1/onnx`
  const response = await app.inject({ method: 'GET', url, headers: { host: 'localhost:8000' } })
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('application/octet-stream')
  expect(response.headers['content-disposition']).toBe(`attachment; filename="${model}-1.onnx"`)
  return response.rawPayload
}

test.each(['risk', 'grade'])(
  'a version that was exported, imported and served answers as the one it was made of: %s',
  async (model) => {
    const bytes = await onnxOf(model)
    const imported = await importModel(bytes, {})
    const deps: ForeignDeps = { ...served.home, clock: Date.now, provenance: PROVENANCE, actor: 'test' }
    const name = `${model}-again`
    await registerForeign({ name, bytes, imported, source: 'model.onnx', aliases: ['champion'] }, deps)

    const signature = (await ask('GET', `/api/v1/models/${model}/signature`)).json()
    expect((await ask('GET', `/api/v1/models/${name}/signature`)).json().inputs).toEqual(signature.inputs)
    const records = [
      signature.example,
      ...signature.inputs.map((each: { name: string }) => ({ ...signature.example, [each.name]: null })),
    ]
    const request = { body: { records, onError: 'partial' } }
    const [ours, theirs] = [
      (await ask('POST', `/api/v1/models/${model}/predict`, request)).json().predictions,
      (await ask('POST', `/api/v1/models/${name}/predict`, request)).json().predictions,
    ]
    expect(theirs).toHaveLength(ours.length)
    ours.forEach((own: Record<string, never>, i: number) => {
      expect(theirs[i].label).toBe(own['label'])
      if ('value' in own) expect(theirs[i].value).toBeCloseTo(own['value'] as number, 4)
      for (const [label, p] of Object.entries((own['probabilities'] ?? {}) as Record<string, number>)) {
        expect(theirs[i].probabilities[label]).toBeCloseTo(p, 6)
      }
    })

    const explained = await ask('POST', `/api/v1/models/${name}/predict`, {
      body: { records: [signature.example], explain: true },
    })
    expect(explained.status).toBe(422)
    expect(explained.json()).toMatchObject({
      error: 'CANNOT_SERVE',
      message: expect.stringContaining('has no explanations'),
    })
    expect(Buffer.compare(await onnxOf(name), bytes)).toBe(0)
  },
  120_000,
)

test('a version that is there already is not sent again', async () => {
  const url = '/api/v1/models/risk/versions/1/onnx'
  const { headers } = await ask('GET', url)
  const again = await ask('GET', url, { headers: { 'if-none-match': String(headers['etag']) } })
  expect(again.status).toBe(304)
  expect((await ask('GET', '/api/v1/models/risk/versions/9/onnx')).json().error).toBe('VERSION_NOT_FOUND')
})
