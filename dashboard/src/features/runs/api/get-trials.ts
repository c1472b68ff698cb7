import { useQuery } from '@tanstack/react-query'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { apiPath, request } from '../../../api/request.ts'

/** The trials of a run: the runs that are its children. */
export async function getTrials(id: string, signal?: AbortSignal): Promise<Run[]> {
  const answer = await request<{ runs: Run[] }>(
    `${apiPath('runs')}?parent=${encodeURIComponent(id)}&limit=1000`,
    signal ? { signal } : {},
  )
  return answer.runs
}

export function useTrials(id: string, running: boolean) {
  return useQuery({
    queryKey: ['trials', id],
    queryFn: ({ signal }) => getTrials(id, signal),
    refetchInterval: running ? 5_000 : false,
  })
}
