import { useQuery } from '@tanstack/react-query'
import type { RunDetail } from '../../../../../src/track/tracking-store.ts'
import { apiPath, request } from '../../../api/request.ts'

/** One run with its artifacts and datasets. */
export async function getRun(id: string, signal?: AbortSignal): Promise<RunDetail> {
  const answer = await request<RunDetail | { run: RunDetail }>(apiPath('runs', id), signal ? { signal } : {})
  return 'run' in answer ? answer.run : answer
}

export function useRun(id: string) {
  return useQuery({
    queryKey: ['run', id],
    queryFn: ({ signal }) => getRun(id, signal),
    refetchInterval: (query) => (query.state.data?.status === 'RUNNING' ? 5_000 : false),
  })
}
