import { useQuery } from '@tanstack/react-query'
import { apiPath, request } from '../../../api/request.ts'

/** What is shown of the graph: whether there is anything to draw. */
interface Lineage {
  readonly edges: readonly { readonly from: string; readonly to: string; readonly as: string }[]
}

/** What a run or model was made from, and what was made from it. */
export function useLineage(id: string) {
  return useQuery({
    queryKey: ['lineage', id],
    queryFn: ({ signal }) => request<Lineage>(apiPath('lineage', id), { signal }),
    retry: false,
  })
}

/** Where the server draws it. */
export function lineagePicture(id: string): string {
  return `${apiPath('lineage', id)}?format=svg`
}
