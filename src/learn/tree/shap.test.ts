import { expect, test } from 'vitest'
import type { TreeEnsemble } from './ensemble.ts'
import { treeCount } from './ensemble.ts'
import { EnsembleWriter } from './ensemble-writer.ts'
import { addTreeOutputs } from './predict.ts'
import { treeShap } from './shap.ts'
import { naiveGoesLeft } from './testing/naive-split.ts'
import { randomTrees } from './testing/random-trees.ts'
import { matrixOf, normalData, treesFixture } from './testing/synthetic.ts'

/** v(S): what the trees say of a row when only the columns of `known` (a bit set) are known. */
function expectation(trees: TreeEnsemble, row: readonly number[], known: number, output: number): number {
  const below = (node: number): number => {
    const column = trees.feature[node]!
    if (column < 0) return trees.values[trees.child[node]! * trees.width + (trees.width === 1 ? 0 : output)]!
    const left = trees.child[node]!
    if ((known >> column) & 1) {
      const value = row[column]!
      return below(naiveGoesLeft(trees, node, value) ? left : left + 1)
    }
    return (
      (below(left) * trees.cover[left]! + below(left + 1) * trees.cover[left + 1]!) /
      (trees.cover[left]! + trees.cover[left + 1]!)
    )
  }
  let sum = 0
  for (let t = 0; t < treeCount(trees); t++) {
    if (trees.width === 1 && t % trees.nOutputs !== output) continue
    sum += below(trees.roots[t]!)
  }
  return sum
}

/** Shapley values by their definition, over all subsets. */
function bruteForce(trees: TreeEnsemble, row: readonly number[], output: number): number[] {
  const p = row.length
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  return row.map((_, column) => {
    let value = 0
    for (let known = 0; known < 1 << p; known++) {
      if ((known >> column) & 1) continue
      const size = known.toString(2).replaceAll('0', '').length
      const weight = (factorial(size) * factorial(p - size - 1)) / factorial(p)
      const gain = expectation(trees, row, known | (1 << column), output) - expectation(trees, row, known, output)
      value += weight * gain
    }
    return value
  })
}

test.each([
  { nOutputs: 1, width: 1, maxDepth: 3 },
  { nOutputs: 3, width: 1, maxDepth: 5 },
  { nOutputs: 3, width: 3, maxDepth: 8 },
  { nOutputs: 2, width: 1, maxDepth: 5, categories: 0.6 },
])(
  'contributions are Shapley values, columns met twice, missing values and categories among them ($nOutputs outputs, depth $maxDepth)',
  (shape) => {
    const trees = randomTrees({ seed: 17, nTrees: 6, nColumns: 5, ...shape })
    const special = [Number.NaN, 0, 1, 2, 3, 4, Number.POSITIVE_INFINITY, 40, 255, 256, -1, 1.5]
    const x = matrixOf(12, 5, (row, column) => special[(row * 3 + column * 2) % special.length]!)
    for (let row = 0; row < x.nRows; row++) {
      const values = Array.from({ length: 5 }, (_, column) => x.data[column * x.nRows + row]!)
      for (let output = 0; output < shape.nOutputs; output++) {
        const { base, contributions } = treeShap(trees, x, row, output)
        const expected = bruteForce(trees, values, output)
        for (const [column, value] of expected.entries()) expect(contributions[column]).toBeCloseTo(value, 11)
        expect(base).toBeCloseTo(expectation(trees, values, 0, output), 11)
      }
    }
  },
)

test('base and contributions add up to the score for deep trees', () => {
  const trees = randomTrees({ seed: 5, nTrees: 20, nColumns: 12, nOutputs: 1, width: 1, maxDepth: 30 })
  const x = matrixOf(10, 12, (row, column) => (row * 7 + column * 3) % 5)
  const scores = new Float64Array(10)
  addTreeOutputs(trees, x, scores)
  for (let row = 0; row < 10; row++) {
    const { base, contributions } = treeShap(trees, x, row, 0)
    expect(contributions.reduce((sum, value) => sum + value, base)).toBeCloseTo(scores[row]!, 10)
  }
})

test("contributions to a forest's probabilities are those of shap's TreeExplainer", () => {
  const { shap } = treesFixture
  const { x } = normalData(shap.seed, shap.n, shap.p)
  const writer = new EnsembleWriter(shap.p, 3, 3)
  for (const tree of shap.trees) {
    const copy = (from: number, to: number): void => {
      const left = tree.left[from]!
      const right = tree.right[from]!
      if (left < 0) {
        const at = writer.leaf(to)
        writer.values.set(tree.value[from]!, at)
        return
      }
      const child = writer.split(
        to,
        tree.feature[from]!,
        tree.threshold[from]!,
        false,
        tree.cover[left]!,
        tree.cover[right]!,
      )
      copy(left, child)
      copy(right, child + 1)
    }
    copy(0, writer.beginTree(tree.cover[0]!))
  }
  const trees = writer.finish()
  const nTrees = shap.trees.length
  for (const [i, row] of shap.rows.entries()) {
    for (let output = 0; output < 3; output++) {
      const { base, contributions } = treeShap(trees, x, row, output)
      expect(base / nTrees).toBeCloseTo(shap.base[output]!, 10)
      for (let column = 0; column < shap.p; column++) {
        expect(contributions[column]! / nTrees).toBeCloseTo(shap.values[i]![column]![output]!, 10)
      }
    }
  }
})
