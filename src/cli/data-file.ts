import { type DataPlace, resolveSource } from '../data/table-source.ts'
import { BellwetherError } from '../errors.ts'
import type { Project } from '../pipeline/load-project.ts'
import { projectPlace } from '../pipeline/load-project-data.ts'
import { text } from './context.ts'

/** The table to read: `--data`, or the project file's `data.source` beside it. @throws USAGE, URL_REFUSED */
export function dataFile(options: Record<string, unknown>, project: Project): DataPlace {
  const given = text(options, 'data')
  if (given) return resolveSource(given, '.')
  const place = projectPlace(project.options, project.folder)
  if (place === null)
    throw new BellwetherError(
      'USAGE',
      `The project "${project.options.name}" names no data.source, and --data was not given.`,
    )
  return place
}
