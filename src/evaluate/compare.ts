import { type Target, targetLength } from '../table/target.ts'
import { type BootstrapOptions, percentileBounds, resample } from './bootstrap.ts'
import { checkedWeights, makeScorer } from './metrics/score-all.ts'

/** One metric of two models on the same rows. */
export interface Comparison {
  readonly metric: string
  readonly title: string
  readonly greaterIsBetter: boolean
  readonly winner: Bounded
  readonly baseline: Bounded
  /** How much better the winner is (for a loss: how much lower), paired by resample; positive is better. */
  readonly gain: Bounded
  /** Share of the resamples in which the winner is better; those that are equal count half. NaN if none has a value. */
  readonly shareBetter: number
  /** Whether the interval of the gain leaves out 0, and on which side; `undecided` else, and where a value is missing. */
  readonly verdict: 'better' | 'worse' | 'undecided'
}

export interface Bounded {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * Sets a winner beside its baseline, metric by metric, so that "better than the baseline" is a fact with an interval.
 * Both are scored on the same resamples of the rows: what makes rows hard is common to both and cancels in the gain,
 * whose interval is therefore narrower than the two intervals suggest.
 * @param winner Predictions as for `scoreAll`, and so `baseline`, whose labels are its most probable classes.
 * @returns In the order of reports.
 * @throws CANCELLED when aborted.
 */
export function compareModels(
  target: Target,
  winner: Float64Array,
  baseline: Float64Array,
  options: BootstrapOptions,
): Comparison[] {
  const weights = checkedWeights(target, options.sampleWeight)
  const nResamples = options.resamples ?? 1000
  const scorers = {
    winner: makeScorer(target, winner, options),
    baseline: makeScorer(target, baseline, { ...options, decision: null }),
  }
  const { metrics } = scorers.winner
  const values = metrics.map(() => ({
    winner: new Float64Array(nResamples),
    baseline: new Float64Array(nResamples),
    gain: new Float64Array(nResamples),
  }))
  resample(targetLength(target), weights, nResamples, options, (resampled, i) => {
    const scoreWinner = scorers.winner.weigh(resampled)
    const scoreBaseline = scorers.baseline.weigh(resampled)
    metrics.forEach((metric, m) => {
      const value = values[m]!
      value.winner[i] = scoreWinner(metric).value
      value.baseline[i] = scoreBaseline(metric).value
      value.gain[i] = gained(metric.greaterIsBetter, value.winner[i]!, value.baseline[i]!)
    })
  })
  const wholeWinner = scorers.winner.weigh(weights)
  const wholeBaseline = scorers.baseline.weigh(weights)
  return metrics.map((metric, m) => {
    const { greaterIsBetter } = metric
    const own = wholeWinner(metric).value
    const other = wholeBaseline(metric).value
    const bounded = (value: number, resampled: Float64Array): Bounded => {
      const { low, high } = percentileBounds(resampled, options.level)
      return { value, low, high }
    }
    const gain = bounded(gained(greaterIsBetter, own, other), values[m]!.gain)
    return {
      metric: metric.name,
      title: metric.title,
      greaterIsBetter,
      winner: bounded(own, values[m]!.winner),
      baseline: bounded(other, values[m]!.baseline),
      gain,
      shareBetter: shareAboveZero(values[m]!.gain),
      verdict: gain.low > 0 ? 'better' : gain.high < 0 ? 'worse' : 'undecided',
    }
  })
}

function gained(greaterIsBetter: boolean, winner: number, baseline: number): number {
  return greaterIsBetter ? winner - baseline : baseline - winner
}

function shareAboveZero(gains: Float64Array): number {
  let above = 0
  let defined = 0
  for (const gain of gains) {
    if (Number.isNaN(gain)) continue
    above += gain > 0 ? 1 : gain === 0 ? 0.5 : 0
    defined++
  }
  return above / defined
}
