import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TypedApp } from './route-types.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Answer, type Ask, appFor } from './testing/test-server.ts'

const ACTIONABLE = {
  'Average grade': { min: 0, max: 20, step: 1, direction: 'up' },
  'Fees paid': { cost: 0.5 },
  Course: { cost: 5 },
}

let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask
/** Who is likely to drop out, and is behind with fees. */
let record: Record<string, unknown>

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk', project: { serving: { actionable: ACTIONABLE } } })
  await served.register({ name: 'points', task: 'regression', project: { serving: { actionable: ACTIONABLE } } })
  await served.register({ name: 'silent' })
  ;({ app, ask } = await appFor(served))
  record = { ...recordOf(risk.students, 0), Age: 30, 'Average grade': 6, 'Fees paid': false }
}, 120_000)

afterAll(async () => {
  await app.close()
  await served.remove()
})

const post = (model: string, body: unknown): Promise<Answer> => ask('POST', `/api/v1/models/${model}/what-if`, { body })
const predicted = async (model: string, given: Record<string, unknown>) =>
  (await ask('POST', `/api/v1/models/${model}/predict`, { body: { records: [given] } })).json().predictions[0]

describe('a what-if', () => {
  test('says how the answer changes with each field alone, as /predict says it', async () => {
    const { outcome, fields, target, reached } = (await post('risk', { record })).json()
    expect(outcome.label).toBe('Dropout')
    expect([target, reached]).toEqual([null, false])
    expect(fields.map(({ field }: { field: string }) => field)).toEqual(['Average grade', 'Course', 'Fees paid'])
    const [grade, course, fees] = fields
    expect(grade.options.map(({ value }: { value: number }) => value)).toEqual(
      Array.from({ length: 14 }, (_, i) => 7 + i),
    )
    expect(grade.options[0].cost).toBeCloseTo(0.05)
    expect(fees).toMatchObject({ current: false, options: [{ value: true, cost: 0.5 }] })
    expect(course.options).toHaveLength(2)
    for (const { field, options } of fields)
      for (const { value, outcome: after, reaches } of options) {
        const { label, probabilities } = await predicted('risk', { ...record, [field]: value })
        expect(after).toEqual({ label, probabilities })
        expect(reaches).toBe(label !== 'Dropout')
      }
  })

  test('finds the cheapest change that moves the label, which does move it, and nothing cheaper does', async () => {
    const { smallest, search } = (await post('risk', { record, target: 'Graduate' })).json()
    expect(search).toMatchObject({ exhaustive: true, maxFields: 3 })
    const changed = Object.fromEntries(
      smallest.changes.map(({ field, to }: { field: string; to: unknown }) => [field, to]),
    )
    const after = await predicted('risk', { ...record, ...changed })
    expect(after.label).toBe('Graduate')
    expect(smallest.outcome).toEqual({ label: after.label, probabilities: after.probabilities })
    let cheapest = Number.POSITIVE_INFINITY
    for (let grade = 6; grade <= 20; grade++)
      for (const fees of [false, true])
        for (const course of [33, 171, 9500]) {
          const cost = (grade - 6) / 20 + (fees ? 0.5 : 0) + (course === record['Course'] ? 0 : 5)
          const { label } = await predicted('risk', {
            ...record,
            'Average grade': grade,
            'Fees paid': fees,
            Course: course,
          })
          if (label === 'Graduate') cheapest = Math.min(cheapest, cost)
        }
    expect(smallest.cost).toBeCloseTo(cheapest, 6)
  })

  test('keeps to the fields and to the number of fields that were asked for', async () => {
    const { fields, smallest } = (await post('risk', { record, fields: ['Fees paid'], maxFields: 1 })).json()
    expect(fields).toHaveLength(1)
    const { label } = await predicted('risk', { ...record, 'Fees paid': true })
    expect(smallest === null).toBe(label === 'Dropout')
  })

  test('of a record that is there already changes nothing', async () => {
    expect((await post('risk', { record, target: 'Dropout' })).json()).toMatchObject({ reached: true, smallest: null })
  })

  test('of a number moves it into bounds; without bounds there is nothing to find', async () => {
    const before = await predicted('points', record)
    const { smallest } = (await post('points', { record, target: { max: before.value - 0.5 } })).json()
    expect(smallest.outcome.value).toBeLessThanOrEqual(before.value - 0.5)
    const free = (await post('points', { record })).json()
    expect([free.smallest, free.fields.length, free.target]).toEqual([null, 3, {}])
  })

  test('says that none was found where none is', async () => {
    const { smallest, search } = (await post('points', { record, target: { max: -1000 } })).json()
    expect([smallest, search.exhaustive]).toEqual([null, true])
  })

  test('goes by version and by alias too, and says what it may change', async () => {
    for (const path of ['versions/1', 'aliases/champion'])
      expect((await ask('POST', `/api/v1/models/risk/${path}/what-if`, { body: { record } })).status).toBe(200)
    const { fields } = (await ask('GET', '/api/v1/models/risk/what-if')).json()
    expect(fields[2]).toEqual({ field: 'Fees paid', unit: null, direction: 'any', cost: 0.5, values: [false, true] })
    expect((await ask('GET', '/api/v1/models/silent/what-if')).json().fields).toEqual([])
  })

  test.each([
    ['another label', { target: 'Expelled' }, 'INVALID_INPUT', 'target'],
    ['bounds for a label', { target: { min: 1 } }, 'INVALID_INPUT', 'target'],
    ['a field that nobody can change', { fields: ['Age'] }, 'INVALID_INPUT', 'fields[0]'],
    ['six fields', { maxFields: 6 }, 'INVALID_INPUT', 'body.maxFields'],
  ])('%s is refused', async (_, more, code, path) => {
    const { status, json } = await post('risk', { record, ...more })
    expect([status, json().error, json().details[0].path]).toEqual([400, code, path])
  })

  test('names the faults of the record as those of `record`, without its values', async () => {
    const { status, json, text } = await post('risk', { record: { ...record, Age: 'eighty-one', Agee: 1 } })
    expect(status).toBe(400)
    expect(json().details.map(({ path }: { path: string }) => path)).toEqual(['record.Age', 'record.Agee'])
    expect(text).not.toContain('eighty-one')
  })

  test('of a model whose project names no field is refused with what to do', async () => {
    const { status, json } = await post('silent', { record })
    expect([status, json().error]).toEqual([422, 'NOT_ACTIONABLE'])
  })
})
