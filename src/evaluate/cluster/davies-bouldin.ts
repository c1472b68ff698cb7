import { squaredDistance } from '../../learn/cluster/cluster-rows.ts'
import type { Matrix } from '../../table/matrix.ts'
import { type Score, undefinedScore } from '../metrics/metric.ts'
import { labelGroups, unscorable } from './label-groups.ts'

/**
 * How alike each cluster is to the one most like it, on average; 0 or more, smaller is better:
 *   mean over clusters i of max over j of (spread_i + spread_j) / distance(centre_i, centre_j)
 * The spread is the mean distance of a cluster's rows to its centre. Clusters with the same centre are not compared, as in
 * scikit-learn.
 * @param labels Any whole numbers, shape (nRows).
 * @returns No value outside of 2 to nRows - 1 clusters.
 * @throws MATRIX_NOT_FINITE; INTERNAL when there are not as many labels as rows
 * @see Davies and Bouldin (1979), https://doi.org/10.1109/TPAMI.1979.4766909
 */
export function daviesBouldin(x: Matrix, labels: Int32Array): Score {
  const { nRows, nColumns, nGroups, values, groups, sizes, centers } = labelGroups(x, labels)
  const reason = unscorable(nGroups, nRows)
  if (reason !== null) return undefinedScore(reason)
  const spreads = new Float64Array(nGroups)
  for (let row = 0; row < nRows; row++) {
    const group = groups[row]!
    spreads[group]! += Math.sqrt(squaredDistance(values, row, centers, group, nColumns)) / sizes[group]!
  }
  let sum = 0
  for (let i = 0; i < nGroups; i++) {
    let worst = 0
    for (let j = 0; j < nGroups; j++) {
      const distance = Math.sqrt(squaredDistance(centers, i, centers, j, nColumns))
      if (i !== j && distance > 0) worst = Math.max(worst, (spreads[i]! + spreads[j]!) / distance)
    }
    sum += worst
  }
  return { value: sum / nGroups }
}
