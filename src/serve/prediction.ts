import type { ErrorDocument } from '../errors.ts'

/** A value seen for the first time: scored, named here, counted for drift. */
export interface PredictionWarning {
  readonly path: string
  readonly message: string
}

export interface Contribution {
  readonly feature: string
  /** As the caller sent it, or as it was made from others; null where it is missing, and for texts, which are not sent back. */
  readonly value: string | number | boolean | null
  readonly contribution: number
  /**
   * Of a text, its own terms that move the score most, at most 10, largest first; their sum is a part of the contribution. Hashed terms
   * that fell into one column stand together, with commas.
   */
  readonly terms?: readonly { readonly term: string; readonly contribution: number }[]
}

/** Why an answer is what it is: `base` and all contributions add up to `total`, in the space that `score` names. */
export interface Explanation {
  /** Such as `softmax score of Dropout`, `log-odds of pass`, or the target's name for a number. */
  readonly score: string
  /** The score without knowing the record; of a blend the mean score of its background rows. */
  readonly base: number
  readonly total: number
  /** Of a blend: how many made-up rows, spread as those of training, the record is compared with. */
  readonly backgroundRows?: number
  /** Largest influence first, whatever its sign. */
  readonly contributions: readonly Contribution[]
}

export interface ClassPrediction {
  readonly id: string
  readonly label: string
  /** Probability of the label. */
  readonly confidence: number
  readonly probabilities: Readonly<Record<string, number>>
  /** Labels that hold the truth with the promised probability, most probable first; null when the model makes no such promise. */
  readonly set: readonly string[] | null
  readonly warnings: readonly PredictionWarning[]
  readonly explanation?: Explanation
}

export interface ValuePrediction {
  readonly id: string
  readonly value: number
  /** Bounds that hold the truth with the promised probability; null when the model makes no such promise. */
  readonly interval: readonly [number, number] | null
  readonly warnings: readonly PredictionWarning[]
  readonly explanation?: Explanation
}

export interface ClusterPrediction {
  readonly id: string
  /** From 0; the number means nothing by itself. */
  readonly cluster: number
  /** Of each cluster, in their order; mixtures have them. */
  readonly probabilities?: readonly number[]
  /** To the centre of each cluster, in the columns that the clusterer sees; k-means has them. */
  readonly distances?: readonly number[]
  readonly warnings: readonly PredictionWarning[]
  /** Of the cluster's margin over the next one. */
  readonly explanation?: Explanation
}

export type Prediction = ClassPrediction | ValuePrediction | ClusterPrediction

/** The answer in one word: the label, the number, or the cluster. */
export function mainAnswer(prediction: Prediction): string | number {
  if ('label' in prediction) return prediction.label
  return 'value' in prediction ? prediction.value : prediction.cluster
}

/** In a batch that may answer in part: a record that can't be scored. */
export interface FailedPrediction {
  readonly error: ErrorDocument
}

export function isFailed(prediction: Prediction | FailedPrediction): prediction is FailedPrediction {
  return 'error' in prediction
}
