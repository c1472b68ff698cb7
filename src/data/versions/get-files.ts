import { createHash, hash as hashOnce, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import { fileError } from '../file-error.ts'
import type { VersionBlobs } from './add-files.ts'
import type { ChunkIndex, ChunkPlace } from './chunk-index.ts'
import { decodeManifest, isInnerPath, type TreeFile } from './tree-manifest.ts'

/** Chunks that are looked up and written together. */
const WINDOW_CHUNKS = 8192
const WINDOW_BYTES = 64 * 1024 * 1024

interface Wanted {
  readonly file: string
  /** First byte in the file. */
  readonly at: number
  readonly hash: string
  readonly sizeBytes: number
}

export interface GetFilesDeps {
  readonly blobs: Pick<VersionBlobs, 'getStream' | 'withFile'>
  readonly chunks: Pick<ChunkIndex, 'locate'>
}

/**
 * Writes the files of a version into a folder, which appears under its name when all of them are whole; every byte is checked by its hash. In
 * constant memory. Names that would lead out of the folder are refused before anything is written there.
 * @param folder Must not be there, or be empty.
 * @throws MANIFEST_INVALID, TARGET_EXISTS, BLOB_NOT_FOUND, BLOB_CORRUPT, DISK_FULL
 */
export async function getFiles(manifest: string, folder: string, deps: GetFilesDeps): Promise<{ nFiles: number }> {
  await requireFree(folder)
  const parent = path.dirname(path.resolve(folder))
  const temporary = path.join(parent, `.${path.basename(folder)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(temporary, { recursive: true })
    const nFiles = await writeFiles(manifest, temporary, deps)
    await rmdir(folder).catch(() => undefined)
    await rename(temporary, folder)
    return { nFiles }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw fileError(error, folder)
  }
}

async function writeFiles(manifest: string, root: string, deps: GetFilesDeps): Promise<number> {
  const made = new Set<string>()
  let window: Wanted[] = []
  let windowBytes = 0
  let nFiles = 0
  let cutFiles: { file: string; sha256: string }[] = []
  const flush = async () => {
    await writeWindow(window, deps)
    window = []
    windowBytes = 0
  }
  for await (const entry of decodeManifest(await deps.blobs.getStream(manifest))) {
    if (!isInnerPath(entry.path))
      throw new BellwetherError('MANIFEST_INVALID', 'A path of the version leads out of the folder.')
    const file = path.join(root, ...entry.path.split('/'))
    const folder = path.dirname(file)
    if (!made.has(folder)) {
      await mkdir(folder, { recursive: true })
      made.add(folder)
    }
    await (await open(file, 'wx')).close()
    nFiles += 1
    let at = 0
    for (const { hash, sizeBytes } of entry.chunks) {
      window.push({ file, at, hash, sizeBytes })
      at += sizeBytes
      windowBytes += sizeBytes
      if (window.length >= WINDOW_CHUNKS || windowBytes >= WINDOW_BYTES) await flush()
    }
    if (entry.chunks.length > 1) cutFiles.push({ file, sha256: entry.sha256 })
  }
  await flush()
  for (const { file, sha256 } of cutFiles) await requireHash(file, sha256)
  cutFiles = []
  return nFiles
}

/** Pack by pack, so that each is opened once, however the files are strewn over them. */
async function writeWindow(window: readonly Wanted[], { blobs, chunks }: GetFilesDeps): Promise<void> {
  const places = await locateAll(window, chunks)
  const byPack = Map.groupBy(window, ({ hash }) => places.get(hash)!.pack)
  for (const [pack, wanted] of byPack) {
    wanted.sort((a, b) => places.get(a.hash)!.position - places.get(b.hash)!.position)
    await blobs.withFile(pack, async (packFile) => {
      const source = await open(packFile, 'r')
      const target = new OpenFile()
      try {
        for (const { file, at, hash, sizeBytes } of wanted) {
          const content = await readChunk(source, places.get(hash)!, hash, sizeBytes)
          const handle = await target.of(file)
          for (let from = 0; from < content.length; )
            from += (await handle.write(content, from, content.length - from, at + from)).bytesWritten
        }
      } finally {
        await source.close()
        await target.close()
      }
    })
  }
}

/** @throws BLOB_NOT_FOUND */
async function locateAll(
  window: readonly Wanted[],
  chunks: Pick<ChunkIndex, 'locate'>,
): Promise<Map<string, ChunkPlace>> {
  const places = await chunks.locate([...new Set(window.map(({ hash }) => hash))])
  const missing = window.find(({ hash }) => !places.has(hash))
  if (missing) throw new BellwetherError('BLOB_NOT_FOUND', `The chunk ${missing.hash} of the version is not kept here.`)
  return places
}

/** A chunk out of the file of its pack. @throws BLOB_CORRUPT */
export async function readChunk(
  pack: FileHandle,
  { position, sizeBytes: kept }: ChunkPlace,
  hash: string,
  sizeBytes: number,
): Promise<Buffer> {
  const content = Buffer.allocUnsafe(sizeBytes)
  let filled = 0
  while (filled < sizeBytes) {
    const { bytesRead } = await pack.read(content, filled, sizeBytes - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  if (kept !== sizeBytes || filled !== sizeBytes || hashOnce('sha256', content, 'hex') !== hash)
    throw new BellwetherError('BLOB_CORRUPT', `The chunk ${hash} has other content than its name says.`)
  return content
}

/** The chunks of a list in its order, each checked; for what needs contents without a folder to write them to. */
export async function* readChunks(
  references: readonly { readonly hash: string; readonly sizeBytes: number }[],
  { blobs, chunks }: GetFilesDeps,
): AsyncGenerator<Buffer> {
  for (let from = 0; from < references.length; from += 256) {
    const window = references.slice(from, from + 256)
    const places = await locateAll(
      window.map((each) => ({ ...each, file: '', at: 0 })),
      chunks,
    )
    const contents = new Map<string, Buffer>()
    for (const [pack, wanted] of Map.groupBy(window, ({ hash }) => places.get(hash)!.pack)) {
      await blobs.withFile(pack, async (packFile) => {
        const source = await open(packFile, 'r')
        try {
          for (const { hash, sizeBytes } of wanted)
            contents.set(hash, await readChunk(source, places.get(hash)!, hash, sizeBytes))
        } finally {
          await source.close()
        }
      })
    }
    for (const { hash } of window) yield contents.get(hash)!
  }
}

/** All files of a version. */
export async function listFiles(manifest: string, blobs: Pick<VersionBlobs, 'getStream'>): Promise<TreeFile[]> {
  const files: TreeFile[] = []
  for await (const file of decodeManifest(await blobs.getStream(manifest))) files.push(file)
  return files
}

async function requireHash(file: string, sha256: string): Promise<void> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) hash.update(piece)
  if (hash.digest('hex') !== sha256)
    throw new BellwetherError('BLOB_CORRUPT', `${path.basename(file)} has other content than the version says.`)
}

/** @throws TARGET_EXISTS */
async function requireFree(folder: string): Promise<void> {
  const { readdir } = await import('node:fs/promises')
  const found = await stat(folder).catch(() => null)
  if (found === null) return
  if (!found.isDirectory() || (await readdir(folder)).length > 0)
    throw new BellwetherError('TARGET_EXISTS', `${folder} is there already, and is no empty folder.`)
}

/** The file that was written to last stays open: neighbouring chunks are mostly of one file. */
class OpenFile {
  #file: string | null = null
  #handle: FileHandle | null = null

  async of(file: string): Promise<FileHandle> {
    if (this.#file !== file || this.#handle === null) {
      await this.close()
      this.#handle = await open(file, 'r+')
      this.#file = file
    }
    return this.#handle
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }
}
