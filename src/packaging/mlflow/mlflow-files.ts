import { MANIFEST_FILE } from '../manifest.ts'
import type { WrittenFile } from '../write-package.ts'

/** The file by which MLflow says what a folder with a model holds. */
export const MLMODEL_FILE = 'MLmodel'

/** Whether a version's files are a model that MLflow's client logged, rather than a package of ours. */
export function isMlflowModel(files: readonly WrittenFile[]): boolean {
  const paths = new Set(files.map(({ path }) => path))
  return paths.has(MLMODEL_FILE) && !paths.has(MANIFEST_FILE)
}
