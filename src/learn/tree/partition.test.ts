import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partitionRows } from './partition.ts'

test('rows of a node are split in place, each side in the order it had, and no other row moves', () => {
  const inputs = fc.record({
    bins: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 }),
    cut: fc.integer({ min: 0, max: 5 }),
    missing: fc.constantFrom(-1, 5),
    missingLeft: fc.boolean(),
    padding: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(inputs, ({ bins, cut, missing, missingLeft, padding }) => {
      const n = bins.length
      const bin = missing >= 0 ? Math.min(cut, missing - 1) : cut
      const rows = Uint32Array.from({ length: n + 2 * padding }, (_, i) => (i * 7 + 3) % n)
      const before = Array.from(rows)
      const node = before.slice(padding, padding + n)
      const goesLeft = (row: number) => (bins[row] === missing ? missingLeft : bins[row]! <= bin)
      // The column comes second: its bins start at n.
      const columns = Uint8Array.from([...new Array<number>(n).fill(0), ...bins])
      const middle = partitionRows(
        rows,
        padding,
        padding + n,
        columns,
        n,
        bin,
        missing,
        missingLeft,
        new Uint32Array(n),
      )
      const expected = [...node.filter(goesLeft), ...node.filter((row) => !goesLeft(row))]
      expect(Array.from(rows)).toEqual([...before.slice(0, padding), ...expected, ...before.slice(padding + n)])
      expect(middle).toBe(padding + node.filter(goesLeft).length)
    }),
  )
})
