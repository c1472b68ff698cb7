import { expect, test } from 'vitest'
import { withoutKernels } from '../kernels/load-kernels.ts'
import { treeCount } from './ensemble.ts'
import { keptTrees } from './kept-trees.ts'
import { randomTrees } from './testing/random-trees.ts'

const made = (seed: number) => randomTrees({ seed, nTrees: 50, nColumns: 4, maxDepth: 10, nOutputs: 2, width: 2 })

test('trees are kept once they were asked as much as laying them out costs, and not for a single row', () => {
  const trees = made(1)
  const enough = Math.floor(trees.feature.length / 8 / treeCount(trees)) + 1
  for (let asked = 1; asked < enough; asked++) expect(keptTrees(trees, 1)).toBeNull()
  const kept = keptTrees(trees, 1)
  expect(kept?.trees).toBe(trees)
  expect(keptTrees(trees, 256)).toBe(kept)
  expect(enough).toBeGreaterThan(1)
})

test('more rows than there is room for, and hosts without kernels, have none', () => {
  const trees = made(2)
  expect(keptTrees(trees, 256)).not.toBeNull()
  expect(keptTrees(trees, 257)).toBeNull()
  expect(withoutKernels(() => keptTrees(trees, 1))).toBeNull()
})

test('the ensemble that was asked longest ago makes room for a ninth', () => {
  const all = Array.from({ length: 9 }, (_, i) => made(10 + i))
  const kept = all.map((trees) => keptTrees(trees, 256))
  expect(keptTrees(all[1]!, 1)).toBe(kept[1])
  expect(keptTrees(all[0]!, 1)).toBeNull()
  expect(keptTrees(made(3), 256)).not.toBeNull()
  expect(keptTrees(all[1]!, 1)).toBe(kept[1])
  expect(keptTrees(all[2]!, 1)).toBeNull()
})

test('what would take much memory is not kept', () => {
  const wide = randomTrees({ seed: 4, nTrees: 3, nColumns: 100_000, maxDepth: 3, nOutputs: 1, width: 1 })
  expect(keptTrees(wide, 256)).toBeNull()
})
