import { BellwetherError } from '../../errors.ts'
import type { SupervisedTask, Target } from '../../table/target.ts'
import { accuracy, balancedAccuracy, cohenKappa, matthewsCorrelation } from './agreement.ts'
import { f1, f1Macro, f1Micro, f1Weighted, precision, precisionMacro, recall, recallMacro } from './f-measure.ts'
import type { ClassificationMetric, Metric, RegressionMetric } from './metric.ts'
import { brierScore, expectedCalibrationError, logLoss } from './probability.ts'
import { averagePrecision, rocAuc, rocAucOvr } from './ranking.ts'
import { maxError, meanAbsoluteError, medianAbsoluteError, rootMeanSquaredError, rSquared } from './regression.ts'

/** In the order in which reports show them. */
export const classificationMetrics: readonly ClassificationMetric[] = [
  accuracy,
  balancedAccuracy,
  f1Macro,
  f1Weighted,
  f1Micro,
  precisionMacro,
  recallMacro,
  f1,
  precision,
  recall,
  rocAuc,
  rocAucOvr,
  averagePrecision,
  logLoss,
  brierScore,
  expectedCalibrationError,
  matthewsCorrelation,
  cohenKappa,
]

/** In the order in which reports show them. */
export const regressionMetrics: readonly RegressionMetric[] = [
  rootMeanSquaredError,
  meanAbsoluteError,
  rSquared,
  medianAbsoluteError,
  maxError,
]

/** Every metric. */
export const metrics: readonly Metric[] = [...classificationMetrics, ...regressionMetrics]

/** The metrics that apply to a target: those of its task, and those of two classes only where it has two. */
export function metricsFor(target: Target): readonly Metric[] {
  if (target.task === 'regression') return regressionMetrics
  return classificationMetrics.filter((metric) => !metric.twoClassesOnly || target.classes.length === 2)
}

/** @throws METRIC_UNKNOWN naming those that there are, for the task when it is given. */
export function metricNamed(name: string, task?: SupervisedTask): Metric {
  const found = metrics.find((metric) => metric.name === name && (task === undefined || metric.task === task))
  if (found) return found
  const known = metrics.filter((metric) => task === undefined || metric.task === task).map((metric) => metric.name)
  throw new BellwetherError(
    'METRIC_UNKNOWN',
    `There is no metric "${name}"${task ? ` for ${task}` : ''}; there are: ${known.join(', ')}.`,
  )
}

/**
 * The metric by which a search is to choose for a target.
 * @throws METRIC_UNKNOWN when there is none of that name for the task, or it is for two classes and there are more.
 */
export function scoringMetric(name: string, target: Target): Metric {
  const metric = metricNamed(name, target.task)
  if (metric.task === 'regression' || target.task === 'regression') return metric
  if (!metric.twoClassesOnly || target.classes.length === 2) return metric
  const instead = name === 'roc_auc' ? 'roc_auc_ovr' : `${name}_macro`
  const message = `The metric "${name}" is about one of two classes; the target has ${target.classes.length}.`
  throw new BellwetherError('METRIC_UNKNOWN', message, { hint: `Use \`${instead}\`.` })
}
