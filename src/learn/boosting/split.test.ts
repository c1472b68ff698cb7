import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import { applyBins, learnBins } from '../tree/bin.ts'
import { matrixOf, range } from '../tree/testing/synthetic.ts'
import { addToHistogram, packedGradients, packGradients } from './histogram.ts'
import { SplitFinder } from './split.ts'
import { leafScore, leafValue, type Split, type SplitRules } from './split-rules.ts'

interface Shape {
  readonly seed: number
  readonly nRows: number
  readonly nColumns: number
  readonly rules: SplitRules
}

const shapes = fc.record({
  seed: fc.nat(10_000),
  nRows: fc.integer({ min: 1, max: 60 }),
  nColumns: fc.integer({ min: 1, max: 6 }),
  rules: fc.record({
    minSamplesLeaf: fc.integer({ min: 1, max: 8 }),
    l2Regularization: fc.constantFrom(0, 1, 10),
    l1Regularization: fc.constantFrom(0, 0.5),
  }),
})

function node({ seed, nRows, nColumns, rules }: Shape) {
  const random = new RandomState(seed)
  const x = matrixOf(nRows, nColumns, (_, column) =>
    random.randint(6) === 0 ? Number.NaN : random.randint(2 + 4 * column),
  )
  const all = range(nRows)
  const binned = applyBins(learnBins(x, all, null, 255, 0), x, all)
  const gradients = Float64Array.from(all, () => random.normal())
  const hessians = Float64Array.from(all, () => 0.05 + random.random())
  const packed = packedGradients(nRows)
  // The node holds some of the rows, so that some bins are empty.
  const rows = all.filter((row) => row === 0 || random.randint(3) > 0)
  packGradients(gradients, hessians, rows, packed)
  const histogram = new Float64Array(2 * binned.offsets[nColumns]!)
  const columns = Int32Array.from({ length: nColumns }, (_, i) => i)
  addToHistogram(binned, columns, rows, 0, rows.length, packed, histogram)
  let gradient = 0
  let both = 0
  for (const row of rows) {
    gradient += packed.pairs[2 * row]!
    both += packed.pairs[2 * row + 1]!
  }
  const finder = new SplitFinder(binned, rules, packed)
  /** Gain of a split from the rows themselves; null where it is not allowed. */
  const gainOf = (column: number, bin: number, missingLeft: boolean): number | null => {
    const missing = binned.hasMissing[column] ? binned.nBins[column]! - 1 : -1
    const sums = [0, 0, 0, 0, 0, 0]
    for (const row of rows) {
      const b = binned.bins[column * nRows + row]!
      const side = (b === missing ? missingLeft : b <= bin) ? 0 : 3
      sums[side]! += gradients[row]!
      sums[side + 1]! += hessians[row]!
      sums[side + 2]! += 1
    }
    const [gl, hl, nl, gr, hr, nr] = sums as [number, number, number, number, number, number]
    if (nl < rules.minSamplesLeaf || nr < rules.minSamplesLeaf) return null
    return leafScore(gl, hl, rules) + leafScore(gr, hr, rules) - leafScore(gl + gr, hl + hr, rules)
  }
  return { binned, histogram, columns, gradient, both, finder, gainOf, random }
}

/** The best gain over all thresholds and both sides for missing values. */
function bruteForce({ binned, columns, gainOf }: ReturnType<typeof node>): number {
  let best = 0
  for (const column of columns) {
    const nValueBins = binned.thresholds[column]!.length + 1
    for (let bin = 0; bin < nValueBins; bin++) {
      for (const missingLeft of [false, true]) best = Math.max(best, gainOf(column, bin, missingLeft) ?? 0)
    }
  }
  return best
}

describe('the split found', () => {
  test('gains as much as the best over all bin edges and both sides for missing values', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const it = node(shape)
        const split = it.finder.find(it.histogram, it.columns, it.gradient, it.both)
        const best = bruteForce(it)
        if (split.column < 0) expect(best).toBeLessThan(1e-6)
        else {
          expect(split.gain).toBeCloseTo(best, 6)
          expect(it.gainOf(split.column, split.bin, split.missingLeft)).toBeCloseTo(split.gain, 6)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('at random thresholds is a split that is allowed, of the gain that it says', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const it = node(shape)
        const split = it.finder.findRandom(it.histogram, it.columns, it.gradient, it.both, it.random)
        if (split.column < 0) return
        expect(it.gainOf(split.column, split.bin, split.missingLeft)).toBeCloseTo(split.gain, 6)
        expect(split.gain).toBeLessThanOrEqual(bruteForce(it) + 1e-6)
      }),
    )
  })

  test('at random thresholds takes each of them at some time', () => {
    const rules = { minSamplesLeaf: 1, l2Regularization: 0, l1Regularization: 0 }
    const it = node({ seed: 4, nRows: 60, nColumns: 1, rules })
    const seen = new Set<number>()
    for (let draw = 0; draw < 60; draw++) {
      seen.add(it.finder.findRandom(it.histogram, it.columns, it.gradient, it.both, it.random).bin)
    }
    // Two values and missing ones: apart from each other, or both apart from the missing.
    expect([...seen].sort()).toEqual([0, 1])
  })
})

function splitOf(
  values: readonly number[],
  gradients: readonly number[],
  rows?: readonly number[],
): { split: Split; threshold: number } {
  const n = values.length
  const x = matrixOf(n, 1, (row) => values[row]!)
  const binned = applyBins(learnBins(x, range(n), null, 255, 0), x, range(n))
  const packed = packedGradients(n)
  const node = Uint32Array.from(rows ?? range(n))
  const sums = packGradients(Float64Array.from(gradients), new Float64Array(n).fill(1), node, packed)
  const histogram = new Float64Array(2 * binned.offsets[1]!)
  addToHistogram(binned, Int32Array.of(0), node, 0, node.length, packed, histogram)
  const rules = { minSamplesLeaf: 1, l2Regularization: 0, l1Regularization: 0 }
  const finder = new SplitFinder(binned, rules, packed)
  const split = finder.find(histogram, Int32Array.of(0), sums.gradient, sums.hessianAndCount)
  return { split, threshold: binned.thresholds[0]![split.bin] ?? Number.POSITIVE_INFINITY }
}

describe('a split', () => {
  test('of a pure node is not made', () => {
    expect(splitOf([1, 2, 3, 4, 5, 6], [0.3, 0.3, 0.3, 0.3, 0.3, 0.3]).split.column).toBe(-1)
    expect(splitOf([1, 2, 3], [0, 0, 0]).split.column).toBe(-1)
  })

  test('lies in the middle of the values that the node does not hold', () => {
    expect(splitOf([1, 2, 3, 4, 5, 6, 7, 8], [-1, 0, 0, 0, 0, 0, 0, 1], [0, 7]).threshold).toBe(4.5)
  })

  test('of missing values from all others sends every value to the left', () => {
    const { split, threshold } = splitOf([1, 2, 3, Number.NaN, Number.NaN], [1, 1, 1, -1, -1])
    expect(threshold).toBe(Number.POSITIVE_INFINITY)
    expect(split.missingLeft).toBe(false)
  })

  test('puts missing values where they belong', () => {
    const { split, threshold } = splitOf([1, 2, 3, 4, Number.NaN], [1, 1, -1, -1, 1])
    expect(threshold).toBe(2.5)
    expect(split.missingLeft).toBe(true)
  })
})

test('L1 takes its part off the gradient before the value is made, L2 adds to the hessian', () => {
  const rules = { minSamplesLeaf: 1, l2Regularization: 1, l1Regularization: 0.5 }
  expect(leafValue(2, 2, rules)).toBe(-0.5)
  expect(leafValue(-2, 2, rules)).toBe(0.5)
  expect(leafValue(0.4, 2, rules)).toBeCloseTo(0, 15)
  expect(leafScore(2, 2, rules)).toBe(0.75)
})
