import { BellwetherError } from '../../errors.ts'
import { choleskyFactor, solveLower } from '../linear/cholesky.ts'
import type { ClusterRows } from './cluster-rows.ts'

/** Shape of the covariances: one matrix for each component, one for all, variances of each column, or one variance. */
export type Covariance = 'full' | 'tied' | 'diag' | 'spherical'

/** A mixture of Gaussians: density(row) = sum over components k of weight_k * N(row; mean_k, covariance_k). */
export interface Components {
  readonly covariance: Covariance
  readonly nClusters: number
  readonly nColumns: number
  /** Share of each component, shape (nClusters), sum 1. */
  readonly weights: Float64Array
  /** shape (nClusters * nColumns) row-major */
  readonly means: Float64Array
  /**
   * full: shape (nClusters, nColumns, nColumns); tied: (nColumns, nColumns); diag: variances, (nClusters, nColumns); spherical:
   * variances, (nClusters)
   */
  readonly covariances: Float64Array
}

/** Numbers that the covariances of a shape have. */
export function covarianceSize(covariance: Covariance, nClusters: number, nColumns: number): number {
  switch (covariance) {
    case 'full':
      return nClusters * nColumns * nColumns
    case 'tied':
      return nColumns * nColumns
    case 'diag':
      return nClusters * nColumns
    case 'spherical':
      return nClusters
  }
}

/** Free numbers of a mixture: what an information criterion counts. */
export function parameterCount(covariance: Covariance, nClusters: number, nColumns: number): number {
  const matrix = (nColumns * (nColumns + 1)) / 2
  const ofCovariances = { full: nClusters * matrix, tied: matrix, diag: nClusters * nColumns, spherical: nClusters }
  return ofCovariances[covariance] + nClusters * nColumns + nClusters - 1
}

/** Keeps the share of a component without rows above 0, as scikit-learn does. */
const TINY_SHARE = 10 * Number.EPSILON

/**
 * The components that make the rows most likely when each belongs to them by these shares (the M step).
 * Squares are of distances to the mean, which loses no digits; scikit-learn subtracts squares for tied, diag and spherical.
 * @param responsibilities shape (nRows * nClusters) row-major, rows sum to 1
 * @param regCovar Added to each variance.
 */
export function estimateComponents(
  rows: ClusterRows,
  responsibilities: Float64Array,
  nClusters: number,
  covariance: Covariance,
  regCovar: number,
): Components {
  const { nRows, nColumns, values, weights: rowWeights } = rows
  const totals = new Float64Array(nClusters).fill(TINY_SHARE)
  const means = new Float64Array(nClusters * nColumns)
  for (let row = 0; row < nRows; row++) {
    for (let k = 0; k < nClusters; k++) {
      const share = rowWeights[row]! * responsibilities[row * nClusters + k]!
      if (share === 0) continue
      totals[k]! += share
      for (let j = 0; j < nColumns; j++) means[k * nColumns + j]! += share * values[row * nColumns + j]!
    }
  }
  let total = 0
  for (const each of totals) total += each
  for (let k = 0; k < nClusters; k++) for (let j = 0; j < nColumns; j++) means[k * nColumns + j]! /= totals[k]!

  const covariances = new Float64Array(covarianceSize(covariance, nClusters, nColumns))
  const difference = new Float64Array(nColumns)
  for (let row = 0; row < nRows; row++) {
    for (let k = 0; k < nClusters; k++) {
      const weighted = rowWeights[row]! * responsibilities[row * nClusters + k]!
      if (weighted === 0) continue
      const share = weighted / (covariance === 'tied' ? total : totals[k]!)
      for (let j = 0; j < nColumns; j++) difference[j] = values[row * nColumns + j]! - means[k * nColumns + j]!
      if (covariance === 'full') addOuter(covariances, k * nColumns * nColumns, difference, share)
      else if (covariance === 'tied') addOuter(covariances, 0, difference, share)
      else if (covariance === 'diag') {
        for (let j = 0; j < nColumns; j++) covariances[k * nColumns + j]! += share * difference[j]! * difference[j]!
      } else {
        for (let j = 0; j < nColumns; j++) covariances[k]! += (share * difference[j]! * difference[j]!) / nColumns
      }
    }
  }
  if (covariance === 'full' || covariance === 'tied') mirror(covariances, nColumns, regCovar)
  else for (let i = 0; i < covariances.length; i++) covariances[i]! += regCovar
  return { covariance, nClusters, nColumns, weights: totals.map((each) => each / total), means, covariances }
}

/** Adds share * difference * transpose(difference) to the lower half of the matrix that starts at `from`. */
function addOuter(matrices: Float64Array, from: number, difference: Float64Array, share: number): void {
  const n = difference.length
  for (let i = 0; i < n; i++) {
    const factor = share * difference[i]!
    for (let j = 0; j <= i; j++) matrices[from + i * n + j]! += factor * difference[j]!
  }
}

/** Fills the upper halves from the lower ones, and adds to the diagonals. */
function mirror(matrices: Float64Array, n: number, diagonal: number): void {
  for (let from = 0; from < matrices.length; from += n * n) {
    for (let i = 0; i < n; i++) {
      matrices[from + i * n + i]! += diagonal
      for (let j = 0; j < i; j++) matrices[from + j * n + i] = matrices[from + i * n + j]!
    }
  }
}

/** Writes ln(weight_k * N(row; mean_k, covariance_k)) of each component for row `row` of row-major `values` into `out` (nClusters). */
export type WeightedLogDensity = (values: Float64Array, row: number, out: Float64Array) => void

/**
 * Factors the covariances once, for the densities of many rows.
 * @throws CANCELLED; COVARIANCE_SINGULAR naming the component (counted from 0) when a covariance is not positive definite
 */
export function weightedLogDensity(components: Components, signal?: AbortSignal): WeightedLogDensity {
  const { covariance, nClusters, nColumns, weights, means, covariances } = components
  const difference = new Float64Array(nColumns)
  const subtract = (values: Float64Array, row: number, k: number) => {
    for (let j = 0; j < nColumns; j++) difference[j] = values[row * nColumns + j]! - means[k * nColumns + j]!
  }
  const constants = Float64Array.from(weights, (weight) => Math.log(weight) - (nColumns / 2) * Math.log(2 * Math.PI))

  if (covariance === 'full' || covariance === 'tied') {
    const size = nColumns * nColumns
    const factors = Array.from({ length: covariance === 'full' ? nClusters : 1 }, (_, k) => {
      const factor = covariances.slice(k * size, (k + 1) * size)
      if (!choleskyFactor(factor, nColumns, 0, signal)) throw singular(covariance, k)
      return factor
    })
    const factorOf = (k: number) => factors[covariance === 'full' ? k : 0]!
    for (let k = 0; k < nClusters; k++) {
      for (let j = 0; j < nColumns; j++) constants[k]! -= Math.log(factorOf(k)[j * nColumns + j]!)
    }
    return (values, row, out) => {
      for (let k = 0; k < nClusters; k++) {
        subtract(values, row, k)
        solveLower(factorOf(k), difference)
        let squares = 0
        for (let j = 0; j < nColumns; j++) squares += difference[j]! * difference[j]!
        out[k] = constants[k]! - squares / 2
      }
    }
  }

  const varianceAt = covariance === 'diag' ? (k: number, j: number) => k * nColumns + j : (k: number) => k
  for (let k = 0; k < nClusters; k++) {
    for (let j = 0; j < nColumns; j++) {
      const variance = covariances[varianceAt(k, j)]!
      if (!(variance > 0)) throw singular(covariance, k)
      constants[k]! -= Math.log(variance) / 2
    }
  }
  return (values, row, out) => {
    for (let k = 0; k < nClusters; k++) {
      subtract(values, row, k)
      let squares = 0
      for (let j = 0; j < nColumns; j++) squares += difference[j]! ** 2 / covariances[varianceAt(k, j)]!
      out[k] = constants[k]! - squares / 2
    }
  }
}

function singular(covariance: Covariance, k: number): BellwetherError {
  const whose = covariance === 'tied' ? 'the covariance that all clusters share' : `the covariance of cluster ${k}`
  return new BellwetherError(
    'COVARIANCE_SINGULAR',
    `A Gaussian mixture needs clusters with some spread in every direction; ${whose} is not positive definite.`,
  )
}

/**
 * From weighted log densities to the probability of each component, in place (the E step for one row).
 * in/out: `densities` (nClusters)
 * @returns ln of the density of the row, -Infinity where it is too small for a number; then the probabilities are the components' shares.
 */
export function normaliseDensities(densities: Float64Array, shares: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY
  for (const density of densities) if (density > largest) largest = density
  if (largest === Number.NEGATIVE_INFINITY) {
    densities.set(shares)
    return largest
  }
  let sum = 0
  for (let k = 0; k < densities.length; k++) sum += Math.exp(densities[k]! - largest)
  const logDensity = largest + Math.log(sum)
  for (let k = 0; k < densities.length; k++) densities[k] = Math.exp(densities[k]! - largest) / sum
  return logDensity
}
