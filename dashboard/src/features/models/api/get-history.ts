import { useQuery } from '@tanstack/react-query'
import type { LedgerEntry } from '../../../../../src/track/model-registry.ts'
import { apiPath, request } from '../../../api/request.ts'

/** Every change of a model's versions and aliases, oldest first. */
export async function getHistory(model: string, signal?: AbortSignal): Promise<LedgerEntry[]> {
  const answer = await request<{ entries: LedgerEntry[] }>(
    apiPath('models', model, 'history'),
    signal ? { signal } : {},
  )
  return answer.entries
}

export function useHistory(model: string) {
  return useQuery({ queryKey: ['history', model], queryFn: ({ signal }) => getHistory(model, signal) })
}
