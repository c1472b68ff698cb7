import { useQuery } from '@tanstack/react-query'
import type { ModelSignature } from '../../../../../src/packaging/signature.ts'
import { apiPath, request } from '../../../api/request.ts'

/** What a model wants to be asked, and answers with. */
export function getSignature(model: string, signal?: AbortSignal): Promise<ModelSignature> {
  return request<ModelSignature>(apiPath('models', model, 'signature'), signal ? { signal } : {})
}

export function useSignature(model: string) {
  return useQuery({ queryKey: ['signature', model], queryFn: ({ signal }) => getSignature(model, signal) })
}
