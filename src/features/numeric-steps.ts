import { sortedWithoutNaN } from '../table/quantile.ts'
import { applyClip, type Clip, fitClip } from './clip.ts'
import { applyImpute, fitImpute } from './impute.ts'
import type { NumericPlan } from './resolve-options.ts'
import { applyScale, fitScale, type Scaling } from './scale.ts'

/** What is done to a column of numbers, in this order; null leaves a step out. JSON as it is. */
export type NumericSteps = {
  readonly clip: Clip | null
  readonly impute: number | null
  readonly scale: Scaling | null
}

/** Facts about training numbers that decide whether a column is worth having. */
export interface NumericFit {
  readonly steps: NumericSteps
  readonly nMissing: number
  /** All training rows come out of the steps with one value. */
  readonly constant: boolean
}

/** Makes NaN of infinities, in place: no step and no estimator has a use for them. */
export function dropInfinities(data: Float64Array, begin: number, end: number): void {
  for (let i = begin; i < end; i++) if (!Number.isFinite(data[i])) data[i] = Number.NaN
}

/**
 * Learns clipping, imputation and scaling, each from what the step before it gives. Statistics are taken over sorted values: the order
 * of the rows makes no difference, to the last bit.
 * @param values Training values without infinities, NaN is missing; shape (nRows). Not changed.
 * @returns null when every value is missing.
 */
export function fitNumericSteps(values: Float64Array, plan: NumericPlan): NumericFit | null {
  const sorted = sortedWithoutNaN(values)
  if (sorted.length === 0) return null
  const nMissing = values.length - sorted.length
  const clip = fitClip(sorted, plan)
  if (clip) applyClip(clip, sorted, 0, sorted.length)
  const impute = fitImpute(sorted, plan.impute, plan.constant)
  const filled = impute === null || nMissing === 0 ? sorted : withFilled(sorted, impute, nMissing)
  const constant = filled[0] === filled[filled.length - 1] && (nMissing === 0 || impute !== null)
  return { steps: { clip, impute, scale: fitScale(filled, plan.scale) }, nMissing, constant }
}

function withFilled(sorted: Float64Array, value: number, times: number): Float64Array {
  const filled = new Float64Array(sorted.length + times)
  filled.set(sorted)
  filled.fill(value, sorted.length)
  return filled.sort()
}

/** Applies the steps to `data` from `begin` to `end` in place. */
export function applyNumericSteps(steps: NumericSteps, data: Float64Array, begin: number, end: number): void {
  if (steps.clip) applyClip(steps.clip, data, begin, end)
  if (steps.impute !== null) applyImpute(steps.impute, data, begin, end)
  if (steps.scale) applyScale(steps.scale, data, begin, end)
}

/** Writes 1 where `data` from `begin` to `end` is NaN, else 0, from `to` on. */
export function writeIndicator(data: Float64Array, begin: number, end: number, to: number): void {
  for (let i = begin; i < end; i++) data[to + i - begin] = Number.isNaN(data[i]) ? 1 : 0
}
