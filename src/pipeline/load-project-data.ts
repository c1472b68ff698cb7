import type { DataOptions } from '../data/data-options.ts'
import { type LoadedDataset, loadDataset } from '../data/load-dataset.ts'
import { type DataPlace, resolveTableSource } from '../data/table-source.ts'
import type { ProjectOptions } from './project.ts'
import { isExpression } from './roles.ts'

/**
 * Reads and checks a project's table as a run does, so that whatever command reads it gets the same version.
 * @param rejects In place of the project's policy on bad rows.
 * @throws what `loadDataset` throws
 */
export function loadProjectData(
  options: ProjectOptions,
  file: DataPlace,
  { rejects, signal }: { rejects?: DataOptions['rejects']; signal?: AbortSignal | undefined } = {},
): Promise<LoadedDataset> {
  return loadDataset({
    file,
    options: rejects ? { ...options.data, rejects } : options.data,
    ...(options.task === 'clustering' ? {} : { targetKind: options.task === 'classification' ? 'category' : 'number' }),
    targetIsExpression: options.data.target !== null && isExpression(options.data.target),
    signal,
  })
}

/**
 * Where a project says that its table is, relative paths from its folder; null where it names none.
 * @throws URL_REFUSED
 */
export function projectPlace({ data }: Pick<ProjectOptions, 'data'>, folder: string): DataPlace | null {
  if (data.source !== undefined) return resolveTableSource(data.source, folder)
  if (data.sources === undefined || data.query === undefined) return null
  const sources = Object.entries(data.sources).map(([name, source]) => [name, resolveTableSource(source, folder)])
  return { sources: Object.fromEntries(sources), query: data.query }
}
