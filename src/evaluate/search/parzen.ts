import type { Distribution } from '../../learn/search-space.ts'
import type { RandomState } from '../../table/random.ts'
import { normalCdf } from './normal-cdf.ts'
import type { ParamValue } from './params.ts'

/** How likely a value of an option is among trials of one sort, learnt from those trials' values. */
export interface ParzenEstimator {
  /** A value of the distribution, within its bounds. */
  sample(random: RandomState): ParamValue
  /** Of a value within the bounds: log of its density, or of its probability where there are only so many values. */
  logLikelihood(value: ParamValue): number
}

/**
 * Parzen estimator over one of our distributions: each value that was seen is a kernel, and one kernel more is the distribution
 * itself, so that no value ever becomes impossible. A kernel of numbers is a normal one, cut off at the bounds, on the scale
 * on which the distribution is uniform (logarithms where it has them); it is as wide as the farther of its two neighbours is
 * away, though not narrower than a share of the range that shrinks with the number of kernels. Whole numbers stand for the
 * interval from themselves to the next. Choices are counted, each once more than it was seen.
 * @param seen Values that trials had; those that the distribution cannot give (an estimator's default, say) are moved to the
 *   bound or, where they are no numbers or no choices, left out.
 * @see Bergstra, Bardenet, Bengio and Kégl (2011), Algorithms for hyper-parameter optimization, NeurIPS 24, section 4
 */
export function parzenEstimator(distribution: Distribution, seen: readonly ParamValue[]): ParzenEstimator {
  if (distribution.type === 'choice') return ofChoices(distribution.values, seen)
  const scale = scaleOf(distribution)
  const { low, high } = scale
  const range = high - low
  if (range === 0) return { sample: () => scale.value(low), logLikelihood: () => 0 }
  const numbers = seen.filter((value) => typeof value === 'number' && !Number.isNaN(value)) as number[]
  const kernels = kernelsOf(
    numbers.map((value) => Math.min(high, Math.max(low, scale.place(value)))),
    low,
    high,
  )
  return {
    sample(random) {
      const { middle, width } = kernels[random.randint(kernels.length)]!
      for (;;) {
        const at = middle + width * random.normal()
        if (at >= low && at <= high) return scale.value(at)
      }
    },
    logLikelihood(value) {
      const [from, to] = scale.cell(value as number)
      let sum = 0
      for (const { middle, width, inside } of kernels) {
        const a = (from - middle) / width
        const mass =
          to === from
            ? Math.exp(-0.5 * a * a) / (width * Math.sqrt(2 * Math.PI))
            : normalCdf((to - middle) / width) - normalCdf(a)
        sum += mass / inside
      }
      return Math.log(sum / kernels.length)
    },
  }
}

interface Kernel {
  readonly middle: number
  readonly width: number
  /** Its probability between the bounds. */
  readonly inside: number
}

function kernelsOf(seen: readonly number[], low: number, high: number): Kernel[] {
  const range = high - low
  const middles = [...seen, (low + high) / 2]
  const order = [...middles.keys()].sort((a, b) => middles[a]! - middles[b]! || a - b)
  const narrowest = range / Math.min(100, 1 + middles.length)
  return order.map((i, rank) => {
    const middle = middles[i]!
    const isPrior = i === seen.length
    const left = rank === 0 ? 0 : middle - middles[order[rank - 1]!]!
    const right = rank === order.length - 1 ? 0 : middles[order[rank + 1]!]! - middle
    const width = isPrior ? range : Math.min(range, Math.max(narrowest, left, right))
    return { middle, width, inside: normalCdf((high - middle) / width) - normalCdf((low - middle) / width) }
  })
}

/** The line on which a distribution is uniform. */
interface Scale {
  readonly low: number
  readonly high: number
  /** Where a value lies on the line. */
  place(value: number): number
  /** The part of the line that a value stands for; a point where values are not counted. */
  cell(value: number): readonly [number, number]
  /** The value at a place between the bounds. */
  value(place: number): number
}

function scaleOf(distribution: Exclude<Distribution, { type: 'choice' }>): Scale {
  const { type, low, high } = distribution
  const within = (value: number) => Math.min(high, Math.max(low, value))
  if (type === 'int') {
    const to = distribution.log ? Math.log : (value: number) => value
    const back = distribution.log ? Math.exp : (place: number) => place
    return {
      low: to(low),
      high: to(high + 1),
      place: (value) => to(Math.max(low, value) + 0.5),
      cell: (value) => [to(value), to(value + 1)],
      value: (place) => within(Math.floor(back(place))),
    }
  }
  const log = type === 'logUniform'
  const to = log ? (value: number) => Math.log(Math.max(low, value)) : (value: number) => value
  return {
    low: to(low),
    high: to(high),
    place: to,
    cell: (value) => [to(value), to(value)],
    value: (place) => within(log ? Math.exp(place) : place),
  }
}

function ofChoices(values: readonly ParamValue[], seen: readonly ParamValue[]): ParzenEstimator {
  const counts = new Float64Array(values.length).fill(1)
  for (const value of seen) {
    const i = values.indexOf(value)
    if (i >= 0) counts[i]!++
  }
  const total = counts.reduce((sum, count) => sum + count, 0)
  return {
    sample(random) {
      let left = random.randint(total)
      for (let i = 0; ; i++) {
        left -= counts[i]!
        if (left < 0) return values[i]!
      }
    },
    logLikelihood: (value) => Math.log(counts[values.indexOf(value)]! / total),
  }
}
