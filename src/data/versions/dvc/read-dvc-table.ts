import { constants } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../../errors.ts'
import { withTemporaryFolder } from '../../duckdb.ts'
import { resolveDvc } from './resolve-dvc.ts'

/**
 * Lends the one file that a pointer of DVC names, under the name that it has there, by which tables are read.
 * @throws DVC_INVALID where it names a folder or several outputs, and as `resolveDvc`
 */
export async function withDvcFile<T>(pointer: string, use: (file: string) => Promise<T>, remote?: string): Promise<T> {
  return withTemporaryFolder(async (scratch) => {
    const contents = await resolveDvc(pointer, { scratch, remote })
    const [only] = contents
    if (!only || contents.length > 1 || only.output.isFolder)
      throw new BellwetherError(
        'DVC_INVALID',
        `${path.basename(pointer)} names a folder or several outputs; a table is one file.`,
        {
          hint: 'Name the pointer of one table, or keep the files with `bellwether data add`.',
        },
      )
    const file = path.join(scratch, only.name)
    await copyFile(only.files[0]!.file, file, constants.COPYFILE_FICLONE)
    return use(file)
  })
}
