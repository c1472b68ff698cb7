import { useQuery } from '@tanstack/react-query'
import { apiPath, request } from '../../../api/request.ts'

/** A model with the version that answers for it. */
export interface ModelSummary {
  readonly name: string
  readonly aliases: Readonly<Record<string, number>>
  readonly latestVersion: number
  readonly champion: {
    readonly version: number
    readonly estimator: string
    readonly metrics: Readonly<Record<string, number>>
    readonly createdTime: number
    /** What a reader of its answers must know, such as that it learnt from synthetic data. */
    readonly notes?: readonly string[]
  } | null
}

export function getModel(name: string, signal?: AbortSignal): Promise<ModelSummary> {
  return request<ModelSummary>(apiPath('models', name), signal ? { signal } : {})
}

export function useModel(name: string) {
  return useQuery({ queryKey: ['model', name], queryFn: ({ signal }) => getModel(name, signal) })
}
