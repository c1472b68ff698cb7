import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeOnnxModel } from '../../packaging/onnx/write-model.ts'
import { ServedHome } from '../testing/served-home.ts'
import { type Answer, appFor } from '../testing/test-server.ts'

/** y = a - b, or b - a. */
const graph = (first: string, second: string) =>
  writeOnnxModel({
    producerVersion: '0',
    doc: '',
    metadata: {},
    graph: {
      name: 'g',
      constants: new Map(),
      inputs: ['a', 'b'].map((name) => ({ name, type: 'float', dims: ['N', 1] })),
      outputs: [{ name: 'y', type: 'float', dims: ['N', 1] }],
      nodes: [{ op: 'Sub', domain: '', inputs: [first, second], outputs: ['y'], attributes: {} }],
    },
  })
const SIGNATURE = `signature: {inputs: '[{"type": "double", "name": "a"}, {"type": "double", "name": "b"}]'}`
const ONNX = `flavors: {onnx: {data: model.onnx}, python_function: {loader_module: mlflow.onnx}}\n${SIGNATURE}`
const PICKLE = `flavors: {sklearn: {pickled_model: model.pkl}}\n${SIGNATURE}`

describe('a version that MLflow registered', { timeout: 120_000 }, () => {
  let served: ServedHome
  let call: (method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown) => Promise<Answer>
  let close: () => Promise<unknown>
  beforeAll(async () => {
    served = await ServedHome.make()
    const { app, ask } = await appFor(served, { limits: { aliasPollMs: 0 } })
    close = () => app.close()
    call = (method, url, body) => ask(method, url, { body })
  })
  afterAll(async () => {
    await close()
    await served.remove()
  })

  async function register(model: string, files: Record<string, string | Uint8Array>): Promise<void> {
    const folder = `0/models/m-${model}-${Math.random().toString(36).slice(2)}/artifacts`
    for (const [name, content] of Object.entries(files))
      await call('PUT', `/api/2.0/mlflow-artifacts/artifacts/${folder}/${name}`, Buffer.from(content))
    await call('POST', '/api/2.0/mlflow/registered-models/create', { name: model })
    const made = await call('POST', '/api/2.0/mlflow/model-versions/create', {
      name: model,
      source: `mlflow-artifacts:/${folder}`,
    })
    expect(made.status).toBe(200)
  }
  const champion = (name: string, version: number) =>
    call('POST', '/api/2.0/mlflow/registered-models/alias', { name, alias: 'champion', version: String(version) })
  const ask = (name: string, where = 'predict') =>
    call('POST', `/api/v1/models/${name}/${where}`, { records: [{ a: 5, b: 2 }] })

  test('with the ONNX flavour is served by number and by alias, and follows the alias', async () => {
    await register('difference', { MLmodel: ONNX, 'model.onnx': graph('a', 'b') })
    await register('difference', { MLmodel: ONNX, 'model.onnx': graph('b', 'a') })
    await champion('difference', 1)
    const first = (await ask('difference')).json()
    expect(first).toMatchObject({
      model: { name: 'difference', version: 1, alias: 'champion' },
      predictions: [{ value: 3 }],
    })
    expect((await ask('difference', 'versions/2/predict')).json().predictions[0].value).toBe(-3)
    await champion('difference', 2)
    expect((await ask('difference')).json()).toMatchObject({ model: { version: 2 }, predictions: [{ value: -3 }] })
    const scored = await call('POST', '/invocations', { dataframe_split: { columns: ['b', 'a'], data: [[2, 5]] } })
    expect(scored.json()).toEqual({ predictions: [-3] })
    const missing = await call('POST', '/api/v1/models/difference/predict', { records: [{ a: 5 }] })
    expect([missing.status, missing.json().error]).toEqual([400, 'INVALID_INPUT'])
  })

  test('with a pickle flavour is stored and handed back, and never loaded: the answer says why', async () => {
    await register('pickled', { MLmodel: PICKLE, 'model.pkl': 'cos\nsystem\n' })
    await champion('pickled', 1)
    const answer = await ask('pickled')
    expect([answer.status, answer.json().error]).toEqual([422, 'MODEL_NOT_SERVABLE'])
    expect(answer.json().message).toContain('pickles or code')
    const uri = (await call('GET', '/api/2.0/mlflow/model-versions/get-download-uri?name=pickled&version=1')).json()
    const file = uri.artifact_uri.replace('mlflow-artifacts:', '/api/2.0/mlflow-artifacts/artifacts')
    expect((await call('GET', `${file}/model.pkl`)).text).toBe('cos\nsystem\n')
  })

  test('and is not served does not keep the server from being ready', async () => {
    const ready = await call('GET', '/health/ready')
    expect([ready.status, ready.json().models.map(({ name }: { name: string }) => name)]).toEqual([200, ['difference']])
  })

  test('is refused where packages have to be signed', async () => {
    const { appFor: open } = await import('../testing/test-server.ts')
    const blobs = new Proxy(served.home.blobs, {
      get: (target, name) => {
        if (name === 'trustedKeys') return new Set(['nobody'])
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const { app, ask: asked } = await open({ ...served, home: { ...served.home, blobs } } as unknown as ServedHome)
    const answer = await asked('POST', '/api/v1/models/difference/predict', { body: { records: [{ a: 5, b: 2 }] } })
    expect(answer.status).toBe(503)
    await app.close()
  })
})
