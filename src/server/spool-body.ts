import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fileError } from '../data/file-error.ts'
import { BellwetherError } from '../errors.ts'

export interface SpoolOptions {
  /** Of what lies in the file afterwards: of a packed body what it unpacks to, so that a small body can't become a large file. */
  readonly maxBytes: number
  /** Whether the body came with `Content-Encoding: gzip`. The file is plain. */
  readonly gzip?: boolean
  /** What to do with a body that is too large. */
  readonly hint?: string
}

/**
 * Writes a body to a new file, in constant memory.
 * @returns the size of the file, bytes
 * @throws BODY_TOO_LARGE, DISK_FULL, FILE_UNREADABLE for what is no gzip
 */
export async function spoolBody(
  body: Readable | undefined,
  file: string,
  { maxBytes, gzip = false, hint }: SpoolOptions,
): Promise<number> {
  let sizeBytes = 0
  const output = await open(file, 'wx', 0o600)
  try {
    for await (const part of !body ? [] : gzip ? unpacked(body) : body) {
      sizeBytes += (part as Buffer).length
      if (sizeBytes > maxBytes)
        throw new BellwetherError(
          'BODY_TOO_LARGE',
          `The body is larger than the ${maxBytes} bytes that are taken${gzip ? ' once it is unpacked' : ''}.`,
          hint === undefined ? {} : { hint },
        )
      await output.writeFile(part as Buffer)
    }
    return sizeBytes
  } catch (error) {
    throw fileError(error, 'the body')
  } finally {
    await output.close()
  }
}

/** An error on either side ends both, and reaches whoever reads. */
function unpacked(body: Readable): Readable {
  return pipeline(body, createGunzip(), () => {})
}
