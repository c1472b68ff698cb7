import type { TreeEnsemble } from '../ensemble.ts'

/** Whether a value goes left at a node, by the words of `TreeEnsemble`: the oracle of everything that walks down trees. */
export function naiveGoesLeft(trees: TreeEnsemble, node: number, value: number): boolean {
  const set = trees.categories ? trees.categories.set[node]! : -1
  if (set < 0) return Number.isNaN(value) ? trees.missingLeft[node] === 1 : value <= trees.threshold[node]!
  if (!Number.isInteger(value) || value < 0 || value > 255) return trees.missingLeft[node] === 1
  return Math.floor(trees.categories!.words[8 * set + Math.floor(value / 32)]! / 2 ** (value % 32)) % 2 === 1
}
