import { BellwetherError } from '../../errors.ts'
import { type GetFilesDeps, readChunks } from './get-files.ts'
import { comparePaths, decodeManifest, type TreeFile } from './tree-manifest.ts'

/** A stretch of the files of a version, in their order. */
export interface FilesPage {
  readonly files: readonly TreeFile[]
  /** There are more after the last. */
  readonly more: boolean
}

/** Files of a version after a path, of those below a folder where one is named; the list is read as it streams. @throws MANIFEST_INVALID */
export async function pageOfFiles(
  manifest: string,
  {
    after,
    folder,
    limit,
  }: { readonly after?: string | undefined; readonly folder?: string | undefined; readonly limit: number },
  blobs: Pick<GetFilesDeps['blobs'], 'getStream'>,
): Promise<FilesPage> {
  const files: TreeFile[] = []
  for await (const file of decodeManifest(await blobs.getStream(manifest))) {
    if (after !== undefined && comparePaths(file.path, after) <= 0) continue
    if (folder !== undefined && !file.path.startsWith(`${folder}/`)) continue
    if (files.length === limit) return { files, more: true }
    files.push(file)
  }
  return { files, more: false }
}

/** The file of a version by its name in it: a name that is looked up, never a place on a disk. @throws VERSION_FILE_NOT_FOUND */
export async function fileOfVersion(
  manifest: string,
  path: string,
  blobs: Pick<GetFilesDeps['blobs'], 'getStream'>,
): Promise<TreeFile> {
  for await (const file of decodeManifest(await blobs.getStream(manifest))) if (file.path === path) return file
  throw new BellwetherError('VERSION_FILE_NOT_FOUND', 'The version has no file of that name.')
}

/**
 * Bytes of a file from `start` up to, not including, `end`; only chunks that hold some of them are read, each is checked by its hash.
 * @throws BLOB_NOT_FOUND, BLOB_CORRUPT, from the iteration
 */
export async function* readFileRange(
  { chunks }: Pick<TreeFile, 'chunks'>,
  start: number,
  end: number,
  deps: GetFilesDeps,
): AsyncGenerator<Buffer> {
  const wanted: { readonly hash: string; readonly sizeBytes: number; readonly at: number }[] = []
  let at = 0
  for (const { hash, sizeBytes } of chunks) {
    if (at < end && at + sizeBytes > start) wanted.push({ hash, sizeBytes, at })
    at += sizeBytes
  }
  let next = 0
  for await (const content of readChunks(wanted, deps)) {
    const first = wanted[next]!.at
    yield content.subarray(Math.max(0, start - first), Math.min(content.length, end - first))
    next += 1
  }
}
