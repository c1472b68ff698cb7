import { access, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import type { TrustedKeys } from '../../packaging/sign-manifest.ts'
import { isSealed } from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import {
  makeFolder,
  removeStaleTemporaries,
  renameDurably,
  syncFolder,
  temporaryName,
  writeTemporary,
} from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { checkedStream, plainCopy, rangeOfFile, streamToTemporary } from './blob-streams.ts'
import { confirmPut, removeBlob, touch } from './deletion-mark.ts'
import type { BlobEntry, HomeBlobs, Rotation } from './home-blobs.ts'
import { claimKeys, claimWritten, keysFile, refuseRetired } from './keys-in-use.ts'
import { blobFile, noBlob, readBlob, sha256 } from './read-blob.ts'
import { rotateEncryption } from './rotate-encryption.ts'
import { blobContext, contentOf, isPlain, storedForm } from './stored-form.ts'

const HEX = /^[0-9a-f]{64}$/

/**
 * Blobs as files: `blobs/ab/abcdef…`, the name being the SHA-256 of the content, compressed where that helps, and encrypted where there is a key
 * (stored-form.ts). A name appears only when its whole content is on disk.
 * Several processes may write at once; the same content twice is one file.
 */
export class FileBlobStore implements HomeBlobs {
  readonly trustedKeys: TrustedKeys | null
  readonly #root: string
  readonly #readOnly: boolean
  readonly #ring: KeyRing | null

  private constructor(root: string, readOnly: boolean, ring: KeyRing | null, trustedKeys: TrustedKeys | null) {
    this.#root = root
    this.#readOnly = readOnly
    this.#ring = ring
    this.trustedKeys = trustedKeys
  }

  /**
   * Makes the folder, and removes what killed writers left behind.
   * @param options.ring Keys that blobs are encrypted with; blobs from before there was one stay as they are, and can be read.
   * @throws ENCRYPTION_KEY_MISSING where there are blobs under a key that was not given
   */
  static async open(
    root: string,
    options: { readOnly: boolean; now: number; ring?: KeyRing | null; trustedKeys?: TrustedKeys | null },
  ): Promise<FileBlobStore> {
    const ring = options.ring ?? null
    if (!options.readOnly) {
      try {
        await makeFolder(root)
        await removeStaleTemporaries(root, options.now)
      } catch (error) {
        throw storageError(error, root)
      }
    }
    try {
      await claimKeys(keysFile(root), ring, options.readOnly)
    } catch (error) {
      throw storageError(error, root)
    }
    return new FileBlobStore(root, options.readOnly, ring, options.trustedKeys ?? null)
  }

  async put(bytes: Uint8Array): Promise<string> {
    if (this.#readOnly) throw new BellwetherError('HOME_READ_ONLY', `${this.#root}: it was opened for reading.`)
    const hash = sha256(bytes)
    const file = this.#file(hash)!
    const folder = path.dirname(file)
    try {
      await refuseRetired(keysFile(this.#root), this.#ring)
      await makeFolder(folder)
      do {
        // What is there already may be damaged; then it is written again.
        if (!(await this.#holds(file, bytes, hash)) || !(await touch(file))) {
          const stored = await storedForm(bytes, this.#ring, blobContext(hash))
          await renameDurably(await writeTemporary(this.#root, stored), file)
        }
        // Another process may have made the name or the folder a moment ago, and not yet made it durable.
        else await syncFolder(folder)
      } while (!(await confirmPut(this.#root, file)))
      await syncFolder(this.#root)
      await claimWritten(keysFile(this.#root), this.#ring)
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
      await refuseRetired(keysFile(this.#root), this.#ring)
      const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY
      const written = await streamToTemporary(this.#root, bytes, maxBytes, this.#ring)
      const file = this.#file(written.hash)!
      await makeFolder(path.dirname(file))
      // Also where the name is there already: what it holds may be damaged, and these bytes are whole.
      await renameDurably(written.temporary, file)
      if (!(await confirmPut(this.#root, file)))
        throw new BellwetherError(
          'STORAGE_FAILED',
          `Blob ${written.hash} was erased while it was written; send it again.`,
        )
      await syncFolder(this.#root)
      await claimWritten(keysFile(this.#root), this.#ring)
      return { hash: written.hash, sizeBytes: written.sizeBytes }
    } catch (error) {
      throw storageError(error, this.#root)
    }
  }

  async getStream(hash: string): Promise<AsyncIterable<Uint8Array>> {
    return checkedStream(await this.#fileThere(hash), hash, this.#ring)
  }

  async getRange(hash: string, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null> {
    const file = await this.#fileThere(hash)
    return isPlain(await beginningOf(file)) ? rangeOfFile(file, start, end) : null
  }

  async get(hash: string): Promise<Uint8Array> {
    return readBlob(this.#root, hash, this.#ring)
  }

  async has(hash: string): Promise<boolean> {
    const file = this.#file(hash)
    return file !== null && (await exists(file))
  }

  async withFile<T>(hash: string, use: (file: string) => Promise<T>): Promise<T> {
    const file = await this.#fileThere(hash)
    if (isPlain(await beginningOf(file))) return use(file)
    let copy: string
    try {
      copy = await plainCopy(this.#root, checkedStream(file, hash, this.#ring))
    } catch (error) {
      throw storageError(error, this.#root)
    }
    try {
      return await use(copy)
    } finally {
      await rm(copy, { force: true })
    }
  }

  /** Its name goes first; where somebody has put it meanwhile, it comes back under it, and a put that comes later finds no name and writes it anew. */
  async deleteUnlessPut(hash: string, before: number): Promise<boolean> {
    if (this.#readOnly) throw new BellwetherError('HOME_READ_ONLY', `${this.#root}: it was opened for reading.`)
    const file = this.#file(hash)
    if (file === null) return false
    const aside = temporaryName(this.#root)
    try {
      await rename(file, aside)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw storageError(error, file)
    }
    try {
      if ((await stat(aside)).mtimeMs >= before) {
        await renameDurably(aside, file)
        return false
      }
      await rm(aside, { force: true })
      await syncFolder(path.dirname(file))
      return true
    } catch (error) {
      throw storageError(error, file)
    }
  }

  async delete(hash: string): Promise<void> {
    if (this.#readOnly) throw new BellwetherError('HOME_READ_ONLY', `${this.#root}: it was opened for reading.`)
    const file = this.#file(hash)
    if (file === null) return
    try {
      await removeBlob(this.#root, file)
      await syncFolder(path.dirname(file)).catch(ignoreMissing)
    } catch (error) {
      throw storageError(error, file)
    }
  }

  get place(): string {
    return this.#root
  }

  async *list(): AsyncGenerator<BlobEntry> {
    for (const folder of (await readNames(this.#root)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      for (const name of (await readNames(path.join(this.#root, folder))).filter((each) => HEX.test(each)).sort()) {
        const file = path.join(this.#root, folder, name)
        const found = await stat(file).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null // deleted meanwhile
          throw storageError(error, file)
        })
        if (found) yield { hash: `sha256:${name}`, storedBytes: found.size, modifiedTime: found.mtimeMs }
      }
    }
  }

  rotateEncryption(ring: KeyRing, onProgress?: (done: number) => void): Promise<Rotation> {
    return rotateEncryption(this.#root, ring, onProgress)
  }

  /** Whether the file holds these bytes, encrypted where they are to be. @throws ENCRYPTION_KEY_MISSING: nothing encrypted is replaced by what is not */
  async #holds(file: string, bytes: Uint8Array, hash: string): Promise<boolean> {
    let stored: Buffer
    try {
      stored = await readFile(file)
    } catch (error) {
      ignoreMissing(error)
      return false
    }
    if (this.#ring !== null && !isSealed(stored)) return false
    try {
      return Buffer.compare(await contentOf(stored, this.#ring, blobContext(hash)), bytes) === 0
    } catch (error) {
      if (error instanceof BellwetherError && error.code === 'BLOB_CORRUPT') return false
      throw error
    }
  }

  /** @throws BLOB_NOT_FOUND */
  async #fileThere(hash: string): Promise<string> {
    const file = this.#file(hash)
    if (file === null || !(await exists(file))) throw noBlob(this.#root, file === null ? null : hash)
    return file
  }

  #file(hash: string): string | null {
    return blobFile(this.#root, hash)
  }
}

/** @throws a storage error */
async function beginningOf(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file, 'r')
    try {
      const bytes = Buffer.alloc(16)
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
      return bytes.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw storageError(error, file)
  }
}

/** None where the folder is not there. @throws a storage error */
async function readNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw storageError(error, folder)
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
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
