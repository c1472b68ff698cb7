import type { KernelMemory } from '../kernels/kernel-memory.ts'
import { MIN_TEAM_ROWS, runParts } from '../kernels/run-parts.ts'

/**
 * Sums of gradients and of hessians by leaf, as they are, not in fixed point, in the order of the rows.
 * in:  `gradients`, `hessians` by row; `rows`, leaf by leaf; `begins`, shape (nLeaves + 1), where each one's rows begin
 * out: `sums`, shape (2 * nLeaves)
 * @param memory Where all of them lie, for the kernels to do it; null for plain TypeScript.
 */
export function sumLeaves(
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Uint32Array,
  begins: Uint32Array,
  sums: Float64Array,
  memory: KernelMemory | null = null,
): void {
  const nLeaves = begins.length - 1
  if (memory) {
    const n = begins[nLeaves]!
    // A leaf is one thread's, so that its sum has one order: the thread that has the leaf's first row does it.
    const firstOf = (row: number) => (row >= n ? nLeaves : begins.findIndex((begin) => begin >= row))
    runParts(memory, 'sumLeaves', n, n >= MIN_TEAM_ROWS, (begin, end) => [
      gradients.byteOffset,
      hessians.byteOffset,
      rows.byteOffset,
      begins.byteOffset,
      firstOf(begin),
      firstOf(end),
      sums.byteOffset,
    ])
    return
  }
  for (let leaf = 0; leaf < nLeaves; leaf++) {
    let gradient = 0
    let hessian = 0
    for (let i = begins[leaf]!; i < begins[leaf + 1]!; i++) {
      gradient += gradients[rows[i]!]!
      hessian += hessians[rows[i]!]!
    }
    sums[2 * leaf] = gradient
    sums[2 * leaf + 1] = hessian
  }
}

/**
 * Adds to each row's score the value of its leaf.
 * in:  `rows`, leaf by leaf; `begins`, shape (nLeaves + 1), where each one's rows begin; `values`, shape (nLeaves)
 * out: `raw` by row
 * @param memory Where all of them lie, for the kernels to do it; null for plain TypeScript.
 */
export function addLeafValues(
  raw: Float64Array,
  rows: Uint32Array,
  begins: Uint32Array,
  values: Float64Array,
  memory: KernelMemory | null = null,
): void {
  if (memory) {
    runParts(memory, 'addLeafValues', rows.length, rows.length >= MIN_TEAM_ROWS, (begin, end) => [
      raw.byteOffset,
      rows.byteOffset,
      begin,
      end,
      begins.byteOffset,
      values.byteOffset,
      values.length,
    ])
    return
  }
  for (let leaf = 0; leaf < values.length; leaf++) {
    const value = values[leaf]!
    for (let i = begins[leaf]!; i < begins[leaf + 1]!; i++) raw[rows[i]!]! += value
  }
}
