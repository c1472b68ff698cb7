import { quantileSorted } from '../table/quantile.ts'
import { meanAndVariance } from './mean-and-variance.ts'

/** scaled = (value - center) / scale */
export type Scaling = { readonly center: number; readonly scale: number }

/**
 * scikit-learn's `StandardScaler`: mean 0, deviation 1 (ddof 0). A column whose variance lies within the error of computing it counts as
 * constant and gets scale 1:  var <= n·eps·var + (n·mean·eps)²
 * @param values Training values, ascending, without NaN, at least one.
 */
export function fitStandardScale(values: Float64Array): Scaling {
  const { mean, variance } = meanAndVariance(values)
  const n = values.length
  const bound = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2
  return { center: mean + 0, scale: variance <= bound ? 1 : Math.sqrt(variance) }
}

/**
 * scikit-learn's `RobustScaler`: median 0, interquartile range 1; a range below 10 eps counts as 0 and gets scale 1.
 * @param values Training values, ascending, without NaN, at least one.
 */
export function fitRobustScale(values: Float64Array): Scaling {
  const range = quantileSorted(values, 0.75) - quantileSorted(values, 0.25)
  return { center: quantileSorted(values, 0.5) + 0, scale: range < 10 * Number.EPSILON ? 1 : range }
}

export function fitScale(values: Float64Array, method: 'none' | 'standard' | 'robust'): Scaling | null {
  switch (method) {
    case 'none':
      return null
    case 'standard':
      return fitStandardScale(values)
    case 'robust':
      return fitRobustScale(values)
  }
}

/** Scales `data` from `begin` to `end` in place; NaN stays. */
export function applyScale({ center, scale }: Scaling, data: Float64Array, begin: number, end: number): void {
  for (let i = begin; i < end; i++) data[i] = (data[i]! - center) / scale
}
