import { useQuery } from '@tanstack/react-query'
import type { RegisteredModel } from '../../../../../src/track/model-registry.ts'
import { apiPath, request } from '../../../api/request.ts'

/** The registered models by name. */
export async function getModels(signal?: AbortSignal): Promise<RegisteredModel[]> {
  const answer = await request<{ models: RegisteredModel[] }>(apiPath('models'), signal ? { signal } : {})
  return answer.models
}

export function useModels() {
  return useQuery({ queryKey: ['models'], queryFn: ({ signal }) => getModels(signal) })
}
