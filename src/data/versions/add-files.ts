import { BellwetherError } from '../../errors.ts'
import type { ChunkIndex } from './chunk-index.ts'
import { fileIndexPlace, readFileIndex, writeFileIndex } from './file-index.ts'
import { type HashFilesOptions, hashFiles } from './hash-files.ts'
import type { EndedFile } from './hash-thread.ts'
import { type PackStore, PackWriter } from './pack-writer.ts'
import { type ChunkReference, decodeManifest, encodeManifest, type TreeFile, TreeHash } from './tree-manifest.ts'
import { type FileStamp, type FoundFile, sameStamp, walkFiles } from './walk-files.ts'

/** What versions of files are kept in; a `BlobStore` is one. */
export interface VersionBlobs extends PackStore {
  putStream(bytes: AsyncIterable<Uint8Array>): Promise<{ readonly hash: string }>
  getStream(hash: string): Promise<AsyncIterable<Uint8Array>>
  withFile<T>(hash: string, use: (file: string) => Promise<T>): Promise<T>
}

export interface AddFilesDeps {
  readonly blobs: VersionBlobs
  readonly chunks: ChunkIndex
  /** The blob with the list of files of a version; null where it is not kept. */
  manifestOf(version: string): Promise<string | null>
  /** Folder for what is remembered of files on this machine; null: nothing is. */
  readonly indexFolder: string | null
  readonly clock: () => number
}

/** A file by the name that it has in the version. A list of them is in the order of `comparePaths`. */
export interface NamedFile extends Omit<FoundFile, 'stamp'> {
  readonly stamp?: FileStamp
}

function isNamed(paths: readonly string[] | readonly NamedFile[]): paths is readonly NamedFile[] {
  return typeof paths[0] === 'object'
}

/** Files that are kept, but that no version names yet. */
export interface AddedFiles {
  readonly id: string
  readonly manifest: string
  readonly nFiles: number
  readonly sizeBytes: number
  /** Files whose content was read; the others look as they did when the version before was made. */
  readonly nRead: number
  readonly newChunks: number
  readonly newBytes: number
}

/**
 * Keeps the files of some paths as a tree: cut into chunks by their content, each chunk kept once, whatever files and versions it is in. Memory
 * grows with the number of files (some hundred bytes each), not with their sizes. When this throws or its process is killed no version
 * names what was kept, and the next attempt finds it.
 * @param commit Names the tree in a version, while nothing that it needs is removed.
 * @throws as `walkFiles` and `hashFiles`; NO_FILES
 */
export async function addFiles(
  paths: readonly string[] | readonly NamedFile[],
  deps: AddFilesDeps,
  commit: (added: AddedFiles) => Promise<void>,
  options: HashFilesOptions = {},
): Promise<AddedFiles> {
  const found = isNamed(paths) ? paths : walkFiles(paths)
  if (found.length === 0)
    throw new BellwetherError('NO_FILES', `${isNamed(paths) ? 'The list' : paths.join(', ')}: there is no file.`)
  const indexFile = deps.indexFolder === null || isNamed(paths) ? null : fileIndexPlace(deps.indexFolder, paths)
  return deps.chunks.whileWriting(async () => {
    const remembered = await rememberedFiles(indexFile, deps)
    const files: (TreeFile | undefined)[] = found.map(({ path, stamp }) => {
      const before = remembered.get(path)
      return before && stamp && sameStamp(before.stamp, stamp) ? before.file : undefined
    })
    const toRead = found.flatMap((_, i) => (files[i] === undefined ? [i] : []))
    const stamps = new Map<string, FileStamp>()
    for (const [i, { path, stamp }] of found.entries()) if (files[i] && stamp) stamps.set(path, stamp)
    const packed = await keepContents(found, toRead, deps, options, (i, file, { stamp, isSettled }) => {
      files[i] = file
      if (isSettled) stamps.set(file.path, stamp)
    })
    const whole = files as TreeFile[]
    const hash = new TreeHash()
    for (const file of whole) hash.add(file)
    const id = hash.id()
    const manifest = (await deps.manifestOf(id)) ?? (await deps.blobs.putStream(encodeManifest(whole))).hash
    const sizeBytes = whole.reduce((sum, file) => sum + file.sizeBytes, 0)
    const added = { id, manifest, nFiles: whole.length, sizeBytes, nRead: toRead.length, ...packed }
    await commit(added)
    if (indexFile !== null && (toRead.length > 0 || remembered.size !== whole.length))
      await writeFileIndex(indexFile, { version: id, stamps })
    return added
  })
}

/** Files of the version that the same paths became before, with what they looked like then. */
async function rememberedFiles(
  indexFile: string | null,
  deps: AddFilesDeps,
): Promise<Map<string, { file: TreeFile; stamp: FileStamp }>> {
  const remembered = new Map<string, { file: TreeFile; stamp: FileStamp }>()
  const index = indexFile === null ? null : await readFileIndex(indexFile)
  const manifest = index && (await deps.manifestOf(index.version))
  if (!index || !manifest) return remembered
  for await (const file of decodeManifest(await deps.blobs.getStream(manifest))) {
    const stamp = index.stamps.get(file.path)
    if (stamp && stamp.sizeBytes === file.sizeBytes) remembered.set(file.path, { file, stamp })
  }
  return remembered
}

async function keepContents(
  found: readonly NamedFile[],
  toRead: readonly number[],
  { blobs, chunks, clock }: AddFilesDeps,
  options: HashFilesOptions,
  onFile: (index: number, file: TreeFile, ended: EndedFile) => void,
): Promise<{ newChunks: number; newBytes: number }> {
  const packs = new PackWriter(blobs, chunks, clock)
  const cut = new Map<number, ChunkReference[]>()
  await hashFiles(
    toRead.map((i) => found[i]!.file),
    async (part) => {
      for (const { file, hash, sizeBytes } of part.chunks) {
        const list = cut.get(file)
        if (list) list.push({ hash, sizeBytes })
        else cut.set(file, [{ hash, sizeBytes }])
      }
      for (const ended of part.ended) {
        const index = toRead[ended.file]!
        const { sha256, sizeBytes } = ended
        onFile(index, { path: found[index]!.path, sizeBytes, sha256, chunks: cut.get(ended.file) ?? [] }, ended)
        cut.delete(ended.file)
      }
      await packs.add(part.chunks, part.bytes)
    },
    options,
  )
  return packs.flush()
}
