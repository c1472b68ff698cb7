import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe } from 'vitest'
import { NO_DATASETS, noteNotRun } from './test-notes.ts'

/** Folder with the real data sets (BELLWETHER_DATASETS), or null where the machine has none. */
export const datasetsFolder: string | null = process.env.BELLWETHER_DATASETS || null

/**
 * Path of a file of the real data sets. Only for use inside `describeWithDatasets`: a skipped suite's body is run as well, to
 * count its tests, so without the data this gives a path where nothing lies, whose name says why.
 */
export function dataset(...parts: string[]): string {
  if (!datasetsFolder) return path.join('BELLWETHER_DATASETS-is-not-set', ...parts)
  const file = path.join(datasetsFolder, ...parts)
  if (!existsSync(file)) throw new Error(`BELLWETHER_DATASETS is set, but ${parts.join('/')} is not in it.`)
  return file
}

/**
 * A suite over the real data. Where BELLWETHER_DATASETS is unset it is skipped, and named in the summary of `npm test`
 * (which reads the note that this leaves behind); that alone is not a failure.
 */
export function describeWithDatasets(name: string, suite: () => void): void {
  if (datasetsFolder) {
    describe(name, suite)
    return
  }
  noteNotRun(name, NO_DATASETS)
  describe.skip(name, suite)
}
