import { BellwetherError } from '../errors.ts'
import { nearest } from '../table/nearest.ts'
import type { SupervisedTask } from '../table/target.ts'
import { baseline } from './baseline/baseline.ts'
import { gradientBoosting } from './boosting/gradient-boosting.ts'
import type { EstimatorDefinition } from './estimator.ts'
import { randomForest } from './forest/random-forest.ts'
import { elasticNet } from './linear/elastic-net.ts'
import { logisticRegression } from './linear/logistic-regression.ts'
import { ridge } from './linear/ridge.ts'
import { sparseLogisticRegression } from './linear/sparse-logistic-regression.ts'

/** Every kind of model by its name, from simple to complex. */
export const estimators: ReadonlyMap<string, EstimatorDefinition> = new Map(
  [baseline, logisticRegression, sparseLogisticRegression, ridge, elasticNet, randomForest, gradientBoosting].map(
    (definition): [string, EstimatorDefinition] => [definition.name, definition],
  ),
)

/** @throws ESTIMATOR_UNKNOWN naming those that there are, and the one that was probably meant. */
export function estimator(name: string): EstimatorDefinition {
  const found = estimators.get(name)
  if (found) return found
  const near = nearest(name, estimators.keys())
  const known = [...estimators.keys()].join(', ')
  throw new BellwetherError(
    'ESTIMATOR_UNKNOWN',
    `There is no model "${name.slice(0, 80)}"${near ? `; did you mean "${near}"?` : '.'} There are: ${known}.`,
  )
}

/** The models that compete where the project names none. */
export function defaultModels(task: SupervisedTask): readonly string[] {
  const linear = task === 'classification' ? logisticRegression : ridge
  return [baseline, linear, randomForest, gradientBoosting].map(({ name }) => name)
}
