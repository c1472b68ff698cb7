import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { checkFile } from '../data/check-file.ts'
import { type DataPlace, isLocalFile } from '../data/table-source.ts'
import { BellwetherError } from '../errors.ts'
import type { ProjectOptions } from '../pipeline/project.ts'
import { VERSION } from '../version.ts'

/** The tag by which `start` finds what it trained before. */
export const INPUTS_TAG = 'bellwether.inputs'

/** SHA-256 over all that decides a run's result: the file's bytes (or its address), the project's options, this program's version. @throws FILE_* */
export async function fingerprint(file: DataPlace, options: ProjectOptions): Promise<string> {
  const hash = createHash('sha256').update(`${VERSION}\n${JSON.stringify(options)}\n`)
  // What stands at an address, in a database or in several files is not fetched only to see whether it changed: `bellwether run` trains on it anew.
  if (typeof file !== 'string' || !isLocalFile(file)) return hash.update(JSON.stringify(file)).digest('hex')
  await checkFile(file)
  try {
    await pipeline(createReadStream(file), hash)
  } catch (cause) {
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `"${file}" cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'error'}.`,
      { cause },
    )
  }
  return hash.digest('hex')
}
