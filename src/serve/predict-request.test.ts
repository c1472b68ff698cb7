import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import { invalid, readPredictRequest } from './predict-request.ts'

function faultsOf(body: unknown): string[] {
  try {
    readPredictRequest(body, 3)
  } catch (error) {
    expect(error).toBeInstanceOf(BellwetherError)
    expect((error as BellwetherError).code).toBe('INVALID_INPUT')
    return (error as BellwetherError).details.map(({ path, message }) => `${path}: ${message}`)
  }
  return []
}

describe('the body of a predict request', () => {
  test('records are enough; nothing is explained and bad records refuse the whole, unless asked for', () => {
    expect(readPredictRequest({ records: [{}] }, 3)).toEqual({ records: [{}], explain: false, onError: 'refuse' })
    expect(readPredictRequest({ records: [], explain: true, onError: 'partial' }, 3)).toEqual({
      records: [],
      explain: true,
      onError: 'partial',
    })
  })

  test.each([null, undefined, 5, 'text', [], [{ records: [] }]])('%j is no request', (body) => {
    expect(faultsOf(body)).toEqual([expect.stringMatching(/^body: expected an object/)])
  })

  test('every fault is named, and no value', () => {
    const faults = faultsOf({ records: 'SECRET', explain: 'SECRET', onError: 'SECRET', recrods: ['SECRET'] })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['records', 'explain', 'onError', 'recrods'])
    expect(faults.join()).not.toContain('SECRET')
  })

  test('too many records are refused with the limit', () => {
    expect(faultsOf({ records: [1, 2, 3, 4] })).toEqual(['records: expected at most 3 records in a request, came 4'])
  })

  test('inherited properties are no fields', () => {
    expect(faultsOf(Object.create({ records: [] }))).toEqual([expect.stringMatching(/^records: is missing/)])
  })
})

test('an answer to a body full of faults stays small, and counts them all', () => {
  const faults = Array.from({ length: 200_000 }, (_, i) => ({ path: `records[${i}].x`, message: 'missing' }))
  const error = invalid(faults)
  expect(error.message).toBe('records[0].x: missing (and 199999 more)')
  expect(error.details).toHaveLength(1001)
  expect(error.details.at(-1)).toEqual({ path: 'body', message: 'has 199000 more faults, which are not named' })
  const fields = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`f${i}`, i]))
  expect(faultsOf(fields)).toHaveLength(51)
})
