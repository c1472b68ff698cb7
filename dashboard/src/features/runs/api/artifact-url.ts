import { apiPath } from '../../../api/request.ts'

/** Where an artifact of a run is read; its path keeps its slashes. */
export function artifactUrl(runId: string, path: string): string {
  return apiPath('runs', runId, 'artifacts', ...path.split('/'))
}
