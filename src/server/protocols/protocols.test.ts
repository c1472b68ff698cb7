import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedApp } from '../route-types.ts'
import { type RegisteredForTest, ServedHome } from '../testing/served-home.ts'
import { recordOf } from '../testing/students.ts'
import { type Ask, appFor } from '../testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask
let records: Record<string, unknown>[] = []
let names: string[] = []
let ours: { label: string; probabilities: Record<string, number> }[] = []

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  await served.register({ name: 'points', task: 'regression', estimator: 'ridge' })
  ;({ app, ask } = await appFor(served, { limits: { records: 300 }, defaultModel: 'risk' }))
  names = risk.students.schema.columns.map(({ name }) => name)
  records = Array.from({ length: 60 }, (_, row) => recordOf(risk.students, row) as Record<string, unknown>)
  ours = (await ask('POST', '/api/v1/models/risk/predict', { body: { records } })).json().predictions
})
afterAll(async () => {
  await app.close()
  await served.remove()
})

const post = (url: string, body: unknown, headers: Record<string, string> = {}) => ask('POST', url, { body, headers })
const columnsOf = (rows: readonly Record<string, unknown>[]) =>
  Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] ?? null)]))
const csvOf = (rows: readonly Record<string, unknown>[]) =>
  [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))]
    .map((cells) => cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(','))
    .join('\r\n')
const labels = () => ours.map(({ label }) => label)

describe("MLflow's scoring protocol", () => {
  const forms = (): [string, unknown, Record<string, string>?][] => [
    [
      'dataframe_split',
      {
        dataframe_split: {
          columns: names,
          index: [0],
          data: records.map((row) => names.map((name) => row[name] ?? null)),
        },
      },
    ],
    ['dataframe_records', { dataframe_records: records }],
    ['instances', { instances: records }],
    ['instances as lists', { instances: records.map((row) => names.map((name) => row[name] ?? null)) }],
    ['inputs', { inputs: columnsOf(records) }],
    ['CSV', csvOf(records), { 'content-type': 'text/csv; charset=utf-8' }],
  ]

  test('gives the labels of our own protocol, whatever the form of the body', async () => {
    for (const [form, body, headers] of forms()) {
      const answer = await post('/invocations', body, headers)
      expect(answer.status, `${form} ${answer.text.slice(0, 200)}`).toBe(200)
      expect(answer.json(), form).toEqual({ predictions: labels() })
    }
    const { predictions } = (await post('/api/v1/models/risk/invocations', { instances: records })).json()
    expect(predictions).toEqual(labels())
  })

  test('gives probabilities to the last bit where they are asked for, and no rows for none', async () => {
    const body = { dataframe_records: records, params: { predict_method: 'predict_proba' } }
    const { predictions } = (await post('/invocations', body)).json()
    expect(predictions).toEqual(ours.map(({ probabilities }) => Object.values(probabilities)))
    expect((await post('/invocations', { dataframe_records: [] })).json()).toEqual({ predictions: [] })
  })

  test.each([
    ['two of the four keys', { instances: [], inputs: {} }, 400, 'BAD_REQUEST', /exactly one of/],
    ['a list', [], 400, 'BAD_REQUEST', /expected an object, came an array/],
    ['a missing column', { dataframe_records: [{ Age: 20 }] }, 400, 'INVALID_PARAMETER_VALUE', /records\[0\]/],
    [
      'a column too few',
      { dataframe_split: { columns: ['a', 'b'], data: [[1]] } },
      400,
      'BAD_REQUEST',
      /expected 2 values/,
    ],
    ['columns of different lengths', { inputs: { a: [1], b: [] } }, 400, 'BAD_REQUEST', /expected 1 values/],
    ['bad JSON', '{"a":', 400, 'BAD_REQUEST', /not valid JSON/],
    ['another method', { instances: [], params: { predict_method: 'x' } }, 400, 'BAD_REQUEST', /predict_proba/],
  ])('refuses %s in the form of MLflow', async (_, body, status, code, message) => {
    const answer = await post('/invocations', body)
    expect(answer.status).toBe(status)
    expect(answer.json()).toEqual({ error_code: code, message: expect.stringMatching(message) })
  })

  test('refuses null for a required number, and quotes no value of a row', async () => {
    const body = {
      dataframe_records: [
        { ...records[0], Age: null, City: 'marked-value-of-a-row' },
        { ...records[1], Age: 'marked-value-of-a-row' },
      ],
    }
    const answer = await post('/invocations', body)
    expect(answer.status).toBe(400)
    expect(answer.json().message).toMatch(/records\[0\]\.Age.*records\[1\]\.Age/)
    expect(answer.text).not.toContain('marked-value')
    expect(answer.text).not.toContain('stack')
  })

  test('answers 415 in plain text for other types and charsets, and 404 for an unknown model', async () => {
    for (const type of ['text/xml', 'text/csv; charset=latin-1']) {
      const answer = await post('/invocations', 'a\n1\n', { 'content-type': type })
      expect(answer.status).toBe(415)
      expect(answer.headers['content-type']).toMatch(/^text\/plain/)
    }
    const answer = await post('/api/v1/models/nobody/invocations', { instances: [] })
    expect([answer.status, answer.json().error_code]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST'])
  })

  test('ping answers a line end', async () => {
    const answer = await ask('GET', '/ping')
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
      200,
      '\n',
      expect.stringMatching(/^application\/json/),
    ])
  })
})

describe('the Open Inference Protocol', () => {
  const types: Record<string, string> = { number: 'FP64', string: 'BYTES', boolean: 'BOOL' }
  const tensors = (rows: readonly Record<string, unknown>[], shape = (n: number) => [n, 1]) =>
    names.map((name) => {
      const data = rows.map((row) => row[name] ?? null)
      const sample = data.find((value) => value !== null)
      return { name, shape: shape(data.length), datatype: types[typeof sample] ?? 'BYTES', data }
    })

  test('takes one input a column and gives labels and probabilities, to the last bit', async () => {
    for (const shape of [(n: number) => [n], (n: number) => [n, 1]]) {
      const answer = await post('/v2/models/risk/infer', { id: 'mine', inputs: tensors(records, shape) })
      expect(answer.status, answer.text.slice(0, 300)).toBe(200)
      expect(answer.json()).toEqual({
        model_name: 'risk',
        model_version: '1',
        id: 'mine',
        outputs: [
          { name: 'predict', datatype: 'BYTES', shape: [60], data: labels() },
          {
            name: 'predict_proba',
            datatype: 'FP64',
            shape: [60, 3],
            parameters: { classes: '["Dropout","Enrolled","Graduate"]' },
            data: ours.flatMap(({ probabilities }) => Object.values(probabilities)),
          },
        ],
      })
    }
  })

  test('gives the outputs that are asked for, of the version that is asked for', async () => {
    const body = { inputs: tensors(records.slice(0, 2)), outputs: [{ name: 'predict_proba' }] }
    const { outputs, id } = (await post('/v2/models/risk/versions/1/infer', body)).json()
    expect(outputs.map(({ name }: { name: string }) => name)).toEqual(['predict_proba'])
    expect(id).toMatch(/./)
    expect((await post('/v2/models/risk/versions/2/infer', body)).status).toBe(404)
    expect((await post('/v2/models/risk/versions/x/infer', body)).status).toBe(400)
  })

  test.each([
    ['no inputs', {}, /inputs: expected an array of tensors/],
    [
      'a shape that does not fit',
      { inputs: [{ name: 'Age', shape: [2], datatype: 'FP64', data: [1] }] },
      /expected 2 values for the shape \[2\], came 1/,
    ],
    [
      'an unknown datatype',
      { inputs: [{ name: 'Age', shape: [1], datatype: 'FLOAT', data: [1] }] },
      /inputs\[0\]\.datatype: expected one of BOOL/,
    ],
    [
      'a value of another type',
      { inputs: [{ name: 'Age', shape: [1], datatype: 'INT64', data: ['marked'] }] },
      /inputs\[0\]\.data\[0\]: expected INT64, came a string/,
    ],
    [
      'columns of different lengths',
      {
        inputs: [
          { name: 'Age', shape: [1], datatype: 'INT64', data: [20] },
          { name: 'City', shape: [2], datatype: 'BYTES', data: ['a', 'b'] },
        ],
      },
      /expected 1 rows/,
    ],
    [
      'an unknown output',
      { inputs: [{ name: 'Age', shape: [1], datatype: 'INT64', data: [20] }], outputs: [{ name: 'x' }] },
      /expected one of predict, predict_proba/,
    ],
    [
      'an input twice',
      {
        inputs: [
          { name: 'Age', shape: [1], datatype: 'INT64', data: [20] },
          { name: 'Age', shape: [1], datatype: 'INT64', data: [20] },
        ],
      },
      /is there twice/,
    ],
    [
      'three dimensions',
      { inputs: [{ name: 'Age', shape: [1, 1, 1], datatype: 'INT64', data: [20] }] },
      /came 3 dimensions/,
    ],
    ['a missing column', { inputs: [{ name: 'Age', shape: [1], datatype: 'INT64', data: [20] }] }, /records\[0\]/],
  ])('refuses %s with one text', async (_, body, message) => {
    const answer = await post('/v2/models/risk/infer', body)
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ error: expect.stringMatching(message) })
    expect(answer.text).not.toContain('marked')
  })

  test('says what it is, which models there are, what they take, and whether they are ready', async () => {
    const get = async (url: string) => (await ask('GET', url)).json()
    expect(await get('/v2')).toMatchObject({ name: 'bellwether', extensions: ['model_repository'] })
    expect(await get('/v2/health/live')).toEqual({ live: true })
    expect(await get('/v2/health/ready')).toEqual({ ready: true })
    expect(await get('/v2/models/risk/ready')).toEqual({ name: 'risk', ready: true })
    const metadata = await get('/v2/models/risk')
    expect(metadata.versions).toEqual(['1'])
    expect(metadata.inputs).toContainEqual({ name: 'Age', datatype: 'INT64', shape: [-1, 1] })
    expect(metadata.outputs).toContainEqual({ name: 'predict_proba', datatype: 'FP64', shape: [-1, 3] })
    expect((await post('/v2/repository/index', {})).json().map(({ name }: { name: string }) => name)).toEqual([
      'points',
      'risk',
    ])
    expect((await ask('GET', '/v2/models/nobody')).json()).toEqual({ error: expect.stringContaining('nobody') })
  })
})

describe("KServe's older protocol", () => {
  test('takes rows and gives labels, numbers or reasons', async () => {
    expect((await post('/v1/models/risk:predict', { instances: records })).json()).toEqual({ predictions: labels() })
    const { predictions } = (await post('/v1/models/points:predict', { instances: records.slice(0, 3) })).json()
    expect(predictions).toEqual([expect.any(Number), expect.any(Number), expect.any(Number)])
    const { explanations } = (await post('/v1/models/risk:explain', { instances: records.slice(0, 2) })).json()
    for (const { base, total, contributions } of explanations) {
      const sum = contributions.reduce((all: number, each: { contribution: number }) => all + each.contribution, base)
      expect(Math.abs(sum - total)).toBeLessThan(1e-9)
    }
    expect((await ask('GET', '/v1/models')).json()).toEqual({ models: ['points', 'risk'] })
    expect((await ask('GET', '/v1/models/risk')).json()).toEqual({ name: 'risk', ready: true })
    expect((await post('/v1/models/risk:predict', { inputs: {} })).json()).toEqual({
      error: expect.stringMatching(/exactly one of/),
    })
  })
})
