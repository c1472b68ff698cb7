import { expect, test } from 'vitest'
import { DistinctCount, hashNumber, hashText } from './distinct-count.ts'

test.each([1, 20, 300, 5_000, 200_000])(
  '%d different things are counted to within a fifth, however often each comes',
  (n) => {
    const count = new DistinctCount()
    for (let time = 0; time < 3; time++) for (let i = 0; i < n; i++) count.add(hashNumber(0, i))
    expect(Math.abs(count.estimate() / n - 1)).toBeLessThan(0.2)
  },
)

test('what two counts saw together is counted once', () => {
  const [a, b] = [new DistinctCount(), new DistinctCount()]
  for (let i = 0; i < 3000; i++) a.add(hashNumber(0, i))
  for (let i = 2000; i < 5000; i++) b.add(hashNumber(0, i))
  a.merge(b)
  expect(Math.abs(a.estimate() / 5000 - 1)).toBeLessThan(0.2)
  a.clear()
  expect(a.estimate()).toBe(0)
})

test('texts that differ in one character have different hashes', () => {
  expect(new Set(['', 'a', 'b', 'ab', 'ba', 'Nursing', 'nursing'].map(hashText)).size).toBe(7)
})
