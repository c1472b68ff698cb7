/**
 * `node src/learn/kernels/testing/histogram.bench.ts [rows]`: what each kernel costs beside its plain twin, in
 * nanoseconds per item: the fastest of several turns, kernel and twin one after the other. On a busy machine the others
 * measure its other work.
 */
import { selectMatrixRows } from '../../../table/matrix.ts'
import { RandomState } from '../../../table/random.ts'
import { selectTarget } from '../../../table/target.ts'
import { gradientBoosting } from '../../boosting/gradient-boosting.ts'
import {
  addToHistogram,
  HistogramKernel,
  packedGradients,
  packGradients,
  subtractHistogram,
} from '../../boosting/histogram.ts'
import { SplitFinder } from '../../boosting/split.ts'
import { applyBins, type BinMapper, roomForBins } from '../../tree/bin.ts'
import { layOutChunks } from '../../tree/chunk-bins.ts'
import { partitionRows } from '../../tree/partition.ts'
import { classTarget, matrixOf, range } from '../../tree/testing/synthetic.ts'
import { KernelMemory } from '../kernel-memory.ts'
import { withoutKernels } from '../load-kernels.ts'

const N_COLUMNS = 28
const N_BINS = 255
const TURNS = 9

/** Cuts that share out numbers between 0 and 1 evenly. */
function evenBins(): BinMapper {
  const thresholds = Float64Array.from({ length: N_BINS - 1 }, (_, i) => (i + 1) / N_BINS)
  return {
    nColumns: N_COLUMNS,
    thresholds: Array.from({ length: N_COLUMNS }, () => thresholds),
    hasMissing: new Uint8Array(N_COLUMNS),
    nBins: new Int32Array(N_COLUMNS).fill(N_BINS),
    offsets: Int32Array.from({ length: N_COLUMNS + 1 }, (_, i) => i * N_BINS),
  }
}

/** One line of figures: each way is warmed up, then timed in turns. */
function compare(name: string, nItems: number, kernel: () => void, twin: () => void): void {
  const times: [number[], number[]] = [[], []]
  for (let turn = -2; turn < TURNS; turn++) {
    for (const [i, work] of [kernel, twin].entries()) {
      const started = performance.now()
      work()
      if (turn >= 0) times[i]!.push((1e6 * (performance.now() - started)) / nItems)
    }
  }
  const [fast, slow] = times.map((all) => Math.min(...all)) as [number, number]
  console.log(
    `${name.padEnd(44)} kernel ${fast.toFixed(2)} ns   twin ${slow.toFixed(2)} ns   x ${(slow / fast).toFixed(1)}`,
  )
}

function run(nRows: number): void {
  const random = new RandomState(0)
  const x = matrixOf(nRows, N_COLUMNS, () => random.random())
  const all = range(nRows)
  const mapper = evenBins()
  const size = 2 * mapper.offsets[N_COLUMNS]!
  const room = 3 * roomForBins(mapper, nRows) + 40 * nRows + 40 * size + 4096
  const memory = KernelMemory.take(room)
  if (!memory) throw new Error('The kernels do not run here.')
  const columns = Int32Array.from({ length: N_COLUMNS }, (_, i) => i)
  const gradients = Float64Array.from(all, () => random.normal())
  const hessians = Float64Array.from(all, () => random.random())
  const half = all.filter(() => random.randint(2) === 1)
  const tenth = all.filter(() => random.randint(10) === 1)

  const there = applyBins(mapper, x, all, memory)
  const here = applyBins(mapper, x, all)
  const kernel = new HistogramKernel(there, layOutChunks(there, memory), memory)
  const packedThere = packedGradients(nRows, memory)
  const packedHere = packedGradients(nRows)
  packGradients(gradients, hessians, all, packedThere)
  packGradients(gradients, hessians, all, packedHere)
  const sumsThere = memory.float64(size).fill(0)
  const sumsHere = new Float64Array(size)
  const rowsThere = memory.uint32(nRows)

  console.log(`${nRows} rows, ${N_COLUMNS} columns, ${N_BINS} bins`)
  for (const [name, rows] of [
    ['all rows', all],
    ['every other row', half],
    ['every tenth row', tenth],
  ] as const) {
    rowsThere.set(rows)
    compare(
      `histogram, ${name}, per row and column`,
      rows.length * N_COLUMNS,
      () => kernel.add(columns, rowsThere, 0, rows.length, packedThere, sumsThere.fill(0)),
      () => addToHistogram(here, columns, rows, 0, rows.length, packedHere, sumsHere.fill(0)),
    )
  }
  const childThere = memory.float64(size).fill(1)
  const childHere = new Float64Array(size).fill(1)
  compare(
    'subtraction, per bin',
    (100 * size) / 2,
    () => {
      for (let i = 0; i < 100; i++) subtractHistogram(sumsThere, childThere, memory)
    },
    () => {
      for (let i = 0; i < 100; i++) subtractHistogram(sumsHere, childHere)
    },
  )
  const rules = { minSamplesLeaf: 20, l1Regularization: 0, l2Regularization: 0 }
  addToHistogram(here, columns, all, 0, nRows, packedHere, sumsHere.fill(0))
  sumsThere.set(sumsHere)
  const { gradient, hessianAndCount: both } = packGradients(gradients, hessians, all, packedHere)
  const finderThere = new SplitFinder(there, rules, packedThere, memory)
  const finderHere = new SplitFinder(here, rules, packedHere)
  compare(
    'best split, per bin',
    (50 * size) / 2,
    () => {
      for (let i = 0; i < 50; i++) finderThere.find(sumsThere, columns, gradient, both)
    },
    () => {
      for (let i = 0; i < 50; i++) finderHere.find(sumsHere, columns, gradient, both)
    },
  )
  const scratchThere = memory.uint32(nRows)
  const scratchHere = new Uint32Array(nRows)
  const rowsHere = new Uint32Array(nRows)
  compare(
    'partition, per row',
    nRows,
    () => {
      rowsThere.set(all)
      partitionRows(rowsThere, 0, nRows, there.bins, 0, 127, -1, false, scratchThere, memory)
    },
    () => {
      rowsHere.set(all)
      partitionRows(rowsHere, 0, nRows, here.bins, 0, 127, -1, false, scratchHere)
    },
  )
  compare(
    'binning, per value',
    nRows * N_COLUMNS,
    () => {
      const again = KernelMemory.take(roomForBins(mapper, nRows))!
      applyBins(mapper, x, all, again)
      again.free()
    },
    () => {
      applyBins(mapper, x, all)
    },
  )
  memory.free()
  const target = classTarget(
    Int32Array.from(all, (row) => (x.data[row]! + 0.3 * gradients[row]! > 0.5 ? 1 : 0)),
    2,
  )
  const options = gradientBoosting.options.parse({})
  const learntFrom = Math.min(nRows, 20_000)
  const model = gradientBoosting.fit(
    { x: selectMatrixRows(x, range(learntFrom)), target: selectTarget(target, range(learntFrom)), seed: 0 },
    options,
  )
  compare(
    'answers of 100 trees, per row',
    nRows,
    () => {
      model.predict(x)
    },
    () => {
      withoutKernels(() => model.predict(x))
    },
  )
  compare(
    'fit of 10 trees, per row, column and tree',
    nRows * N_COLUMNS * 10,
    () => {
      gradientBoosting.fit({ x, target, seed: 0 }, { ...options, maxIterations: 10 })
    },
    () => {
      withoutKernels(() => gradientBoosting.fit({ x, target, seed: 0 }, { ...options, maxIterations: 10 }))
    },
  )
}

for (const nRows of process.argv[2] ? [Number(process.argv[2])] : [4_000, 200_000]) run(nRows)
