import { decodeTime, isValid, ulid } from 'ulid'
import { describe, expect, test } from 'vitest'
import { newId, ulids } from './new-id.ts'

describe('ids', () => {
  test('are ULIDs that hold their time, as the library reads them', () => {
    for (const time of [1, 1023, 1024, 1_795_260_000_123, 2 ** 48 - 1]) {
      const id = ulids(() => time)()
      expect(isValid(id)).toBe(true)
      expect(decodeTime(id)).toBe(time)
      expect(id.slice(0, 10)).toBe(ulid(time).slice(0, 10))
    }
  })

  test('are different, over more than one filling of the pool', () => {
    const make = ulids(() => 5)
    const made = Array.from({ length: 3000 }, make)
    expect(new Set(made).size).toBe(3000)
  })

  test('use every character at each place of chance', () => {
    const make = ulids(() => 5)
    const seen = Array.from({ length: 16 }, () => new Set<string>())
    for (let i = 0; i < 2000; i++) for (const [at, letter] of [...make().slice(10)].entries()) seen[at]!.add(letter)
    // A letter that is missing after 2,000 draws of 32: one chance in 10^24.
    expect(seen.map(({ size }) => size)).toEqual(Array.from({ length: 16 }, () => 32))
  })

  test('sort by the millisecond, which moves with the clock', () => {
    let time = 1_795_260_000_000
    const make = ulids(() => time)
    const made: string[] = []
    for (; time < 1_795_260_002_100; time += 7) made.push(make())
    expect([...made].sort()).toEqual(made)
  })

  test('have the time of the system', () => {
    expect(Math.abs(decodeTime(newId()) - Date.now())).toBeLessThan(60_000)
  })
})
