import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { BellwetherError } from '../../errors.ts'
import type { TrustedKeys } from '../../packaging/sign-manifest.ts'
import { HEAD_BYTES, isSealed, keyIdOf, rewrapHead } from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { makeFolder, removeStaleTemporaries } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { checkedContent, plainCopy, streamToTemporary } from './blob-streams.ts'
import type { BlobEntry, HomeBlobs, Rotation } from './home-blobs.ts'
import {
  claimKeys,
  claimWritten,
  endRetiring,
  KEYS_NAME,
  type KeysPlace,
  refuseRetired,
  retireOthers,
} from './keys-in-use.ts'
import { sha256 } from './read-blob.ts'
import { S3Objects } from './s3-objects.ts'
import { blobContext, contentOf, isPlain, storedForm } from './stored-form.ts'

/** What became of a blob; null where it was removed meanwhile, or is damaged. */
type Outcome = 'current' | 'rewrapped' | 'encrypted' | null

const LOOK_AGAIN_MS = 10_000

/** Enough to see whether an object is the content itself. */
const BEGINNING_BYTES = 16

const HASH = /^sha256:([0-9a-f]{64})$/
const NAME = /^[0-9a-f]{2}\/([0-9a-f]{64})$/

/**
 * Blobs as objects of an S3-compatible store: `prefix/ab/abcdef…`, named and stored as in a folder (file-blob-store.ts), so that one may be copied to the other as it
 * is. What comes in pieces lies in the spool folder, in its stored form, until its name is known; then it goes up in parts and appears whole.
 */
export class S3BlobStore implements HomeBlobs {
  readonly trustedKeys: TrustedKeys | null
  readonly #objects: S3Objects
  readonly #spool: string
  readonly #readOnly: boolean
  readonly #ring: KeyRing | null
  /** What is being put at this moment, by hash: the same bytes many times at once go up once. */
  readonly #putting = new Map<string, Promise<void>>()
  /** When it was last seen that the key is in use, in milliseconds of this process. */
  #lookedAt = Number.NEGATIVE_INFINITY

  private constructor(
    objects: S3Objects,
    spool: string,
    readOnly: boolean,
    ring: KeyRing | null,
    trustedKeys: TrustedKeys | null,
  ) {
    this.#objects = objects
    this.#spool = spool
    this.#readOnly = readOnly
    this.#ring = ring
    this.trustedKeys = trustedKeys
  }

  /**
   * @param address `s3://bucket/prefix`; endpoint and region come from the environment, as the AWS tools take them.
   * @param spool A folder on this machine for what is on its way.
   * @throws USAGE, ENCRYPTION_KEY_MISSING where there are blobs under a key that was not given, and as `S3Objects`
   */
  static async open(
    address: string,
    spool: string,
    options: { readOnly: boolean; now: number; ring?: KeyRing | null; trustedKeys?: TrustedKeys | null },
  ): Promise<S3BlobStore> {
    const ring = options.ring ?? null
    const objects = await S3Objects.open(address)
    try {
      await makeFolder(spool)
      await removeStaleTemporaries(spool, options.now)
      await claimKeys(keysObject(objects), ring, options.readOnly)
    } catch (error) {
      objects.close()
      throw storageError(error, spool)
    }
    return new S3BlobStore(objects, spool, options.readOnly, ring, options.trustedKeys ?? null)
  }

  get place(): string {
    return this.#objects.place
  }

  async put(bytes: Uint8Array): Promise<string> {
    await this.#requireKey()
    const hash = sha256(bytes)
    const putting = this.#putting.get(hash) ?? this.#putOnce(hash, bytes)
    this.#putting.set(hash, putting)
    try {
      await putting
    } finally {
      this.#putting.delete(hash)
    }
    return hash
  }

  async #putOnce(hash: string, bytes: Uint8Array): Promise<void> {
    const name = nameOf(hash)!
    // What is there already may be damaged; then it is written again.
    if (!(await this.#holds(name, bytes, hash)))
      await this.#objects.put(name, await storedForm(bytes, this.#ring, blobContext(hash)))
    await claimWritten(keysObject(this.#objects), this.#ring)
  }

  async putStream(
    bytes: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes?: number } = {},
  ): Promise<{ readonly hash: string; readonly sizeBytes: number }> {
    await this.#requireKey()
    try {
      const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY
      const { temporary, hash, sizeBytes } = await streamToTemporary(this.#spool, bytes, maxBytes, this.#ring)
      await this.#moveUp(temporary, nameOf(hash)!)
      await claimWritten(keysObject(this.#objects), this.#ring)
      return { hash, sizeBytes }
    } catch (error) {
      throw storageError(error, this.#spool)
    }
  }

  async getStream(hash: string): Promise<AsyncIterable<Uint8Array>> {
    const name = await this.#nameThere(hash)
    return checkedContent(this.#objects.stream(name), hash, this.#ring, this.#shown(name))
  }

  async getRange(hash: string, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null> {
    const name = await this.#nameThere(hash)
    if (end <= start) return Readable.from([])
    const beginning = await this.#objects.read(name, BEGINNING_BYTES)
    if (beginning === null) throw this.#notFound(hash)
    return isPlain(beginning) ? this.#objects.range(name, start, end) : null
  }

  async get(hash: string): Promise<Uint8Array> {
    const name = nameOf(hash)
    const stored = name === null ? null : await this.#objects.read(name)
    if (stored === null || name === null) throw this.#notFound(hash)
    const bytes = await contentOf(stored, this.#ring, blobContext(hash))
    if (sha256(bytes) !== hash) {
      throw new BellwetherError(
        'BLOB_CORRUPT',
        `Blob ${hash} has other content than its name says (${bytes.length} bytes in ${this.#shown(name)}).`,
      )
    }
    return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
  }

  async has(hash: string): Promise<boolean> {
    const name = nameOf(hash)
    return name !== null && (await this.#objects.size(name)) !== null
  }

  async withFile<T>(hash: string, use: (file: string) => Promise<T>): Promise<T> {
    const content = await this.getStream(hash)
    let copy: string
    try {
      copy = await plainCopy(this.#spool, content)
    } catch (error) {
      throw storageError(error, this.#spool)
    }
    try {
      return await use(copy)
    } finally {
      await rm(copy, { force: true })
    }
  }

  async delete(hash: string): Promise<void> {
    this.#requireWriting()
    const name = nameOf(hash)
    if (name !== null) await this.#objects.delete(name)
  }

  async *list(): AsyncGenerator<BlobEntry> {
    for await (const { name, sizeBytes, modifiedTime } of this.#objects.list()) {
      const hex = NAME.exec(name)?.[1]
      if (hex) yield { hash: `sha256:${hex}`, storedBytes: sizeBytes, modifiedTime }
    }
  }

  async rotateEncryption(ring: KeyRing, onProgress: (done: number) => void = () => undefined): Promise<Rotation> {
    this.#requireWriting()
    const counts = { current: 0, rewrapped: 0, encrypted: 0 }
    const damaged: string[] = []
    const keys = keysObject(this.#objects)
    const others = ring.ids.filter((id) => id !== ring.current.id)
    let done = 0
    await this.#rotateAll(ring, damaged, (outcome) => {
      if (outcome) counts[outcome]++
      onProgress(++done)
    })
    if (damaged.length > 0) return { ...counts, damaged, stillInUse: others }
    await retireOthers(keys, ring.current.id)
    // What was written in between.
    await this.#rotateAll(ring, damaged, (outcome) => {
      if (outcome && outcome !== 'current') counts[outcome]++
    })
    if (damaged.length > 0) return { ...counts, damaged, stillInUse: others }
    return { ...counts, damaged, stillInUse: await endRetiring(keys, ring.current.id) }
  }

  close(): void {
    this.#objects.close()
  }

  async #rotateAll(ring: KeyRing, damaged: string[], onBlob: (outcome: Outcome) => void): Promise<void> {
    for await (const { hash, storedBytes } of this.list()) {
      let outcome: Outcome = null
      try {
        outcome = await this.#rotate(hash, storedBytes, ring)
      } catch (error) {
        if (!(error instanceof BellwetherError) || error.code !== 'BLOB_CORRUPT') throw error
        damaged.push(hash)
      }
      onBlob(outcome)
    }
  }

  async #rotate(hash: string, storedBytes: number, ring: KeyRing): Promise<Outcome> {
    const name = nameOf(hash)!
    // There is no range of an object that is empty.
    const head = await this.#objects.read(name, storedBytes < HEAD_BYTES ? null : HEAD_BYTES)
    if (head === null) return null
    if (!isSealed(head)) {
      const content = checkedContent(this.#objects.stream(name), hash, ring, this.#shown(name))
      const { temporary } = await streamToTemporary(this.#spool, content, Number.POSITIVE_INFINITY, ring)
      await this.#moveUp(temporary, name)
      return 'encrypted'
    }
    if (keyIdOf(head) === ring.current.id) return 'current'
    // The head is that of the very stream: whoever puts the same content again meanwhile gives it another data key.
    const rewrapped = withHead(this.#objects.stream(name), (its) => rewrapHead(its, ring, blobContext(hash)))
    await this.#objects.upload(name, Readable.from(rewrapped, { objectMode: false }), storedBytes)
    return 'rewrapped'
  }

  /** Puts the file, which is in its stored form, in its place in the bucket and removes it here. */
  async #moveUp(file: string, name: string): Promise<void> {
    try {
      await this.#objects.upload(name, createReadStream(file), (await stat(file)).size)
    } finally {
      await rm(file, { force: true })
    }
  }

  /** Whether the object holds these bytes, encrypted where they are to be. @throws ENCRYPTION_KEY_MISSING: nothing encrypted is replaced by what is not */
  async #holds(name: string, bytes: Uint8Array, hash: string): Promise<boolean> {
    const stored = await this.#objects.read(name)
    if (stored === null || (this.#ring !== null && !isSealed(stored))) return false
    try {
      return Buffer.compare(await contentOf(stored, this.#ring, blobContext(hash)), bytes) === 0
    } catch (error) {
      if (error instanceof BellwetherError && error.code === 'BLOB_CORRUPT') return false
      throw error
    }
  }

  /** @throws BLOB_NOT_FOUND */
  async #nameThere(hash: string): Promise<string> {
    const name = nameOf(hash)
    if (name === null || (await this.#objects.size(name)) === null) throw this.#notFound(hash)
    return name
  }

  #notFound(hash: string): BellwetherError {
    const what = nameOf(hash) === null ? 'of that name' : hash
    return new BellwetherError('BLOB_NOT_FOUND', `There is no blob ${what} in ${this.place}.`)
  }

  /** A look at the keys in use costs a request: one in a while is enough, for what is written is looked after (`claimWritten`). @throws ENCRYPTION_KEY_RETIRED */
  async #requireKey(): Promise<void> {
    this.#requireWriting()
    if (performance.now() - this.#lookedAt < LOOK_AGAIN_MS) return
    await refuseRetired(keysObject(this.#objects), this.#ring)
    this.#lookedAt = performance.now()
  }

  #requireWriting(): void {
    if (this.#readOnly) throw new BellwetherError('HOME_READ_ONLY', `${this.place}: it was opened for reading.`)
  }

  #shown(name: string): string {
    return `${this.place}/${name}`
  }
}

/** Null for what is no hash: no text of a caller ever becomes a part of a name. */
function nameOf(hash: string): string | null {
  const hex = HASH.exec(hash)?.[1]
  return hex ? `${hex.slice(0, 2)}/${hex}` : null
}

function keysObject(objects: S3Objects): KeysPlace {
  return {
    place: objects.place,
    async read() {
      const bytes = await objects.read(KEYS_NAME)
      return bytes && new TextDecoder().decode(bytes)
    },
    write: (bytes) => objects.put(KEYS_NAME, bytes),
  }
}

/** The stored form with another head of the same length. */
async function* withHead(
  stored: AsyncIterable<Uint8Array>,
  another: (head: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  let first: Buffer | null = Buffer.alloc(0)
  for await (const piece of stored) {
    if (first === null) yield piece
    else {
      first = Buffer.concat([first, piece])
      if (first.length < HEAD_BYTES) continue
      yield another(first.subarray(0, HEAD_BYTES))
      yield first.subarray(HEAD_BYTES)
      first = null
    }
  }
  // Too short for a head: what is there is damaged.
  if (first !== null) another(first)
}
