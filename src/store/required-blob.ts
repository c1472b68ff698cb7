import { BellwetherError } from '../errors.ts'
import type { BlobStore } from '../track/blob-store.ts'

/** A row may only name a blob that is on disk: so nothing is ever registered without its files. @throws BLOB_NOT_FOUND */
export async function requireBlob(blobs: BlobStore, hash: string, what: string): Promise<void> {
  if (!(await blobs.has(hash))) {
    throw new BellwetherError(
      'BLOB_NOT_FOUND',
      `${what} names the blob ${JSON.stringify(hash.slice(0, 80))}, which was not put into the store.`,
    )
  }
}

/** @throws INVALID_INPUT for a number that no column of whole numbers holds exactly. */
export function requireInteger(value: number, path: string): void {
  if (!Number.isSafeInteger(value)) {
    const message = `expected a whole number, got ${value}`
    throw new BellwetherError('INVALID_INPUT', `${path}: ${message}.`, { details: [{ path, message }] })
  }
}
