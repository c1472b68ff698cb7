import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Matrix, selectMatrixRows } from '../../table/matrix.ts'
import type { State } from '../../table/state.ts'
import { withoutKernels } from '../kernels/load-kernels.ts'
import { readState } from '../read-state.ts'
import { ensembleState, firstOutput, restoreEnsemble, type TreeEnsemble, treeCount } from './ensemble.ts'
import { addTreeOutputs } from './predict.ts'
import { naiveGoesLeft } from './testing/naive-split.ts'
import { randomTrees } from './testing/random-trees.ts'
import { matrixOf } from './testing/synthetic.ts'

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, 2, 3, 4, 1.5, 77, 255, 256, -1]
const x = matrixOf(200, 4, (row, column) => SPECIAL[(row * 5 + column * 3 + (row >> 3)) % SPECIAL.length]!)

/** The rule of `TreeEnsemble`, row by row. */
function naive(trees: TreeEnsemble, matrix: Matrix, row: number): number[] {
  const outputs = new Array<number>(trees.nOutputs).fill(0)
  for (let t = 0; t < treeCount(trees); t++) {
    let node = trees.roots[t]!
    while (trees.feature[node]! >= 0) {
      const value = matrix.data[trees.feature[node]! * matrix.nRows + row]!
      const left = naiveGoesLeft(trees, node, value)
      node = trees.child[node]! + (left ? 0 : 1)
    }
    for (let j = 0; j < trees.width; j++) {
      outputs[firstOutput(trees, t) + j]! += trees.values[trees.child[node]! * trees.width + j]!
    }
  }
  return outputs
}

test.each([
  { nOutputs: 1, width: 1 },
  { nOutputs: 3, width: 1 },
  { nOutputs: 3, width: 3 },
  { nOutputs: 3, width: 1, categories: 0.5 },
])('blocks of rows give what each row gives by itself, to the last bit ($nOutputs outputs, width $width)', (shape) => {
  const trees = randomTrees({ seed: 3, nTrees: 9, nColumns: 4, maxDepth: 6, ...shape })
  const outputs = new Float64Array(x.nRows * shape.nOutputs)
  addTreeOutputs(trees, x, outputs)
  for (let row = 0; row < x.nRows; row++) {
    const slice = Array.from(outputs.subarray(row * shape.nOutputs, (row + 1) * shape.nOutputs))
    expect(slice).toEqual(naive(trees, x, row))
    const alone = new Float64Array(shape.nOutputs)
    addTreeOutputs(trees, selectMatrixRows(x, Uint32Array.of(row)), alone)
    expect(slice).toEqual(Array.from(alone))
  }
})

test('trees with splits on categories restore to the same bits, and damage to their sets is told', () => {
  const trees = randomTrees({ seed: 3, nTrees: 9, nColumns: 4, maxDepth: 6, nOutputs: 1, width: 1, categories: 0.5 })
  const state = ensembleState(trees) as Record<string, State>
  expect(restoreEnsemble(readState(state, 'trees'))).toEqual(trees)
  const restore = (change: Record<string, State>) => () => restoreEnsemble(readState({ ...state, ...change }, 'trees'))
  const { set, words } = trees.categories!
  expect(restore({ categoryWords: words.slice(1) })).toThrow('"categorySets" should be indexes of sets')
  expect(restore({ categorySets: set.slice(1) })).toThrow('"categorySets" should be of length')
  expect(restore({ categorySets: set.map(() => 0) })).toThrow('"categorySets" should be indexes of sets')
  expect(restore({ categoryWords: Array.from(words) })).toThrow('"categoryWords" should be a Uint32Array')
})

/** Answers of the kernel and of its plain twin. */
function bothWays(trees: TreeEnsemble, matrix: Matrix): [Float64Array, Float64Array] {
  const outputs = [0, 0].map(() => new Float64Array(matrix.nRows * trees.nOutputs)) as [Float64Array, Float64Array]
  addTreeOutputs(trees, matrix, outputs[0])
  withoutKernels(() => addTreeOutputs(trees, matrix, outputs[1]))
  return outputs
}

test('any number of rows, trees and columns, and trees of any depth, are answered as without the kernel', () => {
  const shapes = fc.record({
    seed: fc.nat(100_000),
    nRows: fc.oneof(fc.integer({ min: 60, max: 70 }), fc.integer({ min: 1, max: 300 })),
    nTrees: fc.integer({ min: 1, max: 12 }),
    nColumns: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 70 })),
    maxDepth: fc.constantFrom(0, 1, 5, 60),
    width: fc.integer({ min: 1, max: 4 }),
  })
  fc.assert(
    fc.property(shapes, ({ nRows, width, ...shape }) => {
      const trees = randomTrees({ ...shape, nOutputs: width, width })
      const matrix = matrixOf(nRows, shape.nColumns, (row, column) => SPECIAL[(row * 7 + column) % SPECIAL.length]!)
      const [outputs, plain] = bothWays(trees, matrix)
      expect(outputs).toEqual(plain)
    }),
    { numRuns: 150 },
  )
})

test('100,000 columns are answered as without the kernel', () => {
  const trees = randomTrees({ seed: 1, nTrees: 3, nColumns: 100_000, maxDepth: 8, nOutputs: 1, width: 1 })
  const matrix = matrixOf(66, 100_000, (row, column) => (row + column) % 5)
  const [outputs, plain] = bothWays(trees, matrix)
  expect(outputs).toEqual(plain)
}, 60_000)

test('a host without threads to give is as good as none', () => {
  const trees = randomTrees({ seed: 2, nTrees: 1000, nColumns: 1, maxDepth: 0, nOutputs: 1, width: 1 })
  const matrix = matrixOf(5001, 1, (row) => row)
  const [outputs, plain] = [new Float64Array(5001), new Float64Array(5001)]
  const start = () => {
    throw new Error('asked for a thread')
  }
  addTreeOutputs(trees, matrix, outputs, { count: 0, start })
  addTreeOutputs(trees, matrix, plain)
  expect(outputs).toEqual(plain)
}, 60_000)

test('trees that are asked again and again, for one row or many, answer as at first', () => {
  const trees = randomTrees({ seed: 5, nTrees: 20, nColumns: 4, maxDepth: 8, nOutputs: 3, width: 3 })
  const questions = [1, 3, 4, 63, 64, 65, 200, 1, 256, 257].map((nRows) =>
    matrixOf(nRows, 4, (row, column) => SPECIAL[(row * 5 + column * 3 + nRows) % SPECIAL.length]!),
  )
  for (let time = 0; time < 5; time++) {
    for (const question of questions) {
      const [outputs, plain] = bothWays(trees, question)
      expect(outputs).toEqual(plain)
    }
  }
})

test('rows without missing values, and rows that are left over, are answered as without the kernel by any number of trees', () => {
  const complete = SPECIAL.filter((value) => !Number.isNaN(value))
  for (const [nTrees, width] of [
    [1, 1],
    [7, 1],
    [8, 3],
    [9, 1],
    [23, 3],
  ] as const) {
    const trees = randomTrees({ seed: nTrees, nTrees, nColumns: 4, maxDepth: 8, nOutputs: 3, width })
    // Often enough for the trees to be kept; after a question with missing values, whose block is used again.
    for (const nRows of [64, 200, 1, 2, 3, 5, 8, 66, 100]) {
      for (const values of [SPECIAL, complete]) {
        const question = matrixOf(nRows, 4, (row, column) => values[(row * 5 + column * 3 + nRows) % values.length]!)
        const [outputs, plain] = bothWays(trees, question)
        expect(outputs).toEqual(plain)
      }
    }
  }
})

test('what was in the outputs before is added to by trees that are kept, too', () => {
  const trees = randomTrees({ seed: 6, nTrees: 20, nColumns: 4, maxDepth: 4, nOutputs: 1, width: 1 })
  for (let time = 0; time < 5; time++) {
    const [outputs, plain] = [new Float64Array(200).fill(0.1), new Float64Array(200).fill(0.1)]
    addTreeOutputs(trees, x, outputs)
    withoutKernels(() => addTreeOutputs(trees, x, plain))
    expect(outputs).toEqual(plain)
  }
})
