import { stat } from 'node:fs/promises'
import { BellwetherError } from '../errors.ts'
import { fileError } from './file-error.ts'

/**
 * Refuses what is no file with content before anything opens it: a pipe would be waited for without end, a device read without end.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY
 */
export async function checkFile(file: string): Promise<void> {
  const facts = await stat(file).catch((error: unknown) => {
    throw fileError(error, file)
  })
  if (facts.isDirectory()) throw new BellwetherError('FILE_UNREADABLE', `${file} is a folder; expected a file.`)
  if (!facts.isFile()) {
    throw new BellwetherError('FILE_UNREADABLE', `${file} is a pipe, a socket or a device; expected a file.`, {
      hint: 'A table is read more than once: write it to a file first, and name that.',
    })
  }
  if (facts.size === 0) throw new BellwetherError('FILE_EMPTY', `${file} is empty.`)
}
