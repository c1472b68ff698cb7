import type { Loss } from './loss.ts'
import { type DirectedSplit, keepDirections } from './monotone.ts'

/**
 * Gives the leaves of a tree the values of least loss, for losses whose gradients do not tell them. Nothing to do for others.
 * in:  `raw`, the scores before the tree, shape (nRows); rows[begins[i]] to rows[begins[i + 1] - 1] lie in
 *      leaf i; `directed`, splits that the values must rise or fall over
 * out: `values` and `written`, both shape (nLeaves)
 */
export function renewLeaves(
  loss: Loss,
  raw: Float64Array,
  rows: Uint32Array,
  begins: Uint32Array,
  learningRate: number,
  directed: readonly DirectedSplit[],
  values: Float64Array,
  written: Float64Array,
): void {
  if (!loss.leafValue || values.length < 2) return
  for (let leaf = 0; leaf < values.length; leaf++) {
    const value = learningRate * loss.leafValue(raw, rows.subarray(begins[leaf]!, begins[leaf + 1]!))
    values[leaf] = value
  }
  keepDirections(directed, begins, values)
  written.set(values)
}
