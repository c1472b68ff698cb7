import { BellwetherError } from '../../errors.ts'
import { setHas } from './category-splits.ts'
import type { TreeEnsemble } from './ensemble.ts'

/**
 * Adds what the trees say of one row, tree by tree as `addTreeOutputs` does, hence the same to the last bit; makes nothing new.
 * in:  `values`, shape (nColumns)
 * out: `outputs`, the first nOutputs of them
 */
export function addRowOutputs(trees: TreeEnsemble, values: Float64Array, outputs: Float64Array): void {
  const { nOutputs, width, roots, feature, threshold, child, missingLeft, categories } = trees
  const nTrees = roots.length - 1
  let output = 0
  for (let t = 0; t < nTrees; t++) {
    let node = roots[t]!
    let column = feature[node]!
    while (column >= 0) {
      const value = values[column]!
      const next = child[node]!
      if (value <= threshold[node]!) node = next
      else if (categories && categories.set[node]! >= 0) {
        const code = value & 255
        const left = code === value ? setHas(categories.words, categories.set[node]!, code) : missingLeft[node] === 1
        node = left ? next : next + 1
        // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is the cheapest way to ask.
      } else if (value !== value) node = next + 1 - missingLeft[node]!
      else node = next + 1
      column = feature[node]!
    }
    const leaf = child[node]! * width
    for (let j = 0; j < width; j++) outputs[output + j]! += trees.values[leaf + j]!
    output += width
    if (output >= nOutputs) output = 0
  }
}

/** @throws INTERNAL when the row or the place for the answer has another shape than the model's */
export function refuseOtherShapes(
  values: Float64Array,
  output: Float64Array,
  nColumns: number,
  nOutputs: number,
  estimator: string,
): void {
  if (values.length === nColumns && output.length === nOutputs) return
  throw new BellwetherError(
    'INTERNAL',
    `The ${estimator} model takes ${nColumns} values a row and gives ${nOutputs}; got ${values.length} and ${output.length}.`,
  )
}
