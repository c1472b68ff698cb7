import { quantileSorted } from '../table/quantile.ts'

/** Bounds to which numbers are pulled. */
export type Clip = { readonly low: number; readonly high: number }

export interface ClipOptions {
  readonly clip: 'none' | 'iqr' | 'quantile'
  readonly clipFactor: number
  readonly clipLow: number
  readonly clipHigh: number
}

/**
 * Learns the bounds. `iqr`: Q1 - f (Q3 - Q1) to Q3 + f (Q3 - Q1), Tukey's fences. `quantile`: from one quantile to the other.
 * Where the quartiles are equal (a column that is mostly one value), Tukey's fences would make all rows equal: then nothing is clipped.
 * @param sorted Values of the training rows without missing ones, ascending.
 */
export function fitClip(sorted: Float64Array, options: ClipOptions): Clip | null {
  if (sorted.length === 0) return null
  switch (options.clip) {
    case 'none':
      return null
    case 'quantile':
      return { low: quantileSorted(sorted, options.clipLow), high: quantileSorted(sorted, options.clipHigh) }
    case 'iqr': {
      const first = quantileSorted(sorted, 0.25)
      const third = quantileSorted(sorted, 0.75)
      const reach = options.clipFactor * (third - first)
      return reach > 0 ? { low: first - reach, high: third + reach } : null
    }
  }
}

/** Clips `data` from `begin` to `end` in place; NaN stays. */
export function applyClip({ low, high }: Clip, data: Float64Array, begin: number, end: number): void {
  for (let i = begin; i < end; i++) {
    const value = data[i]!
    if (value < low) data[i] = low
    else if (value > high) data[i] = high
  }
}
