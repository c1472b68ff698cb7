import type { BlobStore } from '../../track/blob-store.ts'
import type { ErasureStore } from '../../track/erasure-store.ts'

/**
 * Destroys what was noted to be destroyed, the keys that it was encrypted with too, and cleans the database of what was overwritten. What a process that
 * was killed had noted is done by the next.
 * @returns how many blobs
 */
export async function destroyBlobs({
  erasures,
  blobs,
}: {
  readonly erasures: Pick<ErasureStore, 'toDestroy' | 'destroyed' | 'purge'>
  readonly blobs: Pick<BlobStore, 'delete'>
}): Promise<number> {
  const hashes = await erasures.toDestroy()
  if (hashes.length === 0) return 0
  for (const hash of hashes) await blobs.delete(hash)
  await erasures.purge()
  // Last: until here a process that is killed leaves the note.
  await erasures.destroyed(hashes)
  return hashes.length
}
