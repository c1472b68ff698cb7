import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import { applyBins, learnBins } from '../tree/bin.ts'
import { matrixOf, range } from '../tree/testing/synthetic.ts'
import { addToHistogram, packedGradients, packGradients, subtractHistogram } from './histogram.ts'

function node(seed: number, nRows: number, nColumns: number) {
  const random = new RandomState(seed)
  const x = matrixOf(nRows, nColumns, (_, column) =>
    random.randint(9) === 0 ? Number.NaN : random.randint(2 + 5 * column),
  )
  const all = range(nRows)
  const binned = applyBins(learnBins(x, all, null, 255, 0), x, all)
  const gradients = Float64Array.from(all, () => random.normal())
  const hessians = Float64Array.from(all, () => random.random())
  const packed = packedGradients(nRows)
  packGradients(gradients, hessians, all, packed)
  const size = 2 * binned.offsets[nColumns]!
  const histogramOf = (rows: Uint32Array, columns: Int32Array) => {
    const histogram = new Float64Array(size)
    addToHistogram(binned, columns, rows, 0, rows.length, packed, histogram)
    return histogram
  }
  return { binned, gradients, hessians, packed, random, all, histogramOf }
}

const shapes = fc.record({
  seed: fc.nat(10_000),
  nRows: fc.integer({ min: 1, max: 200 }),
  nColumns: fc.integer({ min: 1, max: 10 }),
})
const columnsOf = (n: number) => Int32Array.from({ length: n }, (_, i) => i)

describe('a histogram', () => {
  test('holds what a plain loop over rows and columns adds up, whatever the number of columns', () => {
    fc.assert(
      fc.property(shapes, ({ seed, nRows, nColumns }) => {
        const { binned, packed, all, histogramOf } = node(seed, nRows, nColumns)
        const naive = new Float64Array(2 * binned.offsets[nColumns]!)
        for (let column = 0; column < nColumns; column++) {
          for (const row of all) {
            const bin = binned.offsets[column]! + binned.bins[column * nRows + row]!
            naive[2 * bin]! += packed.pairs[2 * row]!
            naive[2 * bin + 1]! += packed.pairs[2 * row + 1]!
          }
        }
        expect(histogramOf(all, columnsOf(nColumns))).toEqual(naive)
      }),
    )
  })

  test('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(shapes, ({ seed, nRows, nColumns }) => {
        const { random, all, histogramOf } = node(seed, nRows, nColumns)
        const columns = columnsOf(nColumns)
        expect(histogramOf(random.shuffle(all.slice()), columns)).toEqual(histogramOf(all, columns))
      }),
    )
  })

  test("of one child, taken from the parent's, leaves exactly the other child's", () => {
    fc.assert(
      fc.property(shapes, ({ seed, nRows, nColumns }) => {
        const { random, all, histogramOf } = node(seed, nRows, nColumns)
        const columns = columnsOf(nColumns)
        const goesLeft = all.map(() => random.randint(2))
        const parent = histogramOf(all, columns)
        subtractHistogram(
          parent,
          histogramOf(
            all.filter((row) => goesLeft[row] === 1),
            columns,
          ),
        )
        expect(parent).toEqual(
          histogramOf(
            all.filter((row) => goesLeft[row] === 0),
            columns,
          ),
        )
      }),
    )
  })

  test('touches only the columns asked for', () => {
    const { binned, all, histogramOf } = node(1, 50, 6)
    const histogram = histogramOf(all, Int32Array.of(1, 4))
    for (let column = 0; column < 6; column++) {
      const part = histogram.subarray(2 * binned.offsets[column]!, 2 * binned.offsets[column + 1]!)
      expect(part.some((value) => value !== 0)).toBe(column === 1 || column === 4)
    }
  })
})

describe('packed gradients', () => {
  test('give back sums, hessians and exact counts', () => {
    fc.assert(
      fc.property(shapes, ({ seed, nRows }) => {
        const { gradients, hessians, packed, all } = node(seed, nRows, 1)
        let gradient = 0
        let both = 0
        for (const row of all) {
          gradient += packed.pairs[2 * row]!
          both += packed.pairs[2 * row + 1]!
        }
        const hessian = Math.floor(both / packed.countUnit)
        const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0)
        expect(both - hessian * packed.countUnit).toBe(nRows)
        expect(gradient / packed.gradientScale).toBeCloseTo(sum(gradients), 8)
        expect(hessian / packed.hessianScale).toBeCloseTo(sum(hessians), 5)
        expect(Number.isSafeInteger(both) && Number.isSafeInteger(gradient)).toBe(true)
      }),
    )
  })

  test('stay exact for the largest and smallest gradients', () => {
    for (const scale of [1e-280, 1e-30, 1, 1e30, 1e280]) {
      const gradients = Float64Array.of(scale, -scale, scale / 3)
      const packed = packedGradients(3)
      packGradients(gradients, gradients.map(Math.abs), range(3), packed)
      const sum = packed.pairs.reduce((a, value, i) => (i % 2 === 0 ? a + value : a), 0)
      expect(Number.isSafeInteger(sum)).toBe(true)
      expect(sum / packed.gradientScale / scale).toBeCloseTo(1 / 3, 9)
    }
  })
})
