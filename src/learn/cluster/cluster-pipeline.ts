import { BellwetherError } from '../../errors.ts'
import type { FeatureOptions } from '../../features/feature-options.ts'
import type { FeatureWarning } from '../../features/feature-warning.ts'
import { fitFeatures } from '../../features/fit-features.ts'
import type { FittedFeatures } from '../../features/fitted-features.ts'
import { restoreFeatures } from '../../features/restore-features.ts'
import { type Matrix, matrixRows } from '../../table/matrix.ts'
import type { TableSchema } from '../../table/schema.ts'
import { isSparseMatrix, type SparseMatrix, toDenseMatrix } from '../../table/sparse-matrix.ts'
import type { State } from '../../table/state.ts'
import type { Table } from '../../table/table.ts'
import { readState } from '../read-state.ts'
import type { ClusterMargin, FittedClusterer } from './clusterer.ts'
import { clusterers } from './clusterers.ts'

const PIPELINE = 'cluster-pipeline'

/** What a clustering says of rows. */
export interface ClusterAnswers {
  /** From 0 to nClusters - 1, shape (nRows). */
  readonly clusters: Int32Array
  /** Euclidean distance to the middle of each cluster, in the columns that the clusterer sees; shape (nRows * nClusters) row-major. */
  readonly distances: Float64Array
  /** Of each cluster, shape (nRows * nClusters) row-major; null where the clusterer has none. */
  readonly probabilities: Float64Array | null
}

/** Features and a clusterer fitted on them: from a table straight to clusters. */
export interface FittedClusterPipeline {
  readonly features: FittedFeatures
  readonly model: FittedClusterer
  /** A row's answer never depends on other rows. @throws MATRIX_NOT_FINITE */
  predict(table: Table): ClusterAnswers
  /** What the clusterer sees of the rows: `predict` is `answer` of it. Dense; a huge value may not be finite here. */
  transform(table: Table): Matrix
  answer(x: Matrix): ClusterAnswers
  /** Why the row is in its cluster `own`, by input or derived columns: `base` and their contributions add up to `margin`. */
  explain(x: Matrix, row: number, own: number): ClusterReasons
  state(): State
}

/** A margin, its contributions summed by the columns that a matrix's columns come from. */
export interface ClusterReasons extends Omit<ClusterMargin, 'contributions'> {
  readonly contributions: readonly { readonly feature: string; readonly contribution: number }[]
}

export interface ClusterFeaturesInput {
  readonly table: Table
  readonly schema: TableSchema
  /** Columns that may become features. */
  readonly inputs: readonly string[]
  readonly featureOptions: FeatureOptions
  readonly seed: number
}

/**
 * Features for distances, fitted without a target: numbers on one scale, categories as columns.
 * @throws FEATURES_INVALID where an option needs a target; and as `fitFeatures`
 */
export function fitClusterFeatures({ table, schema, inputs, featureOptions, seed }: ClusterFeaturesInput): {
  readonly features: FittedFeatures
  readonly matrix: Matrix
  readonly warnings: readonly FeatureWarning[]
} {
  refuseTargetOptions(featureOptions)
  const { fitted, matrix, warnings } = fitFeatures({
    table,
    schema,
    inputs,
    // Distances over thousands of words say little, and take whole columns: words come in where the project asks for them.
    options: withoutAutoTerms(featureOptions),
    encoding: 'linear',
    seed,
    // Only target encoding reads it, and that is refused.
    target: { task: 'regression', values: new Float64Array(table.nRows) },
  })
  return { features: fitted, matrix: dense(matrix), warnings }
}

function withoutAutoTerms(options: FeatureOptions): FeatureOptions {
  const columns = Object.entries(options.columns).map(([name, own]) => [
    name,
    own.terms === 'auto' ? { ...own, terms: 'none' as const } : own,
  ])
  const { text } = options
  return {
    ...options,
    text: text.terms === 'auto' ? { ...text, terms: 'none' } : text,
    columns: Object.fromEntries(columns),
  }
}

function refuseTargetOptions({ categorical, columns, balance }: FeatureOptions): void {
  const faults: { path: string; message: string }[] = []
  const fault = (path: string, what: string) =>
    faults.push({ path, message: `${what} needs a target; clusters have none` })
  if (categorical.encode === 'target') fault('features.categorical.encode', 'target')
  for (const [name, own] of Object.entries(columns)) {
    if (own.encode === 'target') fault(`features.columns.${name}.encode`, 'target')
  }
  if (balance !== 'none') fault('features.balance', balance)
  const [first] = faults
  if (first) throw new BellwetherError('FEATURES_INVALID', `${first.path}: ${first.message}.`, { details: faults })
}

export function clusterPipeline(features: FittedFeatures, model: FittedClusterer): FittedClusterPipeline {
  const transform = (table: Table) => dense(features.transform(table))
  const answer = (x: Matrix): ClusterAnswers => ({
    clusters: model.predict(x),
    distances: distancesTo(model, x),
    probabilities: model.predictProba?.(x) ?? null,
  })
  return {
    features,
    model,
    predict: (table) => answer(transform(table)),
    transform,
    answer,
    explain(x, row, own) {
      const { contributions, ...margin } = model.margin(x, row, own)
      const bySource = new Map<string, number>()
      for (const [column, source] of features.sources.entries())
        bySource.set(source, (bySource.get(source) ?? 0) + contributions[column]!)
      return {
        ...margin,
        contributions: Array.from(bySource, ([feature, contribution]) => ({ feature, contribution })),
      }
    },
    state: () => ({ clusterer: model.clusterer, features: features.state(), model: model.state() }),
  }
}

/**
 * A pipeline from its state; it answers with the same bits as the one that gave it. The state may come from a file of unknown
 * origin: it is checked, and nothing in it is run as code.
 * @throws MODEL_STATE_INVALID, FEATURES_STATE_INVALID, EXPRESSION_INVALID
 */
export function restoreClusterPipeline(state: State): FittedClusterPipeline {
  const reader = readState(state, PIPELINE)
  const name = reader.text('clusterer')
  const definition = clusterers.get(name)
  if (!definition) return reader.fail('clusterer', 'a clusterer that this version of Bellwether knows')
  const model = definition.restore(reader.raw('model'))
  const features = restoreFeatures(reader.raw('features'))
  if (features.names.length !== model.nColumns) {
    reader.fail('features', `of the model, which has ${model.nColumns} columns, not ${features.names.length}`)
  }
  return clusterPipeline(features, model)
}

/** Centres are dense, so that nothing is saved by rows that are not. */
function dense(matrix: Matrix | SparseMatrix): Matrix {
  return isSparseMatrix(matrix) ? toDenseMatrix(matrix) : matrix
}

function distancesTo({ centers, nClusters, nColumns }: FittedClusterer, x: Matrix): Float64Array {
  const rows = matrixRows(x)
  const distances = new Float64Array(x.nRows * nClusters)
  for (let row = 0; row < x.nRows; row++) {
    for (let cluster = 0; cluster < nClusters; cluster++) {
      let squares = 0
      for (let column = 0; column < nColumns; column++) {
        squares += (rows[row * nColumns + column]! - centers[cluster * nColumns + column]!) ** 2
      }
      distances[row * nClusters + cluster] = Math.sqrt(squares)
    }
  }
  return distances
}
