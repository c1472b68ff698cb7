import { useQuery } from '@tanstack/react-query'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { apiPath, request } from '../../../api/request.ts'

/** The newest runs that are nobody's trial. */
export async function getRuns(signal?: AbortSignal): Promise<Run[]> {
  const answer = await request<{ runs: Run[] }>(`${apiPath('runs')}?parent=none&limit=50`, signal ? { signal } : {})
  return answer.runs
}

/** While a run goes on, the list is asked for again. */
export function useRuns() {
  return useQuery({
    queryKey: ['runs'],
    queryFn: ({ signal }) => getRuns(signal),
    refetchInterval: (query) => (query.state.data?.some((run) => run.status === 'RUNNING') ? 5_000 : false),
  })
}
