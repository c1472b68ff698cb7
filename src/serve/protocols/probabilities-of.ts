import type { ModelSignature } from '../../packaging/signature.ts'
import type { Prediction } from '../prediction.ts'

/** Probabilities in the order of the classes or clusters; none of a number, and of clusters without. */
export function probabilitiesOf(prediction: Prediction, { target }: ModelSignature): number[] {
  if ('label' in prediction) return target?.classes.map((name) => prediction.probabilities[name]!) ?? []
  return 'cluster' in prediction ? [...(prediction.probabilities ?? [])] : []
}
