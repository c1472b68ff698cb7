import { BellwetherError } from '../../errors.ts'

/** One model of several that may be blended. */
export interface BlendCandidate {
  /** For reports, such as `random-forest 3`. */
  readonly name: string
  /** Of which the best few are always looked at, such as `random-forest`: models of another kind err on other rows. */
  readonly kind?: string
  /** A constant or a weighted sum of columns, which a reader can follow: it answers alone unless a blend is surely better. */
  readonly isSimple?: boolean
  /** Out of fold: probabilities, shape (nRows * nClasses) row-major, or values, shape (nRows); NaN for rows that no fold predicted. */
  readonly predictions: Float64Array
}

/**
 * The weighted mean of several models' predictions, in the order of the models; those of weight 0 are not looked at. A row's
 * answer never depends on other rows, to the last bit.
 * @param predictions Of each model, all of one shape: probabilities or values.
 * @param weights shape (nModels), not negative; sum 1 where rows of probabilities are to sum to 1.
 * @throws INTERNAL when the numbers of models and weights, or the shapes, disagree; when no weight is above 0.
 */
export function blendPredictions(predictions: readonly Float64Array[], weights: ArrayLike<number>): Float64Array {
  if (predictions.length !== weights.length) {
    const message = `Expected a weight for each of ${predictions.length} models, came ${weights.length}.`
    throw new BellwetherError('INTERNAL', message)
  }
  let blended: Float64Array | null = null
  for (const [model, own] of predictions.entries()) {
    const weight = weights[model]!
    if (!(weight > 0)) continue
    blended ??= new Float64Array(own.length)
    if (own.length !== blended.length) {
      const message = `Expected ${blended.length} predictions of each model, came ${own.length}.`
      throw new BellwetherError('INTERNAL', message)
    }
    for (let i = 0; i < own.length; i++) blended[i]! += weight * own[i]!
  }
  if (blended === null) throw new BellwetherError('INTERNAL', 'A blend expects at least one weight above 0.')
  return blended
}
