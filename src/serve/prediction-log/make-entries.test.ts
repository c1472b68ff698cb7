import { createSecretKey } from 'node:crypto'
import { expect, test } from 'vitest'
import type { ServedModel } from '../model-cache.ts'
import type { Prediction } from '../prediction.ts'
import { makeEntries } from './make-entries.ts'

/** A model that reads `age` and `course`; its project knows persons by `id`. */
const served = {
  name: 'm',
  version: 1,
  alias: 'champion',
  scorer: {
    signature: { inputs: [{ name: 'age' }, { name: 'course' }] },
    manifest: { project: { data: { id: 'id', sensitive: ['sex'] } } },
  },
} as unknown as ServedModel

const answer: Prediction = { id: 'p', value: 1, interval: null, warnings: [] }
const log = {
  personKey: (text: string) => `key of ${text}`,
  encrypt: null,
  hashKey: createSecretKey(new Uint8Array(32)),
}

function entriesOf(...records: unknown[]) {
  const predictions = records.map(() => answer)
  const batch = { served, records, predictions, time: 5, latencyMs: 1, key: null, request: 'r' }
  return makeEntries(batch, log).map((entry) => JSON.parse(JSON.stringify(entry)) as typeof entry)
}

test('an entry has the columns that the model reads and nothing else of the record', () => {
  const [only, more, fewer] = entriesOf(
    { course: 'x', age: 20 },
    { course: 'x', age: 20, target: 'pass', sex: 'f', id: 'P1' },
    { age: null },
  )
  expect(only!.features).toEqual({ age: 20, course: 'x' })
  expect(more!.features).toEqual({ age: 20, course: 'x' })
  expect(fewer!.features).toEqual({ age: null })
  expect(JSON.stringify([more])).not.toMatch(/pass|sex|"P1"/)
})

test('a column named __proto__ is a column', () => {
  const odd = {
    ...served,
    scorer: { ...served.scorer, signature: { inputs: [{ name: '__proto__' }, { name: 'age' }] } },
  }
  const records = [JSON.parse('{"__proto__":7,"age":20,"id":"P1"}') as unknown]
  const batch = { records, predictions: [answer], time: 5, latencyMs: 1, key: null, request: 'r' }
  const [entry] = makeEntries({ ...batch, served: odd as ServedModel }, log)
  expect(JSON.stringify(entry!.features)).toBe('{"__proto__":7,"age":20}')
})

test('blanks around a key hide no column, neither from the entry nor the person', () => {
  const [entry] = entriesOf({ ' age ': 20, 'id ': 'P1' })
  expect(entry!.features).toEqual({ age: 20 })
  expect(entry!.person).toBe('key of P1')
})
