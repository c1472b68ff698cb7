import { squaredDistance } from '../../learn/cluster/cluster-rows.ts'
import type { Matrix } from '../../table/matrix.ts'
import { type Score, undefinedScore } from '../metrics/metric.ts'
import { labelGroups, unscorable } from './label-groups.ts'

/**
 * Spread between the clusters' centres over spread within the clusters; 0 or more, larger is better:
 *   (between / (nClusters - 1)) / (within / (nRows - nClusters))
 * Both are sums of squared distances; 1 when nothing spreads within, as in scikit-learn.
 * @param labels Any whole numbers, shape (nRows).
 * @returns No value outside of 2 to nRows - 1 clusters.
 * @throws MATRIX_NOT_FINITE; INTERNAL when there are not as many labels as rows
 * @see Calinski and Harabasz (1974), https://doi.org/10.1080/03610927408827101
 */
export function calinskiHarabasz(x: Matrix, labels: Int32Array): Score {
  const { nRows, nColumns, nGroups, values, groups, sizes, centers } = labelGroups(x, labels)
  const reason = unscorable(nGroups, nRows)
  if (reason !== null) return undefinedScore(reason)
  const middle = new Float64Array(nColumns)
  for (let i = 0; i < values.length; i++) middle[i % nColumns]! += values[i]! / nRows
  let between = 0
  for (let group = 0; group < nGroups; group++) {
    between += sizes[group]! * squaredDistance(centers, group, middle, 0, nColumns)
  }
  let within = 0
  for (let row = 0; row < nRows; row++) within += squaredDistance(values, row, centers, groups[row]!, nColumns)
  return { value: within === 0 ? 1 : (between * (nRows - nGroups)) / (within * (nGroups - 1)) }
}
