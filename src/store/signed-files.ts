import type { KeyObject } from 'node:crypto'
import { MANIFEST_FILE } from '../packaging/manifest.ts'
import { SEAL_FILE, signManifest } from '../packaging/sign-manifest.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { PackageFile } from '../track/model-registry.ts'

/** A package's files and the signature over its manifest; other files as they are. @throws BLOB_NOT_FOUND, BLOB_CORRUPT */
export async function signedFiles(
  files: readonly PackageFile[],
  blobs: BlobStore,
  key: KeyObject,
): Promise<readonly PackageFile[]> {
  const manifest = files.find(({ path }) => path === MANIFEST_FILE)
  if (!manifest || files.some(({ path }) => path === SEAL_FILE)) return files
  const seal = signManifest(await blobs.get(manifest.hash), key)
  return [...files, { path: SEAL_FILE, hash: await blobs.put(seal), sizeBytes: seal.length }]
}
