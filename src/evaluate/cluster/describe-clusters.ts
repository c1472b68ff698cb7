import { type Matrix, matrixRows } from '../../table/matrix.ts'

/** What sets a cluster apart. */
export interface ClusterDescription {
  readonly cluster: number
  readonly rows: number
  /** Of all rows, in [0, 1]. */
  readonly share: number
  /** Matrix columns whose mean in the cluster is farthest from the mean of all rows, farthest first. */
  readonly differs: readonly {
    readonly feature: string
    /** Mean in the cluster less the mean of all rows, in standard deviations of all rows. */
    readonly deviations: number
  }[]
}

/**
 * Sizes of clusters and the columns that set them apart; columns without spread are left out.
 * @param labels From 0 to nClusters - 1, shape (nRows).
 * @param names Of the matrix's columns.
 * @param most Columns that are named of each cluster.
 */
export function describeClusters(
  x: Matrix,
  labels: Int32Array,
  nClusters: number,
  names: readonly string[],
  most = 5,
): ClusterDescription[] {
  const { nRows, nColumns } = x
  const values = matrixRows(x)
  const sizes = new Uint32Array(nClusters)
  for (const label of labels) sizes[label]!++
  const means = new Float64Array(nColumns)
  const ofCluster = new Float64Array(nClusters * nColumns)
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      const value = values[row * nColumns + column]!
      means[column]! += value / nRows
      ofCluster[labels[row]! * nColumns + column]! += value / sizes[labels[row]!]!
    }
  }
  const spread = new Float64Array(nColumns)
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      spread[column]! += (values[row * nColumns + column]! - means[column]!) ** 2 / nRows
    }
  }
  return Array.from(sizes, (rows, cluster) => ({
    cluster,
    rows,
    share: rows / nRows,
    differs:
      rows === 0
        ? []
        : names
            .map((feature, column) => ({
              feature,
              deviations: (ofCluster[cluster * nColumns + column]! - means[column]!) / Math.sqrt(spread[column]!),
            }))
            .filter(({ deviations }) => Number.isFinite(deviations))
            .sort((a, b) => Math.abs(b.deviations) - Math.abs(a.deviations))
            .slice(0, most),
  }))
}
