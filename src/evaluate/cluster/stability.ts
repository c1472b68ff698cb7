import { BellwetherError } from '../../errors.ts'
import { throwIfCancelled } from '../../learn/check-fit-input.ts'
import type { ClustererDefinition, FittedClusterer } from '../../learn/cluster/clusterer.ts'
import { type Matrix, selectMatrixRows } from '../../table/matrix.ts'
import { deriveSeed, RandomState } from '../../table/random.ts'
import { type Score, undefinedScore } from '../metrics/metric.ts'
import { adjustedRandIndex } from './adjusted-rand.ts'

export interface StabilityInput {
  readonly x: Matrix
  /** Fitted on all rows. */
  readonly model: FittedClusterer
  readonly definition: ClustererDefinition
  /** Those that the model was fitted with. */
  readonly options: unknown
  readonly seed: number
  /** Fits, each on half of the rows and from other starting points. Default 10. */
  readonly repeats?: number
  readonly signal?: AbortSignal
}

export interface Stability {
  /** Mean over the repeats. */
  readonly mean: Score
  /** Adjusted Rand index of each repeat. */
  readonly repeats: readonly number[]
}

/**
 * Whether other rows give the same clusters: the clusterer is fitted again on half of the rows, drawn without replacement, from
 * other starting points; all rows are put into the clusters of either, and the adjusted Rand index says how far the two agree. 1
 * the same clusters each time, about 0 clusters that are chance. A half that cannot be fitted is left out.
 * @throws CANCELLED
 * @see von Luxburg (2010), Clustering stability: an overview, https://doi.org/10.1561/2200000008
 */
export function clusterStability(input: StabilityInput): Stability {
  const { x, model, definition, options, seed, repeats = 10, signal } = input
  const labels = model.predict(x)
  const half = Math.floor(x.nRows / 2)
  const found: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    throwIfCancelled(signal)
    const own = deriveSeed(seed, 'stability', repeat)
    const rows = new RandomState(own).permutation(x.nRows).subarray(0, half).sort()
    try {
      const again = definition.fit({ x: selectMatrixRows(x, rows), seed: own, ...(signal ? { signal } : {}) }, options)
      found.push(adjustedRandIndex(labels, again.predict(x)))
    } catch (error) {
      if (!(error instanceof BellwetherError) || error.status !== 422) throw error
    }
  }
  if (found.length === 0) return { mean: undefinedScore('half of the rows have too few that differ'), repeats: found }
  return { mean: { value: found.reduce((sum, value) => sum + value, 0) / found.length }, repeats: found }
}
