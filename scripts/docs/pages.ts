import { commandLinePage } from './command-line-page.ts'
import { errorsPage } from './errors-page.ts'
import { estimatorsPage } from './estimators-page.ts'
import { projectFilePage, projectSchemaFile } from './project-file-page.ts'

/** Files under docs/ that are made from the code -> what makes them. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'bellwether.schema.json': projectSchemaFile,
  'command-line.md': commandLinePage,
  'errors.md': errorsPage,
  'estimators.md': estimatorsPage,
  'project-file.md': projectFilePage,
}
