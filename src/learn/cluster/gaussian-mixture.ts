import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { type Matrix, matrixRows } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import type { State } from '../../table/state.ts'
import { checkedRowWeights, refuseNonFinite } from '../check-fit-input.ts'
import { refuseOtherWidth } from '../check-matrix.ts'
import { readState } from '../read-state.ts'
import { densityMargins, type MarginOf } from './cluster-margin.ts'
import { type ClusterRows, clusterRows, moved } from './cluster-rows.ts'
import type { ClustererDefinition, ClusterInput, FittedClusterer, InformationCriteria } from './clusterer.ts'
import { type EmResult, expectationMaximisation } from './expectation-maximisation.ts'
import {
  type Components,
  type Covariance,
  covarianceSize,
  estimateComponents,
  normaliseDensities,
  parameterCount,
  weightedLogDensity,
} from './gaussian-components.ts'
import { bestOfStarts, KMeansOptions } from './k-means.ts'

const GAUSSIAN_MIXTURE = 'gaussian-mixture'
const WHAT = 'A Gaussian mixture'

const COVARIANCES = ['full', 'tied', 'diag', 'spherical'] as const satisfies readonly Covariance[]

export const GaussianMixtureOptions = z.strictObject({
  nClusters: z.int().min(1).max(10_000).default(8).describe('Number of clusters, the components of the mixture.'),
  covariance: z
    .enum(COVARIANCES)
    .default('full')
    .describe(
      'Shape of the clusters: `full` any ellipsoid each, `tied` the same ellipsoid for all, `diag` ellipsoids along the columns, `spherical` spheres.',
    ),
  regCovar: z
    .number()
    .nonnegative()
    .default(1e-6)
    .describe('Added to every variance, so that a cluster of equal rows still has some.'),
  nInit: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Starts from so many runs of k-means and keeps the most likely result.'),
  maxIterations: z.int().min(1).default(100).describe('Most iterations of one start.'),
  tol: z.number().positive().default(1e-3).describe('Done when the mean log-likelihood of a row changes by less.'),
})
export type GaussianMixtureOptions = z.output<typeof GaussianMixtureOptions>

/**
 * A mixture of Gaussians, fitted by expectation and maximisation from a run of k-means: clusters of any size and, with
 * `full`, any direction, and the probability of each cluster for each row.
 * Equal seeds give scikit-learn's `GaussianMixture(n_components, covariance_type, reg_covar=..., random_state=seed)`, which takes
 * no weights.
 */
export const gaussianMixture: ClustererDefinition<GaussianMixtureOptions> = {
  name: GAUSSIAN_MIXTURE,
  title: 'Gaussian mixture',
  encoding: 'linear',
  options: GaussianMixtureOptions,
  fit: fitGaussianMixture,
  restore: restoreGaussianMixture,
}

/** What fitting a mixture learnt. */
export interface GaussianMixtureParts {
  readonly components: Components
  readonly lowerBound: number
  readonly iterations: number
  readonly converged: boolean
}

export interface GaussianMixtureModel extends FittedClusterer {
  readonly parts: GaussianMixtureParts
  predictProba(x: Matrix): Float64Array
  /** ln of the density at each row, shape (nRows); rows that are like none of the training rows have the least. */
  logLikelihoods(x: Matrix): Float64Array
  informationCriteria(x: Matrix, sampleWeight?: Float64Array): InformationCriteria
}

/**
 * @param start Components to start from in place of k-means, of the same `covariance`; then there is one start.
 * @throws COVARIANCE_SINGULAR, COVARIANCE_TOO_LARGE, and as `clusterRows`; INTERNAL for starting components of another shape
 */
export function fitGaussianMixture(
  input: ClusterInput,
  options: GaussianMixtureOptions,
  start?: Components,
): GaussianMixtureModel {
  const { nClusters, covariance, regCovar } = options
  refuseTooWide(input.x.nColumns, options)
  const rows = clusterRows(input, nClusters, WHAT)
  if (start) {
    refuseOtherShape(start, options, rows.nColumns)
    const centred = { ...start, means: start.means.map((mean, i) => mean - rows.means[i % rows.nColumns]!) }
    return fittedFrom(rows, expectationMaximisation(rows, centred, { ...options, signal: input.signal }))
  }
  const random = new RandomState(input.seed)
  const ofKMeans = KMeansOptions.parse({ nClusters, nInit: 1 })
  let best: EmResult | null = null
  for (let i = 0; i < options.nInit; i++) {
    const { labels } = bestOfStarts(rows, ofKMeans, random, input.signal)
    const responsibilities = new Float64Array(rows.nRows * nClusters)
    for (const [row, label] of labels.entries()) responsibilities[row * nClusters + label] = 1
    const from = estimateComponents(rows, responsibilities, nClusters, covariance, regCovar)
    const result = expectationMaximisation(rows, from, { ...options, signal: input.signal })
    if (!best || result.lowerBound > best.lowerBound) best = result
  }
  return fittedFrom(rows, best!)
}

/** More numbers than this in the covariances (1 GiB) are refused: fitting holds them twice, and factors them in each iteration. */
const MOST_COVARIANCES = 2 ** 27

/** Before anything is computed: a table of very many columns would end in a memory that cannot be had. */
function refuseTooWide(nColumns: number, { nClusters, covariance }: GaussianMixtureOptions): void {
  const size = covarianceSize(covariance, nClusters, nColumns)
  if (size <= MOST_COVARIANCES) return
  throw new BellwetherError(
    'COVARIANCE_TOO_LARGE',
    `${WHAT} with ${covariance} covariance of ${nClusters} clusters over ${nColumns} columns has ${size} numbers; at most ${MOST_COVARIANCES} are fitted.`,
  )
}

function refuseOtherShape(start: Components, options: GaussianMixtureOptions, nColumns: number): void {
  const { nClusters, covariance } = options
  const fits =
    start.covariance === covariance &&
    start.weights.length === nClusters &&
    start.means.length === nClusters * nColumns &&
    start.covariances.length === covarianceSize(covariance, nClusters, nColumns)
  if (fits) return
  throw new BellwetherError(
    'INTERNAL',
    `Expected ${nClusters} starting components of ${nColumns} columns with ${covariance} covariance; got another shape.`,
  )
}

function fittedFrom(rows: ClusterRows, { components, lowerBound, iterations, converged }: EmResult) {
  const means = moved(components.means, rows.means)
  return gaussianMixtureModel({ components: { ...components, means }, lowerBound, iterations, converged })
}

/** @throws COVARIANCE_SINGULAR */
function gaussianMixtureModel(parts: GaussianMixtureParts): GaussianMixtureModel {
  const { components, converged, iterations } = parts
  const { covariance, nClusters, nColumns } = components
  const logDensity = weightedLogDensity(components)
  let margins: MarginOf | null = null
  /** Calls `each` with the row's probabilities, in one array for all rows, and its ln density. */
  const eachRow = (x: Matrix, each: (row: number, probabilities: Float64Array, logDensity: number) => void): void => {
    refuseOtherWidth(x, nColumns, GAUSSIAN_MIXTURE)
    refuseNonFinite(x, WHAT)
    const values = matrixRows(x)
    const own = new Float64Array(nClusters)
    for (let row = 0; row < x.nRows; row++) {
      logDensity(values, row, own)
      each(row, own, normaliseDensities(own, components.weights))
    }
  }
  const logLikelihoods = (x: Matrix): Float64Array => {
    const found = new Float64Array(x.nRows)
    eachRow(x, (row, _, ofRow) => {
      found[row] = ofRow
    })
    return found
  }
  return {
    clusterer: GAUSSIAN_MIXTURE,
    nClusters,
    nColumns,
    centers: components.means,
    ...(converged ? {} : { warnings: [`The mixture stopped after ${iterations} iterations, before it converged.`] }),
    parts,
    predict(x) {
      const labels = new Int32Array(x.nRows)
      eachRow(x, (row, probabilities) => {
        let best = 0
        for (let k = 1; k < nClusters; k++) if (probabilities[k]! > probabilities[best]!) best = k
        labels[row] = best
      })
      return labels
    },
    predictProba(x) {
      const found = new Float64Array(x.nRows * nClusters)
      eachRow(x, (row, probabilities) => found.set(probabilities, row * nClusters))
      return found
    },
    logLikelihoods,
    margin(x, row, own) {
      // Factors the covariances once, and only where somebody asks.
      margins ??= densityMargins(components)
      return margins(matrixRows(x), row, own)
    },
    informationCriteria(x, sampleWeight) {
      const weights = checkedRowWeights(x.nRows, sampleWeight)
      const ofRows = logLikelihoods(x)
      let total = 0
      let logLikelihood = 0
      for (let row = 0; row < x.nRows; row++) {
        if (weights[row] === 0) continue
        total += weights[row]!
        logLikelihood += weights[row]! * ofRows[row]!
      }
      const nParameters = parameterCount(covariance, nClusters, nColumns)
      return {
        bic: -2 * logLikelihood + nParameters * Math.log(total),
        aic: -2 * logLikelihood + 2 * nParameters,
      }
    },
    state: () => ({
      clusterer: GAUSSIAN_MIXTURE,
      covariance,
      nClusters,
      nColumns,
      weights: components.weights,
      means: components.means,
      covariances: components.covariances,
      lowerBound: parts.lowerBound,
      iterations,
      converged,
    }),
  }
}

/** @throws MODEL_STATE_INVALID */
function restoreGaussianMixture(state: State): GaussianMixtureModel {
  const reader = readState(state, GAUSSIAN_MIXTURE)
  const text = reader.text('covariance')
  const covariance = COVARIANCES.find((known) => known === text) ?? reader.fail('covariance', COVARIANCES.join(', '))
  const nClusters = reader.count('nClusters', 1)
  const nColumns = reader.count('nColumns')
  const finite = (key: string, length: number) => {
    const values = reader.float64(key, length)
    return values.every(Number.isFinite) ? values : reader.fail(key, 'finite numbers')
  }
  const weights = finite('weights', nClusters)
  if (!weights.every((weight) => weight > 0)) reader.fail('weights', 'above 0')
  const converged = reader.raw('converged')
  const parts: GaussianMixtureParts = {
    components: {
      covariance,
      nClusters,
      nColumns,
      weights,
      means: finite('means', nClusters * nColumns),
      covariances: finite('covariances', covarianceSize(covariance, nClusters, nColumns)),
    },
    lowerBound: reader.number('lowerBound'),
    iterations: reader.count('iterations'),
    converged: typeof converged === 'boolean' ? converged : reader.fail('converged', 'true or false'),
  }
  try {
    return gaussianMixtureModel(parts)
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'COVARIANCE_SINGULAR') {
      return reader.fail('covariances', 'positive definite')
    }
    throw error
  }
}
