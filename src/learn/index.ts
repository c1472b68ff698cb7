/**
 * `bellwether/learn`: tables to features, models and answers. Pure: no file, network, clock or ambient randomness, in Node
 * and in a browser.
 */
export { BellwetherError, type ErrorCode, type ErrorDetail, type ErrorDocument } from '../errors.ts'
export { FeatureOptions } from '../features/feature-options.ts'
export type { FeatureWarning } from '../features/feature-warning.ts'
export { fitFeatures } from '../features/fit-features.ts'
export type { FittedFeatures } from '../features/fitted-features.ts'
export { restoreFeatures } from '../features/restore-features.ts'
export { type FittedCountVectoriser, fitCountVectoriser } from '../features/text/count-vectoriser.ts'
export type { FittedText, TextFit } from '../features/text/fitted-text.ts'
export { HashingVectoriser } from '../features/text/hashing-vectoriser.ts'
export { restoreText } from '../features/text/restore-text.ts'
export { CountOptions, HashingOptions, TfidfOptions } from '../features/text/text-options.ts'
export { type FittedTfidfVectoriser, fitTfidfVectoriser } from '../features/text/tfidf-vectoriser.ts'
export type * from '../table/column.ts'
export { matrixOfColumns, matrixOfRows } from '../table/make-matrix.ts'
export { type Matrix, matrixColumn, type Numbers, selectMatrixRows } from '../table/matrix.ts'
export { deriveSeed, RandomState } from '../table/random.ts'
export { ColumnSchema, TableSchema } from '../table/schema.ts'
export {
  checkSparseMatrix,
  isSparseMatrix,
  type SparseColumns,
  type SparseMatrix,
  selectSparseRows,
  sparseColumns,
  stackSparseColumns,
  toDenseMatrix,
  toSparseMatrix,
} from '../table/sparse-matrix.ts'
export {
  sparseTimesDense,
  sparseTimesVector,
  sparseTransposeTimesDense,
  sparseTransposeTimesVector,
} from '../table/sparse-products.ts'
export type { State } from '../table/state.ts'
export { makeTable, selectColumns, selectRows, type Table } from '../table/table.ts'
export { type SupervisedTask, selectTarget, type Target, targetLength } from '../table/target.ts'
export { baseline } from './baseline/baseline.ts'
export { continueBoosting } from './boosting/continue-boosting.ts'
export { gradientBoosting } from './boosting/gradient-boosting.ts'
export { GradientBoostingOptions } from './boosting/options.ts'
export type * from './cluster/clusterer.ts'
export { clusterer, clusterers } from './cluster/clusterers.ts'
export { gaussianMixture } from './cluster/gaussian-mixture.ts'
export { kMeans } from './cluster/k-means.ts'
export type * from './estimator.ts'
export { defaultModels, estimator, estimators } from './estimators.ts'
export {
  type Directions,
  type FitPipelineInput,
  type FittedPipeline,
  fitModelOn,
  fitPipeline,
  type PipelineExplanation,
  type PipelineTarget,
  type PreparedFeatures,
  type PrepareFeaturesInput,
  prepareFeatures,
  restorePipeline,
} from './fitted-pipeline.ts'
export { continueForest } from './forest/continue-forest.ts'
export { randomForest } from './forest/random-forest.ts'
export { type HelperJob, reportLost, runHelper } from './kernels/helper.ts'
export type { FitThreads } from './kernels/kernel-team.ts'
export { elasticNet } from './linear/elastic-net.ts'
export { logisticRegression } from './linear/logistic-regression.ts'
export { ridge } from './linear/ridge.ts'
export { sparseLogisticRegression } from './linear/sparse-logistic-regression.ts'
export { answersRows, type RowModel } from './row-model.ts'
export type * from './search-space.ts'
