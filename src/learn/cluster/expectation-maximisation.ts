import { throwIfCancelled } from '../check-fit-input.ts'
import type { ClusterRows } from './cluster-rows.ts'
import { type Components, estimateComponents, normaliseDensities, weightedLogDensity } from './gaussian-components.ts'

export interface EmOptions {
  /** Done when the mean log-likelihood of a row changes by less. */
  readonly tol: number
  readonly regCovar: number
  readonly maxIterations: number
  readonly signal?: AbortSignal | undefined
}

export interface EmResult {
  readonly components: Components
  /** Weighted mean over the rows of ln density, before the last M step, as scikit-learn's `lower_bound_`. */
  readonly lowerBound: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * Expectation and maximisation in turns from given components: how far each row belongs to each component, then the
 * components that make the rows most likely. Neither step lowers the likelihood (but for `regCovar`). Iterations and stopping are those
 * of scikit-learn's `GaussianMixture`.
 * @throws COVARIANCE_SINGULAR, CANCELLED
 * @see Dempster, Laird and Rubin (1977), https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
 */
export function expectationMaximisation(rows: ClusterRows, start: Components, options: EmOptions): EmResult {
  const { nRows, values, weights } = rows
  const { nClusters, covariance } = start
  let total = 0
  for (const weight of weights) total += weight
  const responsibilities = new Float64Array(nRows * nClusters)
  let components = start
  let lowerBound = Number.NEGATIVE_INFINITY
  let converged = false
  let iterations = 0
  while (iterations < options.maxIterations && !converged) {
    throwIfCancelled(options.signal)
    iterations++
    const logDensity = weightedLogDensity(components, options.signal)
    let sum = 0
    for (let row = 0; row < nRows; row++) {
      const own = responsibilities.subarray(row * nClusters, (row + 1) * nClusters)
      logDensity(values, row, own)
      const ofRow = normaliseDensities(own, components.weights)
      if (weights[row]! > 0) sum += weights[row]! * ofRow
    }
    components = estimateComponents(rows, responsibilities, nClusters, covariance, options.regCovar)
    converged = Math.abs(sum / total - lowerBound) < options.tol
    lowerBound = sum / total
  }
  return { components, lowerBound, iterations, converged }
}
