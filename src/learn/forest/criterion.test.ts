import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { RandomState } from '../../table/random.ts'
import { applyBins, learnBins } from '../tree/bin.ts'
import { matrixOf, range } from '../tree/testing/synthetic.ts'
import * as binOrder from './bin-order.ts'
import { ClassCriterion } from './class-criterion.ts'
import type { Criterion } from './criterion.ts'
import { ValueCriterion } from './value-criterion.ts'

vi.mock('./bin-order.ts', { spy: true })

const shapes = fc.record({
  seed: fc.nat(10_000),
  nRows: fc.integer({ min: 1, max: 60 }),
  nColumns: fc.integer({ min: 1, max: 7 }),
  minSamplesLeaf: fc.integer({ min: 1, max: 5 }),
  weighted: fc.boolean(),
})

function node(shape: { seed: number; nRows: number; nColumns: number; minSamplesLeaf: number; weighted: boolean }) {
  const { seed, nRows, nColumns, minSamplesLeaf, weighted } = shape
  const random = new RandomState(seed)
  const x = matrixOf(nRows, nColumns, (_, column) =>
    random.randint(6) === 0 ? Number.NaN : random.randint(2 + 4 * column),
  )
  const all = range(nRows)
  const binned = applyBins(learnBins(x, all, null, 255, 0), x, all)
  const weights = Float64Array.from(all, () => (weighted ? 0.1 + random.random() : 1 + random.randint(3)))
  const codes = Int32Array.from(all, () => random.randint(3))
  const values = Float64Array.from(all, () => random.randint(5) * 1.25)
  const rows = all.filter((row) => row === 0 || random.randint(4) > 0)
  const columns = Int32Array.from({ length: nColumns }, (_, i) => i)
  const criteria: readonly Criterion[] = [
    new ClassCriterion(binned, codes, 3, { weights }, minSamplesLeaf),
    new ValueCriterion(binned, values, weights, minSamplesLeaf),
  ]
  /** Weighted impurity of rows: Gini of the classes, or variance of the values. */
  const impurity = [
    (some: readonly number[]) => {
      const byClass = [0, 0, 0]
      for (const row of some) byClass[codes[row]!]! += weights[row]!
      const total = byClass.reduce((a, b) => a + b, 0)
      return total === 0 ? 0 : total - byClass.reduce((a, w) => a + w * w, 0) / total
    },
    (some: readonly number[]) => {
      const total = some.reduce((a, row) => a + weights[row]!, 0)
      const mean = some.reduce((a, row) => a + weights[row]! * values[row]!, 0) / total
      return some.reduce((a, row) => a + weights[row]! * (values[row]! - mean) ** 2, 0)
    },
  ] as const
  const sides = (column: number, bin: number, missingLeft: boolean) => {
    const missing = binned.hasMissing[column] ? binned.nBins[column]! - 1 : -1
    const left: number[] = []
    const right: number[] = []
    for (const row of rows) {
      const b = binned.bins[column * nRows + row]!
      ;((b === missing ? missingLeft : b <= bin) ? left : right).push(row)
    }
    return { left, right }
  }
  return { binned, codes, values, weights, rows, columns, criteria, impurity, sides, random }
}

describe('the split found for a node', () => {
  for (const [index, name] of ['Gini', 'variance'].entries()) {
    test(`lowers the ${name} impurity as much as the best over all bin edges and both sides for missing values`, () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const { binned, rows, columns, criteria, impurity, sides } = node(shape)
          const criterion = criteria[index]!
          const impure = impurity[index]!
          const varied = criterion.enter(rows, 0, rows.length)
          expect(varied).toBe(impure(Array.from(rows)) > 1e-9)
          criterion.consider(columns, 0, columns.length, null)
          let best = Number.POSITIVE_INFINITY
          for (const column of columns) {
            for (let bin = 0; bin <= binned.thresholds[column]!.length; bin++) {
              for (const missingLeft of [false, true]) {
                const { left, right } = sides(column, bin, missingLeft)
                if (Math.min(left.length, right.length) < shape.minSamplesLeaf) continue
                best = Math.min(best, impure(left) + impure(right))
              }
            }
          }
          const split = criterion.best
          expect(split.column >= 0).toBe(best < Number.POSITIVE_INFINITY)
          if (split.column < 0) return
          const { left, right } = sides(split.column, split.bin, split.missingLeft)
          expect(Math.min(left.length, right.length)).toBeGreaterThanOrEqual(shape.minSamplesLeaf)
          expect(impure(left) + impure(right)).toBeCloseTo(best, 7)
        }),
        { numRuns: 200 },
      )
    })

    test(`is the same by histogram and by order, for ${name} with all thresholds or a random one`, () => {
      fc.assert(
        fc.property(shapes, fc.boolean(), (shape, extraTrees) => {
          const found = [false, true].map((ordered) => {
            vi.mocked(binOrder.orderingIsFaster).mockReturnValue(ordered)
            vi.mocked(binOrder.orderByBin).mockClear()
            const { rows, columns, criteria } = node(shape)
            const criterion = criteria[index]!
            criterion.enter(rows, 0, rows.length)
            const random = extraTrees ? new RandomState(shape.seed) : null
            const nVarying = criterion.consider(columns, 0, columns.length, random)
            expect(vi.mocked(binOrder.orderByBin).mock.calls.length).toBe(ordered ? columns.length : 0)
            return { ...criterion.best, nVarying, gain: criterion.best.column < 0 ? 0 : criterion.gain() }
          })
          vi.mocked(binOrder.orderingIsFaster).mockReset()
          expect(found[0]).toEqual(found[1])
        }),
      )
    })

    test(`by ${name} does not depend on the order of the rows`, () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const { rows, columns, criteria, random } = node(shape)
          const criterion = criteria[index]!
          const find = (some: Uint32Array) => {
            criterion.enter(some, 0, some.length)
            criterion.consider(columns, 0, columns.length, null)
            return { ...criterion.best, cover: criterion.cover }
          }
          expect(find(random.shuffle(rows.slice()))).toEqual(find(rows))
        }),
      )
    })
  }
})

test('a leaf holds the share of each class by weight, or the mean', () => {
  const { rows, codes, values, weights, criteria } = node({
    seed: 5,
    nRows: 40,
    nColumns: 1,
    minSamplesLeaf: 1,
    weighted: true,
  })
  const total = rows.reduce((a, row) => a + weights[row]!, 0)
  const leaf = new Float64Array(4)
  for (const criterion of criteria) criterion.enter(rows, 0, rows.length)
  criteria[0]!.writeLeaf(leaf, 1)
  for (let c = 0; c < 3; c++) {
    const share = rows.reduce((a, row) => a + (codes[row] === c ? weights[row]! : 0), 0) / total
    expect(leaf[1 + c]).toBeCloseTo(share, 9)
  }
  criteria[1]!.writeLeaf(leaf, 0)
  expect(leaf[0]).toBeCloseTo(rows.reduce((a, row) => a + weights[row]! * values[row]!, 0) / total, 12)
  expect(criteria[0]!.cover).toBeCloseTo(total, 9)
})

test('two children weigh exactly what their parent does', () => {
  const { rows, criteria } = node({ seed: 9, nRows: 50, nColumns: 1, minSamplesLeaf: 1, weighted: true })
  for (const criterion of criteria) {
    const cover = (begin: number, end: number) => {
      criterion.enter(rows, begin, end)
      return criterion.cover
    }
    for (let middle = 1; middle < rows.length; middle++) {
      expect(cover(0, middle) + cover(middle, rows.length)).toBe(cover(0, rows.length))
    }
  }
})
