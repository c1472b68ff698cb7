import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPackage } from '../packaging/read-package.ts'
import { createScorer } from '../serve/scorer.ts'
import { selectRows } from '../table/table.ts'
import type { TypedApp } from './route-types.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let points: RegisteredForTest
let app: TypedApp
let ask: Ask

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  points = await served.register({ name: 'points', task: 'regression', estimator: 'gradient-boosting' })
  ;({ app, ask } = await appFor(served, { limits: { records: 600 }, defaultModel: 'risk' }))
})

afterAll(async () => {
  await app.close()
  await served.remove()
})

const predict = (model: string, body: unknown) => ask('POST', `/api/v1/models/${model}/predict`, { body })

describe('predictions over HTTP', () => {
  test("are the library's to the last bit, for classes", async () => {
    const { students, pipeline } = risk
    const nRows = students.table.nRows
    const records = Array.from({ length: nRows }, (_, row) => recordOf(students, row))
    const answer = (await predict('risk', { records })).json()
    const expected = pipeline.predict(students.table)
    const classes = students.target.task === 'classification' ? students.target.classes : []
    expect(answer.model).toEqual({ name: 'risk', version: 1, alias: 'champion' })
    expect(answer.predictions).toHaveLength(nRows)
    const got = answer.predictions.flatMap(({ probabilities }: { probabilities: Record<string, number> }) =>
      classes.map((name) => probabilities[name]),
    )
    expect(got.every((value: number, i: number) => Object.is(value, expected[i]))).toBe(true)
    for (const { label, confidence, probabilities, set } of answer.predictions) {
      expect(confidence).toBe(Math.max(...(Object.values(probabilities) as number[])))
      expect(probabilities[label]).toBe(confidence)
      expect(set[0]).toBe(label)
    }
  })

  test("are the library's to the last bit, for numbers", async () => {
    const { students, pipeline } = points
    const records = Array.from({ length: 300 }, (_, row) => recordOf(students, row % students.table.nRows))
    const { predictions } = (await predict('points', { records })).json()
    const expected = pipeline.predict(
      selectRows(
        students.table,
        Uint32Array.from({ length: 300 }, (_, row) => row % students.table.nRows),
      ),
    )
    expect(predictions.every(({ value }: { value: number }, i: number) => Object.is(value, expected[i]))).toBe(true)
    for (const { value, interval } of predictions) {
      expect(interval[0]).toBeLessThan(value)
      expect(interval[1]).toBeGreaterThan(value)
    }
  })

  test('each have an id of their own, and none has an explanation unless asked for', async () => {
    const records = Array.from({ length: 20 }, (_, row) => recordOf(risk.students, row))
    const { predictions } = (await predict('risk', { records })).json()
    expect(new Set(predictions.map(({ id }: { id: string }) => id)).size).toBe(20)
    expect(predictions[0]).not.toHaveProperty('explanation')
    expect(Object.keys(predictions[0])).toEqual(['id', 'label', 'confidence', 'probabilities', 'set', 'warnings'])
  })

  test.each(['risk', 'points'])(
    '%s: base and contributions add up, the largest first, with the values as sent',
    async (model) => {
      const { students } = model === 'risk' ? risk : points
      const record = recordOf(students, 3)
      const [prediction] = (await predict(model, { records: [record], explain: true })).json().predictions
      const { score, base, total, contributions } = prediction.explanation
      expect(score).toBe(model === 'risk' ? `softmax score of ${prediction.label}` : 'Outcome')
      const sum = contributions.reduce(
        (all: number, { contribution }: { contribution: number }) => all + contribution,
        base,
      )
      expect(sum).toBeCloseTo(total, 9)
      if (model === 'points') expect(total).toBeCloseTo(prediction.value, 9)
      const sizes = contributions.map(({ contribution }: { contribution: number }) => Math.abs(contribution))
      expect(sizes).toEqual(sizes.toSorted((a: number, b: number) => b - a))
      for (const { feature, value } of contributions) expect(value).toBe(record[feature])
    },
  )

  test('the order of keys and the target beside them change nothing; unseen values are scored with a warning', async () => {
    const record = recordOf(risk.students, 5)
    const shuffled = { Outcome: 'Dropout', Student: 12, ...Object.fromEntries(Object.entries(record).reverse()) }
    const unseen = { ...record, City: 'Lisboa', Age: 60 }
    const { predictions } = (await predict('risk', { records: [record, shuffled, unseen] })).json()
    expect(predictions[1].probabilities).toEqual(predictions[0].probabilities)
    expect(predictions[0].warnings).toEqual([])
    expect(predictions[2].warnings.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'records[2].Age',
      'records[2].City',
    ])
  })

  test('no records get no predictions', async () => {
    expect((await predict('risk', { records: [] })).json()).toMatchObject({ predictions: [] })
  })
})

describe('bad records', () => {
  const good = () => recordOf(risk.students, 0)

  test('refuse the whole request, with every fault of every record named', async () => {
    const { City: _, ...withoutCity } = good()
    const answer = await predict('risk', {
      records: [{ ...good(), Age: 7 }, good(), withoutCity, { ...good(), Course: 'Nursing', Agee: 20 }, 5],
    })
    expect(answer.status).toBe(400)
    const { error, message, details } = answer.json()
    expect(error).toBe('INVALID_INPUT')
    expect(message).toMatch(/^records\[0\]\.Age: expected a number from 15 to 100 \(and 4 more\)$/)
    expect(details.map(({ path }: { path: string }) => path)).toEqual([
      'records[0].Age',
      'records[2].City',
      'records[3].Course',
      'records[3].Agee',
      'records[4]',
    ])
    expect(details[3].message).toContain('did you mean "Age"?')
  })

  test('carry their errors where the client asks for what can be answered', async () => {
    const answer = await predict('risk', { records: [good(), { ...good(), Age: 'young' }, good()], onError: 'partial' })
    expect(answer.status).toBe(200)
    const { predictions } = answer.json()
    expect(predictions[1]).toEqual({
      error: {
        error: 'INVALID_INPUT',
        message: expect.stringMatching(/^records\[1\]\.Age: expected a whole number, got a string$/),
        hint: expect.any(String),
        details: [{ path: 'records[1].Age', message: 'expected a whole number, got a string' }],
      },
    })
    expect(predictions[0].label).toBe(predictions[2].label)
    const alone = (await predict('risk', { records: [good()] })).json()
    expect(predictions[0].probabilities).toEqual(alone.predictions[0].probabilities)
  })

  test('more records than the limit are refused with the limit', async () => {
    const answer = await predict('risk', { records: Array.from({ length: 601 }, () => ({})) })
    expect(answer.status).toBe(400)
    expect(answer.json().details).toEqual([
      { path: 'records', message: 'expected at most 600 records in a request, came 601' },
    ])
  })
})

describe('the flat form', () => {
  test.each(['/predict', '/predict/v1'])('%s answers one flat object for the default model', async (path) => {
    const record = recordOf(risk.students, 2)
    const flat = (await ask('POST', path, { body: record })).json()
    const [prediction] = (await ask('POST', '/predict/v2', { body: { records: [record] } })).json().predictions
    expect(flat).toEqual({
      prediction: prediction.label,
      confidence: prediction.confidence,
      id: expect.any(String),
      model: { name: 'risk', version: 1, alias: 'champion' },
    })
    expect(flat.id).not.toBe(prediction.id)
  })

  test('names a fault by the field alone', async () => {
    const answer = await ask('POST', '/predict', {
      body: { ...recordOf(risk.students, 2), Age: -1, 'Average grade': 'good' },
    })
    expect(answer.status).toBe(400)
    expect(answer.json().details.map(({ path }: { path: string }) => path)).toEqual(['Age', '["Average grade"]'])
    expect((await ask('POST', '/predict', { body: [1] })).json()).toMatchObject({
      error: 'INVALID_INPUT',
      details: [{ path: 'body' }],
    })
  })

  test('without a default model there is none to choose from several', async () => {
    const { app: other, ask: askOther } = await appFor(served)
    const answer = await askOther('POST', '/predict', { body: {} })
    expect([answer.status, answer.json().error]).toEqual([404, 'NO_DEFAULT_MODEL'])
    await other.close()
  })

  test('a number has no confidence', async () => {
    const { app: other, ask: askOther } = await appFor(served, { defaultModel: 'points' })
    const { prediction, confidence } = (
      await askOther('POST', '/predict', { body: recordOf(points.students, 2) })
    ).json()
    expect([typeof prediction, confidence]).toEqual(['number', null])
    await other.close()
  })
})

describe('versions', () => {
  test('each answers by its number, and an alias moved by another process takes effect without a restart', async () => {
    const first = await served.register({ name: 'moving', seed: 1 })
    const second = await served.register({ name: 'moving', seed: 2, aliases: ['challenger'] })
    const record = recordOf(first.students, 0)
    const { app: quick, ask: askQuick } = await appFor(served, { limits: { aliasPollMs: 0 } })
    const at = async (path: string) =>
      (await askQuick('POST', `/api/v1/models/moving/${path}`, { body: { records: [record] } })).json()
    const byVersion = [await at('versions/1/predict'), await at('versions/2/predict')]
    expect(byVersion.map(({ model }) => model)).toEqual([
      { name: 'moving', version: 1, alias: null },
      { name: 'moving', version: 2, alias: null },
    ])
    expect(byVersion[0].predictions[0].probabilities).not.toEqual(byVersion[1].predictions[0].probabilities)
    expect((await at('predict')).model.version).toBe(1)
    expect((await at('aliases/challenger/predict')).model).toEqual({ name: 'moving', version: 2, alias: 'challenger' })

    const elsewhere = await served.openAgain()
    await elsewhere.models.setAlias({
      model: 'moving',
      alias: 'champion',
      version: second.version.version,
      actor: 'another process',
      reason: 'better',
      now: 3_000,
    })
    const after = await at('predict')
    expect(after.model).toEqual({ name: 'moving', version: 2, alias: 'champion' })
    expect(after.predictions[0].probabilities).toEqual(byVersion[1].predictions[0].probabilities)
    await quick.close()
  })

  test('promote and rollback through the API take effect at the next request, whatever the poll time', async () => {
    await served.register({ name: 'steered', seed: 1 })
    await served.register({ name: 'steered', seed: 2, aliases: [] })
    const { app: slow, ask: askSlow } = await appFor(served, { limits: { aliasPollMs: 1e9 } })
    const champion = async () =>
      (await askSlow('POST', '/api/v1/models/steered/predict', { body: { records: [] } })).json().model.version
    expect(await champion()).toBe(1)
    const promoted = await askSlow('POST', '/api/v1/models/steered/promote', { body: { version: 2, reason: 'better' } })
    expect([promoted.status, promoted.json().version, promoted.json().aliases]).toEqual([200, 2, ['champion']])
    expect(await champion()).toBe(2)
    expect(
      (await askSlow('POST', '/api/v1/models/steered/rollback', { body: { reason: 'worse after all' } })).json()
        .version,
    ).toBe(1)
    expect(await champion()).toBe(1)
    const { entries } = (await askSlow('GET', '/api/v1/models/steered/history')).json()
    expect(entries.at(-1)).toMatchObject({
      action: 'rollback',
      alias: 'champion',
      from: 2,
      to: 1,
      reason: 'worse after all',
      actor: 'api:loopback',
    })
    await slow.close()
  })
})

describe('the scorer', () => {
  test('gives the same in slices as at once', async () => {
    const scorer = createScorer(await readPackage(served.home.blobs, risk.version.files))
    const records = Array.from({ length: 600 }, (_, i) =>
      i % 50 === 7 ? { Age: 'x' } : recordOf(risk.students, i % 240),
    )
    const options = { explain: false, newId: () => 'id', onError: 'partial' } as const
    let pauses = 0
    const sliced = await scorer.scoreInSlices(records, options, async () => void pauses++)
    expect(sliced).toEqual(scorer.score(records, options))
    expect(pauses).toBe(2)
  })

  test('refuses to answer a valid record with a number that is none, and says which record it was', async () => {
    const loaded = await readPackage(served.home.blobs, points.version.files)
    const predict = (...args: Parameters<typeof loaded.pipeline.predict>) => {
      const values = loaded.pipeline.predict(...args)
      values[1] = Number.POSITIVE_INFINITY
      return values
    }
    const scorer = createScorer({ ...loaded, pipeline: { ...loaded.pipeline, predict } })
    const records = [0, 1, 2].map((row) => recordOf(points.students, row))
    const options = { explain: false, newId: () => 'id' }
    expect(() => scorer.score(records, options)).toThrow(
      expect.objectContaining({ code: 'CANNOT_SERVE', status: 422, message: expect.stringMatching(/^records\[1\]: /) }),
    )
    const [first, second] = scorer.score(records, { ...options, onError: 'partial' })
    expect(first).toHaveProperty('value')
    expect(second).toMatchObject({ error: { error: 'CANNOT_SERVE' } })
  })
})
