import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe } from 'vitest'

/** Folder with the real data sets (BELLWETHER_DATASETS), or null where the machine has none. */
export const datasetsFolder: string | null = process.env.BELLWETHER_DATASETS || null

/** Path of a file of the real data sets. Only for use inside `describeWithDatasets`. */
export function dataset(...parts: string[]): string {
  if (!datasetsFolder) throw new Error('BELLWETHER_DATASETS is not set; guard the suite with describeWithDatasets.')
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
  const notes = process.env.BELLWETHER_TEST_NOTES
  if (notes) {
    mkdirSync(notes, { recursive: true })
    writeFileSync(path.join(notes, `${name.replaceAll(/[^\w.-]+/g, '-')}.skip`), `${name}: needs the real data sets (set BELLWETHER_DATASETS)\n`)
  }
  describe.skip(name, suite)
}
