import type { DataOptions } from '../data/data-options.ts'
import { type LoadedDataset, loadDataset } from '../data/load-dataset.ts'
import type { ProjectOptions } from './project.ts'
import { isExpression } from './roles.ts'

/**
 * Reads and checks a project's table as a run does, so that whatever command reads it gets the same version.
 * @param rejects In place of the project's policy on bad rows.
 * @throws what `loadDataset` throws
 */
export function loadProjectData(
  options: ProjectOptions,
  file: string,
  { rejects, signal }: { rejects?: DataOptions['rejects']; signal?: AbortSignal | undefined } = {},
): Promise<LoadedDataset> {
  return loadDataset({
    file,
    options: rejects ? { ...options.data, rejects } : options.data,
    targetKind: options.task === 'classification' ? 'category' : 'number',
    targetIsExpression: isExpression(options.data.target),
    signal,
  })
}
