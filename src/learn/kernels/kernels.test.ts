import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import {
  addToHistogram,
  HistogramKernel,
  type PackedGradients,
  packedGradients,
  packGradients,
  subtractHistogram,
} from '../boosting/histogram.ts'
import { SplitFinder } from '../boosting/split.ts'
import { applyBins, type BinnedMatrix, learnBins, roomForBins } from '../tree/bin.ts'
import { layOutChunks } from '../tree/chunk-bins.ts'
import { partitionRows } from '../tree/partition.ts'
import { matrixOf, range } from '../tree/testing/synthetic.ts'
import { KernelMemory } from './kernel-memory.ts'
import { withoutKernels } from './load-kernels.ts'

/** Room enough for every case below. */
const ROOM = 8 * 2 ** 20

/** Runs `work` with a memory that is given back afterwards. */
function withMemory(work: (memory: KernelMemory) => void): void {
  const memory = KernelMemory.take(ROOM)
  if (!memory) throw new Error('The kernels do not run here.')
  try {
    work(memory)
  } finally {
    memory.free()
  }
}

function uint32In(memory: KernelMemory, values: Uint32Array): Uint32Array {
  const copy = memory.uint32(values.length)
  copy.set(values)
  return copy
}

const shapes = fc.record({
  seed: fc.nat(100_000),
  // Blocks of rows end within some and between others.
  nRows: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1023, 1024, 1025, 3000)),
  nColumns: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constantFrom(31, 32, 33, 40)),
})

function data(seed: number, nRows: number, nColumns: number, memory: KernelMemory | null): BinnedMatrix {
  const random = new RandomState(seed)
  const x = matrixOf(nRows, nColumns, (_, column) => {
    const kind = random.randint(12)
    if (kind === 0 && column % 2 === 0) return Number.NaN
    if (kind === 1) return random.randint(2) === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    return column % 3 === 0 ? random.normal() : random.randint(1 + 4 * column)
  })
  const all = range(nRows)
  return applyBins(learnBins(x, all, null, 255, 0), x, all, memory)
}

function gradientsOf(seed: number, nRows: number, memory: KernelMemory | null): PackedGradients {
  const random = new RandomState(seed)
  const gradients = Float64Array.from({ length: nRows }, () => random.normal())
  const hessians = Float64Array.from({ length: nRows }, () => random.random())
  const packed = packedGradients(nRows, memory)
  // From plain arrays, hence by the plain twin, wherever the result lies.
  packGradients(gradients, hessians, range(nRows), packed)
  return packed
}

/** All columns, or some of them, now and then in another order. */
function columnsOf(seed: number, nColumns: number): Int32Array {
  const all = Int32Array.from({ length: nColumns }, (_, i) => i)
  if (seed % 3 === 0) return all
  return seed % 3 === 1 ? all.filter((column) => column % 4 !== 1) : all.reverse()
}

/** All rows, every third one, and all in a mixed order. */
function rowSets(nRows: number, seed: number): Uint32Array[] {
  const all = range(nRows)
  return [all, all.filter((row) => row % 3 === 0), new RandomState(seed).shuffle(all.slice())]
}

describe('each kernel gives the bytes of its plain twin:', () => {
  test('values in order, both zeros, infinities and the smallest and largest numbers among them', () => {
    const values = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 5e-324, -5e-324, 1, -1))
    fc.assert(
      fc.property(fc.array(values, { maxLength: 400 }), (given) => {
        withMemory((memory) => {
          const there = memory.float64(given.length)
          there.set(given)
          const scratch = memory.float64(given.length)
          memory.kernels.sortValues(there.byteOffset, given.length, scratch.byteOffset)
          expect(there).toEqual(Float64Array.from(given).sort())
        })
      }),
    )
  })

  test('cuts learnt from a column', () => {
    fc.assert(
      fc.property(shapes, fc.constantFrom(2, 30, 255), ({ seed, nRows, nColumns }, maxBins) => {
        const random = new RandomState(seed)
        const x = matrixOf(nRows, nColumns, () => (random.randint(9) === 0 ? Number.NaN : random.normal()))
        const learn = () => learnBins(x, range(nRows), null, maxBins, seed)
        expect(learn()).toEqual(withoutKernels(learn))
      }),
      { numRuns: 30 },
    )
  })

  test('bins of values, infinities and missing ones among them', () => {
    fc.assert(
      fc.property(shapes, ({ seed, nRows, nColumns }) => {
        withMemory((memory) => {
          const plain = data(seed, nRows, nColumns, null)
          const byKernel = data(seed, nRows, nColumns, memory)
          expect(byKernel.bins).toEqual(plain.bins)
          expect(byKernel.offsets).toEqual(plain.offsets)
          expect(byKernel.hasMissing).toEqual(plain.hasMissing)
        })
      }),
      { numRuns: 40 },
    )
  })

  test('bins of values on, just below and just above a cut, for every number of cuts', () => {
    const cuts = Float64Array.from({ length: 254 }, (_, i) => i * 0.1)
    const values = Array.from(cuts).flatMap((cut) => [cut, cut - 1e-9, cut + 1e-9])
    const x = matrixOf(values.length, 1, (row) => values[row]!)
    const all = range(values.length)
    for (let n = 0; n <= 254; n++) {
      const mapper = {
        nColumns: 1,
        thresholds: [cuts.subarray(0, n)],
        hasMissing: Uint8Array.of(0),
        nBins: Int32Array.of(n + 1),
        offsets: Int32Array.of(0, n + 1),
      }
      withMemory((memory) => expect(applyBins(mapper, x, all, memory).bins).toEqual(applyBins(mapper, x, all).bins))
    }
  })

  test('histograms, for rows in sequence and with gaps, for all columns and some', () => {
    fc.assert(
      fc.property(shapes, ({ seed, nRows, nColumns }) => {
        withMemory((memory) => {
          const plain = data(seed, nRows, nColumns, null)
          const byKernel = data(seed, nRows, nColumns, memory)
          const packed = gradientsOf(seed, nRows, null)
          const packedThere = gradientsOf(seed, nRows, memory)
          const kernel = new HistogramKernel(byKernel, layOutChunks(byKernel, memory), memory)
          const columns = columnsOf(seed, nColumns)
          for (const rows of rowSets(nRows, seed).slice(0, 2)) {
            const begin = Math.floor(rows.length / 5)
            const sums = new Float64Array(2 * plain.offsets[nColumns]!)
            addToHistogram(plain, columns, rows, begin, rows.length, packed, sums)
            const sumsThere = memory.float64(sums.length).fill(0)
            const rowsThere = uint32In(memory, rows)
            kernel.add(columns, rowsThere, begin, rows.length, packedThere, sumsThere)
            expect(sumsThere).toEqual(sums)
          }
        })
      }),
      { numRuns: 40 },
    )
  })

  test('gradients and hessians in fixed point, halves and negative ones among them', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom(1e-280, 1, 1e280),
        (seed, n, scale) => {
          withMemory((memory) => {
            const random = new RandomState(seed)
            const gradients = Float64Array.from(
              { length: n },
              () => (scale * (random.randint(9) - 4)) / 2 ** random.randint(60),
            )
            const hessians = Float64Array.from({ length: n }, () => scale * random.random())
            const rows = range(n).filter((row) => row === 0 || random.randint(3) > 0)
            const [gradientsThere, hessiansThere] = [memory.float64(n), memory.float64(n)]
            gradientsThere.set(gradients)
            hessiansThere.set(hessians)
            const plain = packedGradients(n)
            const sumsHere = packGradients(gradients, hessians, rows, plain)
            const packed = packedGradients(n, memory)
            packed.pairs.fill(0)
            const sums = packGradients(gradientsThere, hessiansThere, uint32In(memory, rows), packed, memory)
            expect(sums).toEqual(sumsHere)
            expect({ ...packed, parts: plain.parts }).toEqual(plain)
          })
        },
      ),
    )
  })

  test('a histogram less another', () => {
    withMemory((memory) => {
      const random = new RandomState(3)
      const parent = Float64Array.from({ length: 514 }, () => random.randint(1e9))
      const child = Float64Array.from({ length: 514 }, () => random.randint(1e9))
      const parentThere = memory.float64(514)
      const childThere = memory.float64(514)
      parentThere.set(parent)
      childThere.set(child)
      subtractHistogram(parent, child)
      subtractHistogram(parentThere, childThere, memory)
      expect(parentThere).toEqual(parent)
    })
  })

  test('rows parted, with missing values on either side', () => {
    fc.assert(
      fc.property(shapes, fc.nat(20), fc.boolean(), ({ seed, nRows }, bin, missingLeft) => {
        withMemory((memory) => {
          const plain = data(seed, nRows, 3, null)
          const byKernel = data(seed, nRows, 3, memory)
          for (const column of [0, 1, 2]) {
            const missingBin = plain.hasMissing[column] ? plain.nBins[column]! - 1 : -1
            const base = column * nRows
            for (const rows of rowSets(nRows, seed)) {
              const begin = Math.floor(rows.length / 4)
              const end = rows.length - Math.floor(rows.length / 5)
              const there = uint32In(memory, rows)
              const scratch = new Uint32Array(nRows)
              const expected = partitionRows(rows, begin, end, plain.bins, base, bin, missingBin, missingLeft, scratch)
              const room = memory.uint32(nRows)
              expect(
                partitionRows(there, begin, end, byKernel.bins, base, bin, missingBin, missingLeft, room, memory),
              ).toBe(expected)
              expect(there).toEqual(rows)
            }
          }
        })
      }),
      { numRuns: 40 },
    )
  })

  test('best splits, whatever the rules', () => {
    const rules = fc.record({
      minSamplesLeaf: fc.constantFrom(1, 5, 40),
      l1Regularization: fc.constantFrom(0, 0.5, 100),
      l2Regularization: fc.constantFrom(0, 2),
    })
    let nFound = 0
    fc.assert(
      fc.property(shapes, rules, ({ seed, nRows, nColumns }, rule) => {
        withMemory((memory) => {
          const plain = data(seed, nRows, nColumns, null)
          const byKernel = data(seed, nRows, nColumns, memory)
          const packed = gradientsOf(seed, nRows, null)
          const columns = Int32Array.from({ length: nColumns }, (_, i) => i)
          const sums = new Float64Array(2 * plain.offsets[nColumns]!)
          addToHistogram(plain, columns, range(nRows), 0, nRows, packed, sums)
          const sumsThere = memory.float64(sums.length)
          sumsThere.set(sums)
          const [gradient, both] = [0, 1].map((lane) =>
            packed.pairs.reduce((a, value, i) => (i % 2 === lane ? a + value : a), 0),
          ) as [number, number]
          const expected = new SplitFinder(plain, rule, packed).find(sums, columns, gradient, both)
          const found = new SplitFinder(byKernel, rule, packed, memory).find(sumsThere, columns, gradient, both)
          expect(found).toEqual(expected)
          if (found.column >= 0) nFound++
        })
      }),
      { numRuns: 60 },
    )
    expect(nFound).toBeGreaterThan(10)
  })
})

describe('kernel memory', () => {
  test('is the same one again after it was given back, and another while it is in use', () => {
    const first = KernelMemory.take(1000)!
    const second = KernelMemory.take(1000)!
    expect(second.float64(1).buffer).not.toBe(first.float64(1).buffer)
    second.free()
    const third = KernelMemory.take(1000)!
    expect(third).toBe(second)
    third.free()
    first.free()
  })

  test('grows for a fit that needs more', () => {
    KernelMemory.take(1000)!.free()
    const memory = KernelMemory.take(1_000_000)!
    expect(memory.float64(125_000)).toHaveLength(125_000)
    memory.free()
  })

  test('is not kept when it is large, and none is taken where 32 bits would not reach', () => {
    const large = KernelMemory.take(40 * 2 ** 20)!
    large.free()
    const next = KernelMemory.take(1000)!
    expect(next).not.toBe(large)
    next.free()
    expect(KernelMemory.take(2 ** 32)).toBeNull()
  })

  test('refuses to hand out more than was asked for', () => {
    const memory = KernelMemory.take(64)!
    expect(memory.float64(6)).toHaveLength(6)
    expect(() => memory.float64(3)).toThrow('asked for less')
    memory.free()
  })

  test('for bins holds exactly what applyBins takes', () => {
    const x = matrixOf(37, 5, (row, column) => (row * 7 + column) % 11)
    const mapper = learnBins(x, range(37), null, 255, 0)
    const memory = KernelMemory.take(roomForBins(mapper, 37))!
    applyBins(mapper, x, range(37), memory)
    expect(() => memory.uint8(1)).toThrow('asked for less')
    memory.free()
  })
})
