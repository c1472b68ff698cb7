import type { State } from '../../table/state.ts'
import { refuseNonFinite } from '../check-fit-input.ts'
import { refuseOtherWidth, refuseOutside } from '../check-matrix.ts'
import type { ContrastingModel } from '../contrast.ts'
import type { StateReader } from '../read-state.ts'
import { contrastLinear } from './linear-contrast.ts'
import { linearContributions, linearImportances, matrixScores } from './linear-parts.ts'

/** What fitting a linear regression learnt. */
export interface RegressionParts {
  /** shape (nColumns) */
  readonly coefficients: Float64Array
  readonly intercept: number
  /** Mean and deviation of each column over the training rows; shape (nColumns). */
  readonly means: Float64Array
  readonly deviations: Float64Array
}

/** A fitted linear regression; the parts beyond `FittedModel` are for reports and parity. */
export interface RegressionModel<Parts extends RegressionParts> extends ContrastingModel {
  readonly parts: Parts
}

/**
 * value = intercept + sum over columns of coefficient * x
 * @param more What the kind of model adds to the state, and what to know of the fit.
 */
export function regressionModel<Parts extends RegressionParts>(
  named: { readonly estimator: string; readonly title: string },
  parts: Parts,
  more: { readonly state?: { readonly [key: string]: State }; readonly warnings?: readonly string[] } = {},
): RegressionModel<Parts> {
  const { coefficients, intercept, means, deviations } = parts
  const { estimator, title } = named
  return {
    estimator,
    task: 'regression',
    nClasses: 0,
    parts,
    ...(more.warnings ? { warnings: more.warnings } : {}),
    predict(x) {
      refuseOtherWidth(x, means.length, estimator)
      refuseNonFinite(x, title)
      return matrixScores(x, coefficients, Float64Array.of(intercept))
    },
    explain(x, row, output) {
      refuseOtherWidth(x, means.length, estimator)
      refuseOutside(x, row, output, 1)
      return { space: 'value', ...linearContributions(x, row, coefficients, intercept, means, 1) }
    },
    contrast(x, row, background, other) {
      refuseOtherWidth(x, means.length, estimator)
      refuseOtherWidth(background, means.length, estimator)
      const score = { intercept, coefficient: (column: number) => coefficients[column]! }
      return { space: 'value', ...contrastLinear(x, row, background, other, [score]) }
    },
    importances: () => linearImportances(coefficients, deviations),
    state: () => ({ estimator, coefficients, intercept, means, deviations, ...more.state }),
  }
}

/** @throws MODEL_STATE_INVALID */
export function readRegressionParts(reader: StateReader): RegressionParts {
  const means = reader.float64('means')
  return {
    coefficients: reader.float64('coefficients', means.length),
    intercept: reader.number('intercept'),
    means,
    deviations: reader.float64('deviations', means.length),
  }
}
