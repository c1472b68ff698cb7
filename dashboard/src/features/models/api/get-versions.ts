import { useQueries, useQuery } from '@tanstack/react-query'
import type { ModelVersion } from '../../../../../src/track/model-registry.ts'
import { apiPath, request } from '../../../api/request.ts'

/** The versions of a model, newest first. */
export async function getVersions(model: string, signal?: AbortSignal): Promise<ModelVersion[]> {
  const answer = await request<{ versions: ModelVersion[] }>(
    apiPath('models', model, 'versions'),
    signal ? { signal } : {},
  )
  return answer.versions
}

function versionsQuery(model: string) {
  return { queryKey: ['versions', model], queryFn: ({ signal }: { signal: AbortSignal }) => getVersions(model, signal) }
}

export function useVersions(model: string) {
  return useQuery(versionsQuery(model))
}

/** What runs became: run id -> "academic-risk v3", over all these models; what has not arrived yet is left out. */
export function useVersionsByRun(models: readonly string[]): ReadonlyMap<string, string> {
  return useQueries({
    queries: models.map(versionsQuery),
    combine: (results) =>
      new Map(
        results.flatMap((result) =>
          (result.data ?? []).map((version) => [version.runId, `${version.model} v${version.version}`] as const),
        ),
      ),
  })
}
