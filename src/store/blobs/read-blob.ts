import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { storageError } from '../storage-errors.ts'
import { blobContext, contentOf } from './stored-form.ts'

const HASH = /^sha256:([0-9a-f]{64})$/

/** The file of a blob. Null for what is no hash: no text of a caller ever becomes a part of a path. */
export function blobFile(root: string, hash: string): string | null {
  const hex = HASH.exec(hash)?.[1]
  return hex ? path.join(root, hex.slice(0, 2), hex) : null
}

/** The whole content of a blob, checked. @throws BLOB_NOT_FOUND, BLOB_CORRUPT, ENCRYPTION_KEY_MISSING, a storage error */
export async function readBlob(root: string, hash: string, ring: KeyRing | null): Promise<Uint8Array> {
  const file = blobFile(root, hash)
  if (file === null) throw noBlob(root, null)
  let stored: Buffer
  try {
    stored = await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noBlob(root, hash)
    throw storageError(error, file)
  }
  const bytes = await contentOf(stored, ring, blobContext(hash))
  if (sha256(bytes) !== hash) {
    throw new BellwetherError(
      'BLOB_CORRUPT',
      `Blob ${hash} has other content than its name says (${bytes.length} bytes in ${file}).`,
    )
  }
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** @param hash Null for a name that is no hash. */
export function noBlob(root: string, hash: string | null): BellwetherError {
  return new BellwetherError('BLOB_NOT_FOUND', `There is no blob ${hash ?? 'of that name'} in ${root}.`)
}
