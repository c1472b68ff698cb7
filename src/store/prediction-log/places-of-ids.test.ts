import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ulids } from '../../security/new-id.ts'
import { placesOfIds } from './places-of-ids.ts'

const NOON = Date.parse('2026-03-10T12:00:00Z')
const SERVED = '0123456789abcdef-0mdzq1x00-417-00ff00ff.bwpl'
const BATCH = '0123456789abcdef-0mdzq1x00-417-00ff00ff_fedcba9876543210.bwpl.open'
const made = (time: number) => ulids(() => time)()

describe('entries of ids', () => {
  test('of a server are in the files of the days around the moment that the id tells, and in none of a batch', () => {
    const { inSegment } = placesOfIds(new Set([made(NOON)]))
    const days = ['08', '09', '10', '11', '12'].map((day) => inSegment(`2026-03-${day}`, SERVED))
    expect(days).toEqual([false, true, true, true, false])
    expect(inSegment('2026-03-10', BATCH)).toBe(false)
  })

  test('of several moments are in the files of all days between', () => {
    const { inSegment } = placesOfIds(new Set([made(NOON), made(NOON + 5 * 86_400_000)]))
    for (const day of ['10', '12', '15']) expect(inSegment(`2026-03-${day}`, SERVED)).toBe(true)
    expect(inSegment('2026-03-18', SERVED)).toBe(false)
  })

  test('of a batch are in the files of that batch, whenever it ran', () => {
    const { inSegment } = placesOfIds(new Set(['fedcba9876543210-7']))
    expect(inSegment('2020-01-01', BATCH)).toBe(true)
    expect(inSegment('2020-01-01', BATCH.replace('fedc', 'cdef'))).toBe(false)
    expect(inSegment('2020-01-01', SERVED)).toBe(false)
  })

  test('that tell nothing may be anywhere', () => {
    for (const id of ['mine', '', '81ARZ3NDEKTSV4RRFFQ69G5FAV', made(NOON).toLowerCase()]) {
      const { inSegment } = placesOfIds(new Set([id, made(NOON)]))
      expect([inSegment('1999-01-01', SERVED), inSegment('1999-01-01', BATCH)], id).toEqual([true, true])
    }
  })

  test('are told from others by the beginning of a line as by all of it', () => {
    const id = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('a', 'b"', 'c\\', '{"id":"a"'))
    fc.assert(
      fc.property(fc.array(id, { maxLength: 5 }), id, (ids, of) => {
        const line = JSON.stringify({ id: of, time: 1, request: ids[0] ?? null })
        const isOne = ids.includes(of)
        const told = placesOfIds(new Set(ids)).inLine(line)
        // What needs escapes is left to who reads the line whole.
        expect(told || !isOne).toBe(true)
        if (!/["\\\p{C}]/u.test(of)) expect(told).toBe(isOne)
      }),
    )
    expect(placesOfIds(new Set(['a'])).inLine('{"time":1,"id":"b"}')).toBe(true)
  })
})
