import { BellwetherError } from '../errors.ts'
import { quantileSorted, sortedWithoutNaN } from '../table/quantile.ts'
import { deriveSeed, RandomState } from '../table/random.ts'
import { type Target, targetLength } from '../table/target.ts'
import { checkedWeights, makeScorer, type ScoreOptions } from './metrics/score-all.ts'

export interface BootstrapOptions extends ScoreOptions {
  /** How often the rows are drawn again, with replacement. Default 1000. */
  readonly resamples?: number
  /** Share of the resampled values between the bounds. Default 0.95. */
  readonly level?: number
  readonly seed: number
  /** Checked between resamples; an aborted call throws CANCELLED. */
  readonly signal?: AbortSignal
}

export interface IntervalOptions extends BootstrapOptions {
  /** Only the metrics of these names; all that apply when left out. */
  readonly metrics?: readonly string[]
}

/** A metric on the rows given, and between which bounds it may well lie on other such rows. */
export interface Interval {
  readonly value: number
  /** NaN where the metric had no value in any resample. */
  readonly low: number
  readonly high: number
  /** Resamples in which the metric had a value. */
  readonly resamples: number
  /** Why `value` is NaN. */
  readonly reason?: string
}

/**
 * Percentile bootstrap intervals of every metric that applies. The rows are drawn again with replacement, as many as
 * there are; the bounds are the percentiles of the metric over these resamples (2.5 and 97.5 for a level of 0.95). They
 * show what other test rows would do to the score of this very model, not what other training rows would.
 *
 * A resample is the rows with counts as weights, so that nothing is sorted again.
 * @param predictions As for `scoreAll`.
 * @returns By metric name, in the order of reports. Equal seeds give equal bounds.
 * @throws CANCELLED when aborted.
 * @see Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13
 */
export function bootstrapIntervals(
  target: Target,
  predictions: Float64Array,
  options: IntervalOptions,
): Record<string, Interval> {
  const { metrics: all, weigh } = makeScorer(target, predictions, options)
  const metrics = all.filter(({ name }) => options.metrics?.includes(name) ?? true)
  const weights = checkedWeights(target, options.sampleWeight)
  const whole = weigh(weights)
  const nResamples = options.resamples ?? 1000
  const values = metrics.map(() => new Float64Array(nResamples))
  resample(targetLength(target), weights, nResamples, options, (resampled, i) => {
    const score = weigh(resampled)
    metrics.forEach((metric, m) => {
      values[m]![i] = score(metric).value
    })
  })
  return Object.fromEntries(
    metrics.map((metric, m) => [metric.name, { ...whole(metric), ...percentileBounds(values[m]!, options.level) }]),
  )
}

/**
 * Calls `visit` with the weights of each resample: how often each row was drawn, times its own weight. The array is new
 * for each. The same seed and number of rows give the same draws, so that two models can be compared draw by draw.
 */
export function resample(
  nRows: number,
  weights: Float64Array | null,
  nResamples: number,
  { seed, signal }: Pick<BootstrapOptions, 'seed' | 'signal'>,
  visit: (weights: Float64Array, index: number) => void,
): void {
  const random = new RandomState(deriveSeed(seed, 'bootstrap'))
  for (let i = 0; i < nResamples; i++) {
    if (signal?.aborted)
      throw new BellwetherError('CANCELLED', `The bootstrap was stopped after ${i} of ${nResamples} resamples.`)
    const counts = new Float64Array(nRows)
    for (let draw = 0; draw < nRows; draw++) counts[random.randint(nRows)]!++
    if (weights !== null) for (let row = 0; row < nRows; row++) counts[row]! *= weights[row]!
    visit(counts, i)
  }
}

/** The bounds between which the share `level` of the values lies, each side cut alike; values that are NaN are left out. */
export function percentileBounds(values: Float64Array, level = 0.95): { low: number; high: number; resamples: number } {
  const sorted = sortedWithoutNaN(values)
  const tail = (1 - level) / 2
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail), resamples: sorted.length }
}
