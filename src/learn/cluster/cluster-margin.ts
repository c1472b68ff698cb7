import { choleskyFactor, solveLower, solveUpper } from '../linear/cholesky.ts'
import type { ClusterMargin } from './clusterer.ts'
import type { Components } from './gaussian-components.ts'

/** Takes apart why the row `row` of row-major `values` is in cluster `own`. */
export type MarginOf = (values: Float64Array, row: number, own: number) => ClusterMargin

/**
 * margin = Σ_j (x_j - rival_j)² - (x_j - own_j)²
 * @param centers shape (nClusters * nColumns) row-major
 */
export function distanceMargins(centers: Float64Array, nClusters: number, nColumns: number): MarginOf {
  const square = (values: Float64Array, row: number, k: number, j: number) =>
    (values[row * nColumns + j]! - centers[k * nColumns + j]!) ** 2
  return (values, row, own) => {
    let rival: number | null = null
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < nClusters; k++) {
      if (k === own) continue
      let squares = 0
      for (let j = 0; j < nColumns; j++) squares += square(values, row, k, j)
      if (rival !== null && !(squares < least)) continue
      rival = k
      least = squares
    }
    const contributions = new Float64Array(nColumns)
    if (rival !== null)
      for (let j = 0; j < nColumns; j++) contributions[j] = square(values, row, rival, j) - square(values, row, own, j)
    return { rival, space: 'squared distance', base: 0, margin: sum(contributions), contributions }
  }
}

/**
 * margin = ln(w_own N(x; own)) - ln(w_rival N(x; rival)). The exponent of a density is a sum of products of two columns' distances to the
 * mean, d_j (Σ⁻¹ d)_j; that of two different columns is shared between them equally.
 */
export function densityMargins(components: Components): MarginOf {
  const { nClusters, nColumns, weights, means } = components
  const shapes = componentShapes(components)
  const terms = (values: Float64Array, row: number, k: number): Float64Array => {
    const difference = Float64Array.from(
      { length: nColumns },
      (_, j) => values[row * nColumns + j]! - means[k * nColumns + j]!,
    )
    const scaled = shapes[k]!.precisionTimes(difference)
    return difference.map((each, j) => (-each * scaled[j]!) / 2)
  }
  const constants = Float64Array.from(weights, (weight, k) => Math.log(weight) - shapes[k]!.logRoot)
  return (values, row, own) => {
    const ofOwn = terms(values, row, own)
    let rival: number | null = null
    let ofRival: Float64Array = new Float64Array(nColumns)
    let most = Number.NEGATIVE_INFINITY
    for (let k = 0; k < nClusters; k++) {
      if (k === own) continue
      const each = terms(values, row, k)
      const score = constants[k]! + sum(each)
      if (rival !== null && !(score > most)) continue
      rival = k
      most = score
      ofRival = each
    }
    const base = rival === null ? 0 : constants[own]! - constants[rival]!
    const contributions = rival === null ? ofRival : ofOwn.map((each, j) => each - ofRival[j]!)
    return { rival, space: 'log-odds', base, margin: base + sum(contributions), contributions }
  }
}

interface Shape {
  /** ln of the square root of the covariance's determinant. */
  readonly logRoot: number
  /** Σ⁻¹ d */
  precisionTimes(difference: Float64Array): Float64Array
}

/** Covariances are positive definite here: densities were made of them before. */
function componentShapes({ covariance, nClusters, nColumns, covariances }: Components): Shape[] {
  if (covariance === 'full' || covariance === 'tied') {
    const size = nColumns * nColumns
    const shapes = Array.from({ length: covariance === 'full' ? nClusters : 1 }, (_, k): Shape => {
      const factor = covariances.slice(k * size, (k + 1) * size)
      choleskyFactor(factor, nColumns, 0)
      let logRoot = 0
      for (let j = 0; j < nColumns; j++) logRoot += Math.log(factor[j * nColumns + j]!)
      return {
        logRoot,
        precisionTimes(difference) {
          const solved = difference.slice()
          solveLower(factor, solved)
          solveUpper(factor, solved)
          return solved
        },
      }
    })
    return Array.from({ length: nClusters }, (_, k) => shapes[covariance === 'full' ? k : 0]!)
  }
  return Array.from({ length: nClusters }, (_, k): Shape => {
    const variance = (j: number) => covariances[covariance === 'diag' ? k * nColumns + j : k]!
    let logRoot = 0
    for (let j = 0; j < nColumns; j++) logRoot += Math.log(variance(j)) / 2
    return { logRoot, precisionTimes: (difference) => difference.map((each, j) => each / variance(j)) }
  })
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
