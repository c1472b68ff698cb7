import { useMutation } from '@tanstack/react-query'
import { apiPath, request } from '../../../api/request.ts'

/** A value in a record, as JSON writes it. */
export type FieldValue = string | number | boolean | null

export type InputRecord = Readonly<Record<string, FieldValue>>

export interface Contribution {
  readonly feature: string
  readonly value: FieldValue
  readonly contribution: number
}

/** `base` and the contributions add up to the score. */
export interface Explanation {
  /** What the contributions add up to, such as "log-odds of Dropout". */
  readonly score: string
  readonly base: number
  readonly contributions: readonly Contribution[]
}

interface AnyPrediction {
  readonly id: string
  readonly warnings: readonly { readonly path: string; readonly message: string }[]
  readonly explanation?: Explanation | null
}

export interface ClassPrediction extends AnyPrediction {
  readonly label: string
  readonly confidence: number
  readonly probabilities: Readonly<Record<string, number>>
  /** Classes that can't be ruled out, when the model has such sets. */
  readonly set?: readonly string[] | null
}

export interface ValuePrediction extends AnyPrediction {
  readonly value: number
  readonly interval?: readonly [number, number] | null
}

export type Prediction = ClassPrediction | ValuePrediction

export interface PredictAnswer {
  readonly model: { readonly name: string; readonly version: number; readonly alias?: string | null }
  readonly predictions: readonly Prediction[]
}

/** The request's body, also shown to the reader who wants to send it by other means. */
export function predictBody(record: InputRecord): { records: InputRecord[]; explain: true } {
  return { records: [record], explain: true }
}

export function predictPath(model: string): string {
  return apiPath('models', model, 'predict')
}

/** Asks the model about one record, with reasons. */
export function postPredict(model: string, record: InputRecord): Promise<PredictAnswer> {
  return request<PredictAnswer>(predictPath(model), { method: 'POST', body: predictBody(record) })
}

export function usePredict(model: string) {
  return useMutation({ mutationFn: (record: InputRecord) => postPredict(model, record) })
}
