import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedApp } from './route-types.ts'
import { validate } from './testing/json-schema-check.ts'
import { openApiFaults } from './testing/openapi-check.ts'
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
  await served.register({ name: 'points', task: 'regression' })
  ;({ app, ask } = await appFor(served, { limits: { aliasPollMs: 0 }, defaultModel: 'risk' }))
})

afterAll(async () => {
  await app.close()
  await served.remove()
})

const document = async () => (await ask('GET', '/openapi.json')).json()
const postOf = (spec: { paths: Record<string, { post: Operation }> }, path: string) => spec.paths[path]!.post

interface Operation {
  readonly description?: string
  readonly requestBody: { readonly content: { readonly 'application/json': { readonly schema: Schema } } }
  readonly responses: Record<string, { readonly content: { readonly 'application/json': { readonly schema: Schema } } }>
}
// biome-ignore lint/suspicious/noExplicitAny: a schema is looked into at will
type Schema = any

describe('the OpenAPI document', () => {
  test('is a valid one of version 3.1', async () => {
    const spec = await document()
    expect(spec.openapi).toMatch(/^3\.1\./)
    expect(openApiFaults(spec)).toEqual([])
  })

  test('the checker finds what is wrong with a broken one', async () => {
    const spec = await document()
    const predict = postOf(spec, '/api/v1/models/risk/predict') as unknown as Record<string, Schema>
    predict['requestBody'].content['application/json'].example.records[0].Age = 'old'
    predict['responses'][200].description = undefined
    predict['operationId'] = 'predict'
    spec.components.schemas.Error.properties.message = { $ref: '#/nowhere', nullable: true }
    expect(openApiFaults(spec)).toEqual([
      'post /api/v1/models/risk/predict 200: no description',
      'post /api/v1/models/risk/predict body example.records[0].Age: is no integer',
      'post /api/v1/models/{name}/predict: operationId is missing or not unique',
      'component Error.message: #/nowhere leads nowhere',
      'component Error.message: nullable is of OpenAPI 3.0',
    ])
  })

  test('names every route of ours', async () => {
    const { paths } = await document()
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/models/{name}/predict',
        '/api/v1/models/{name}/versions/{version}/predict',
        '/api/v1/models/{name}/aliases/{alias}/predict',
        '/predict',
        '/predict/v1',
        '/predict/v2',
        '/api/v1/models/{name}/promote',
        '/api/v1/runs',
        '/api/v1/datasets/{id}',
        '/health/ready',
        '/metrics',
      ]),
    )
  })

  test("has a path for each model: declared constraints constrain, what training saw is description, with units and the codes' meaning", async () => {
    const spec = await document()
    const { schema } = postOf(spec, '/api/v1/models/risk/predict').requestBody.content['application/json']
    const { properties, required, examples } = schema.properties.records.items
    expect(properties.Age).toEqual({
      type: ['integer'],
      minimum: 15,
      maximum: 100,
      description: 'In years. Seen in training: 17 to 46.',
      examples: [examples[0].Age],
      'x-unit': 'years',
    })
    expect(properties['Average grade']).toMatchObject({
      type: ['number', 'null'],
      description: 'Mean of all grades. Seen in training: 0 to 20. May be null or left out: filled in as in training.',
    })
    expect(properties['Average grade']).not.toHaveProperty('minimum')
    expect(properties.Course.enum).toEqual([33, 171, 9500, null])
    expect(properties.Course.description).toContain('One of: 33 (Biofuels), 171, 9500 (Nursing).')
    expect(properties.City).not.toHaveProperty('enum')
    expect(properties.City.description).toContain('Seen in training: Elvas, Portalegre.')
    expect(postOf(spec, '/api/v1/models/risk/predict').description).toBe('Trained on invented students.')
    expect(required).toEqual(['Age', 'Course', 'Fees paid', 'City', 'Enrolled'])
    const answer = postOf(spec, '/api/v1/models/risk/predict').responses['200']!.content['application/json'].schema
    expect(answer.properties.predictions.items.anyOf[0].properties.label.enum).toEqual([
      'Dropout',
      'Enrolled',
      'Graduate',
    ])
    expect(
      postOf(spec, '/api/v1/models/points/predict').responses['200']!.content['application/json'].schema.properties
        .predictions.items.anyOf[0].properties,
    ).toHaveProperty('interval')
  })

  test('agrees with what the server takes and gives', async () => {
    const spec = await document()
    for (const model of ['risk', 'points']) {
      const operation = postOf(spec, `/api/v1/models/${model}/predict`)
      const rows = Array.from({ length: 10 }, (_, row) => recordOf(risk.students, row))
      for (const [records, status] of [
        [rows, 200],
        [[{ ...rows[0], Outcome: 'Dropout' }], 200],
        [[{ ...rows[0], Age: 101 }], 400],
        [[{ ...rows[0], Age: 20.5 }], 400],
        [[{ ...rows[0], Age: null }], 400],
        [[{ ...rows[0], Course: 34 }], 400],
        [[{ ...rows[0], City: 5 }], 400],
        [[{ ...rows[0], Country: 'PT' }], 400],
        [[{ Age: 20 }], 400],
      ] as const) {
        const body = { records, explain: true }
        const answer = await ask('POST', `/api/v1/models/${model}/predict`, { body })
        expect(answer.status, JSON.stringify(records)).toBe(status)
        expect(
          validate(body, operation.requestBody.content['application/json'].schema, spec).length === 0,
          JSON.stringify(records),
        ).toBe(status === 200)
        expect(validate(answer.json(), operation.responses[status]!.content['application/json'].schema, spec)).toEqual(
          [],
        )
      }
    }
  })

  test.each([
    ['/api/v1/models', '/api/v1/models'],
    ['/api/v1/models/{name}', '/api/v1/models/risk'],
    ['/api/v1/models/{name}/signature', '/api/v1/models/risk/signature'],
    ['/api/v1/models/{name}/history', '/api/v1/models/risk/history'],
    ['/api/v1/runs', '/api/v1/runs'],
    ['/api/v1/datasets', '/api/v1/datasets'],
    ['/health/ready', '/health/ready'],
  ])('GET %s answers as it says', async (path, url) => {
    const spec = await document()
    const answer = await ask('GET', url)
    expect(
      validate(answer.json(), spec.paths[path].get.responses['200'].content['application/json'].schema, spec),
    ).toEqual([])
  })

  test('follows the registry: a model registered later appears', async () => {
    expect(Object.keys((await document()).paths)).not.toContain('/api/v1/models/later/predict')
    await served.register({ name: 'later' })
    const spec = await document()
    expect(Object.keys(spec.paths)).toContain('/api/v1/models/later/predict')
    expect(openApiFaults(spec)).toEqual([])
  })
})

describe('the guide', () => {
  test('is served whole by this server, under a policy that lets it run and nothing else', async () => {
    const page = await ask('GET', '/docs/')
    expect(page.status).toBe(200)
    expect(page.text).not.toMatch(/https?:\/\//)
    expect(page.text).not.toMatch(/<script>|<style>| on\w+=/)
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self';.*connect-src 'self'/)
    const assets = Array.from(
      page.text.matchAll(/(?:src|href)="\.?\/?(?:docs\/)?(static\/[^"]+)"/g),
      ([, file]) => file,
    )
    expect(assets.length).toBeGreaterThan(3)
    for (const asset of assets) expect((await ask('GET', `/docs/${asset}`)).status, asset).toBe(200)
    expect((await ask('GET', '/docs')).status).toBe(200)
  })

  test('reads the same document', async () => {
    expect((await ask('GET', '/docs/json')).json()).toEqual(await document())
  })
})
