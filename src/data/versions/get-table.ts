import { randomBytes } from 'node:crypto'
import { copyFile, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import { fileLiteral, literal, withDuckDb } from '../duckdb.ts'
import { fileError } from '../file-error.ts'

/**
 * Writes a table's Parquet file out as a file of the format that the name says: .parquet as it is, .csv and .tsv with a header, .jsonl. The file
 * appears whole.
 * @throws FORMAT_UNSUPPORTED, TARGET_EXISTS, DISK_FULL
 */
export async function writeTableFile(parquet: string, file: string): Promise<void> {
  const extension = path.extname(file).toLowerCase()
  const format = FORMATS.get(extension)
  if (format === undefined)
    throw new BellwetherError(
      'FORMAT_UNSUPPORTED',
      `A table is written as ${[...FORMATS.keys()].join(', ')}; got "${extension}".`,
      {
        hint: 'Name a file with one of these endings.',
      },
    )
  if (await stat(file).catch(() => null)) throw new BellwetherError('TARGET_EXISTS', `${file} is there already.`)
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    // Made here, so that the parent's absence and the permissions are told as for any file.
    await (await open(temporary, 'wx', 0o600)).close()
    if (format === 'parquet') await copyFile(parquet, temporary)
    else {
      await withDuckDb(async (connection) => {
        await connection.run("SET TimeZone = 'UTC'").catch(() => undefined)
        await connection.run(
          `COPY (SELECT * FROM read_parquet(${fileLiteral(parquet)})) TO ${literal(temporary)} (${format})`,
        )
      })
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    if (error instanceof Error && /No space left on device/.test(error.message))
      throw new BellwetherError('DISK_FULL', `The disk is full: ${file} can't be written.`)
    throw fileError(error, file)
  }
}

const FORMATS: ReadonlyMap<string, string> = new Map([
  ['.parquet', 'parquet'],
  ['.csv', 'FORMAT csv, HEADER'],
  ['.tsv', "FORMAT csv, HEADER, DELIMITER '\t'"],
  ['.jsonl', 'FORMAT json'],
  ['.ndjson', 'FORMAT json'],
])
