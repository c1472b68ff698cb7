import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import { applyBins, binOf, learnBins, thresholdAfter } from './bin.ts'
import { binThresholds } from './bin-thresholds.ts'
import { matrixOf, range, treesFixture } from './testing/synthetic.ts'

const sorted = (values: readonly number[]) => Float64Array.from(values).sort()
const numbers = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 60 })

describe('thresholds', () => {
  test.each(treesFixture.thresholds)("are scikit-learn's for $n values in $maxBins bins", (reference) => {
    const random = new RandomState(reference.seed)
    const draw = () => (reference.spread ? random.randint(reference.spread) : random.normal())
    const values = sorted(Array.from({ length: reference.n }, draw))
    const ours = Array.from(binThresholds(values, null, reference.maxBins))
    expect(ours).toHaveLength(reference.thresholds.length)
    for (const [i, cut] of ours.entries()) expect(cut).toBeCloseTo(reference.thresholds[i]!, 12)
  })

  test('lie between neighbours, strictly ascending and finite or the smaller neighbour, even between infinities', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 2, max: 255 }), (values, maxBins) => {
        const column = sorted(values)
        const cuts = binThresholds(column, null, maxBins)
        const distinct = [...new Set(column)]
        expect(cuts.length).toBeLessThanOrEqual(maxBins - 1)
        if (distinct.length <= maxBins) expect(cuts).toHaveLength(distinct.length - 1)
        for (const [i, cut] of cuts.entries()) {
          if (i > 0) expect(cut).toBeGreaterThan(cuts[i - 1]!)
          expect(column.some((value) => value <= cut)).toBe(true)
          expect(column.some((value) => value > cut)).toBe(true)
        }
      }),
    )
  })

  test('keep two values apart that differ by the last bit, and the two infinities', () => {
    const next = 1 + Number.EPSILON
    expect(Array.from(binThresholds(Float64Array.of(1, next), null, 255))).toEqual([1])
    const cuts = binThresholds(Float64Array.of(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), null, 255)
    expect(binOf(cuts, Number.NEGATIVE_INFINITY)).toBe(0)
    expect(binOf(cuts, Number.POSITIVE_INFINITY)).toBe(1)
    expect(Array.from(binThresholds(Float64Array.of(1e308, 1.7e308), null, 255))).toEqual([1.35e308])
  })

  test('with whole weights are those of rows repeated so often', () => {
    const weighted = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 80,
    })
    fc.assert(
      fc.property(weighted, fc.integer({ min: 2, max: 20 }), (rows, maxBins) => {
        const ordered = rows.toSorted((a, b) => a[0] - b[0])
        const values = Float64Array.from(ordered, ([value]) => value)
        const weights = Float64Array.from(ordered, ([, weight]) => weight)
        const repeated = Float64Array.from(ordered.flatMap(([value, weight]) => new Array<number>(weight).fill(value)))
        expect(binThresholds(values, weights, maxBins)).toEqual(binThresholds(repeated, null, maxBins))
      }),
    )
  })
})

describe('bins', () => {
  test('hold a value x iff the threshold before is below x and their own is not', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 2, max: 20 }), (values, maxBins) => {
        const cuts = binThresholds(sorted(values), null, maxBins)
        for (const x of values) {
          const bin = binOf(cuts, x)
          const naive = [...cuts].findIndex((cut) => x <= cut)
          expect(bin).toBe(naive < 0 ? cuts.length : naive)
        }
      }),
    )
  })

  test('are packed one column after the other; missing values have the last one of their column', () => {
    const rows = [
      [1, Number.NaN, 5, Number.NaN],
      [2, 7, 5, Number.NaN],
      [2, 8, 5, Number.NaN],
      [3, 7, 5, Number.NaN],
    ]
    const x = matrixOf(4, 4, (row, column) => rows[row]![column]!)
    const binned = applyBins(learnBins(x, range(4), null, 255, 0), x, range(4))
    expect(Array.from(binned.nBins)).toEqual([3, 3, 1, 2])
    expect(Array.from(binned.offsets)).toEqual([0, 3, 6, 7, 9])
    expect(Array.from(binned.hasMissing)).toEqual([0, 1, 0, 1])
    expect(Array.from(binned.bins)).toEqual([0, 1, 1, 2, 2, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    expect(thresholdAfter(binned, 0, 1)).toBe(2.5)
    expect(thresholdAfter(binned, 1, 1)).toBe(Number.POSITIVE_INFINITY)
  })

  test('of more rows than are looked at are learnt from a sample that the seed decides', () => {
    const x = matrixOf(200_500, 1, (row) => Math.sin(row))
    const all = range(x.nRows)
    const one = learnBins(x, all, null, 255, 1)
    expect(learnBins(x, all, null, 255, 1)).toEqual(one)
    expect(learnBins(x, all, null, 255, 2)).not.toEqual(one)
    const median = one.thresholds[0]![127]!
    expect(Math.abs(median)).toBeLessThan(0.03)
  })
})
