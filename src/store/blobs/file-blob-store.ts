import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import { makeFolder, removeStaleTemporaries, renameDurably, syncFolder, writeTemporary } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { checkedStream, streamToTemporary } from './blob-streams.ts'

const HASH = /^sha256:([0-9a-f]{64})$/

/**
 * Blobs as files: `blobs/ab/abcdef…`, the name being the SHA-256 of the content. A name appears only when its whole content is on disk.
 * Several processes may write at once; the same content twice is one file.
 */
export class FileBlobStore implements BlobStore {
  readonly #root: string
  readonly #readOnly: boolean

  constructor(root: string, readOnly: boolean) {
    this.#root = root
    this.#readOnly = readOnly
  }

  /** Makes the folder, and removes what killed writers left behind. */
  static async open(root: string, options: { readOnly: boolean; now: number }): Promise<FileBlobStore> {
    if (!options.readOnly) {
      try {
        await makeFolder(root)
        await removeStaleTemporaries(root, options.now)
      } catch (error) {
        throw storageError(error, root)
      }
    }
    return new FileBlobStore(root, options.readOnly)
  }

  async put(bytes: Uint8Array): Promise<string> {
    if (this.#readOnly) throw new BellwetherError('HOME_READ_ONLY', `${this.#root}: it was opened for reading.`)
    const hash = sha256(bytes)
    const file = this.#file(hash)!
    const folder = path.dirname(file)
    try {
      await makeFolder(folder)
      // What is there already may be damaged; then it is written again.
      if (!(await hasContent(file, bytes))) await renameDurably(await writeTemporary(this.#root, bytes), file)
      // Another process may have made the name or the folder a moment ago, and not yet made it durable.
      else await syncFolder(folder)
      await syncFolder(this.#root)
    } catch (error) {
      throw storageError(error, this.#root)
    }
    return hash
  }

  async putStream(
    bytes: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes?: number } = {},
  ): Promise<{ readonly hash: string; readonly sizeBytes: number }> {
    if (this.#readOnly) throw new BellwetherError('HOME_READ_ONLY', `${this.#root}: it was opened for reading.`)
    try {
      const written = await streamToTemporary(this.#root, bytes, options.maxBytes ?? Number.POSITIVE_INFINITY)
      const file = this.#file(written.hash)!
      await makeFolder(path.dirname(file))
      // Also where the name is there already: what it holds may be damaged, and these bytes are whole.
      await renameDurably(written.temporary, file)
      await syncFolder(this.#root)
      return { hash: written.hash, sizeBytes: written.sizeBytes }
    } catch (error) {
      throw storageError(error, this.#root)
    }
  }

  async getStream(hash: string): Promise<AsyncIterable<Uint8Array>> {
    return checkedStream(await this.path(hash), hash)
  }

  async get(hash: string): Promise<Uint8Array> {
    const file = await this.path(hash)
    let bytes: Buffer
    try {
      bytes = await readFile(file)
    } catch (error) {
      throw storageError(error, file)
    }
    if (sha256(bytes) !== hash) {
      throw new BellwetherError(
        'BLOB_CORRUPT',
        `Blob ${hash} has other content than its name says (${bytes.length} bytes in ${file}).`,
      )
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  async has(hash: string): Promise<boolean> {
    const file = this.#file(hash)
    return file !== null && (await exists(file))
  }

  async path(hash: string): Promise<string> {
    const file = this.#file(hash)
    if (file === null || !(await exists(file))) {
      throw new BellwetherError(
        'BLOB_NOT_FOUND',
        `There is no blob ${file === null ? 'of that name' : hash} in ${this.#root}.`,
      )
    }
    return file
  }

  /** Null for what is no hash: no text of a caller ever becomes a part of a path. */
  #file(hash: string): string | null {
    const hex = HASH.exec(hash)?.[1]
    return hex ? path.join(this.#root, hex.slice(0, 2), hex) : null
  }
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function hasContent(file: string, bytes: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await readFile(file), bytes) === 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** @throws a storage error when the file system can't say (permission, I/O). */
async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw storageError(error, file)
  }
}
