import { useMutation } from '@tanstack/react-query'
import type { Prediction } from '../../../../../src/serve/prediction.ts'
import { apiPath, request } from '../../../api/request.ts'

/** A value in a record, as JSON writes it. */
export type FieldValue = string | number | boolean | null

export type InputRecord = Readonly<Record<string, FieldValue>>

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
