import { randomBytes } from 'node:crypto'
import { BellwetherError } from '../errors.ts'
import type { BlobStore } from './blob-store.ts'
import { invalidParameter } from './mlflow-rules.ts'
import type { ArtifactStore, UploadedPart } from './mlflow-stores.ts'

/** An upload that is not ended by then is forgotten with its parts. */
export const UPLOAD_LIFE_MS = 24 * 60 * 60 * 1000
/** As many parts as object stores take. */
export const MAX_PARTS = 10_000

/**
 * A part is kept behind so many random bytes, so that no other content is ever the same blob: it can be removed without a look at what else
 * might need it.
 */
const SALT_BYTES = 32

/** A part as a client names it at the end. */
export interface NamedPart {
  readonly number: number
  /** What `putPart` answered; null where the client does not say. */
  readonly tag: string | null
}

/**
 * Files that come in parts, in any order, several at once, each as often as it takes: an upload outlives the server that began it. The parts become
 * one artifact in one step; until then nothing of it is seen. Bytes are streamed, in constant memory.
 */
export class MultipartUploads {
  readonly #artifacts: ArtifactStore
  readonly #blobs: BlobStore
  readonly #maxBytes: number
  readonly #mediaTypeOf: (path: string) => string
  /** Uploads that are being put together here: a client that asks again meanwhile waits for the same end. */
  readonly #completing = new Map<string, Promise<void>>()

  /** @param options.maxBytes Largest artifact that is taken. */
  constructor(options: {
    readonly artifacts: ArtifactStore
    readonly blobs: BlobStore
    readonly maxBytes: number
    readonly mediaTypeOf: (path: string) => string
  }) {
    this.#artifacts = options.artifacts
    this.#blobs = options.blobs
    this.#maxBytes = options.maxBytes
    this.#mediaTypeOf = options.mediaTypeOf
  }

  /** @returns the upload's id. @throws INVALID_INPUT */
  begin(path: string, now: number): Promise<string> {
    return this.#artifacts.beginUpload(path, now)
  }

  /** Goes on with an upload, which has its whole life before it again. @returns the parts that came already. @throws ARTIFACT_NOT_FOUND */
  async resume(id: string, path: string, now: number): Promise<readonly UploadedPart[]> {
    const upload = await this.#artifacts.upload(id)
    if (upload.path !== path || upload.whole) throw unknownUpload()
    await this.#artifacts.prolongUpload(id, now)
    return upload.parts
  }

  /**
   * Takes a part; one that came before is replaced.
   * @returns its tag, which `complete` may be given to make sure that the parts are those that were sent
   * @throws ARTIFACT_NOT_FOUND; BODY_TOO_LARGE
   */
  async putPart(id: string, number: number, bytes: AsyncIterable<Uint8Array>): Promise<string> {
    if ((await this.#artifacts.upload(id)).whole) throw unknownUpload()
    const stored = await this.#blobs.putStream(salted(bytes), { maxBytes: this.#maxBytes + SALT_BYTES })
    let before: string | null
    try {
      before = await this.#artifacts.putPart(id, {
        number,
        hash: stored.hash,
        sizeBytes: stored.sizeBytes - SALT_BYTES,
      })
    } catch (error) {
      await this.#blobs.delete(stored.hash)
      throw error
    }
    if (before) await this.#blobs.delete(before)
    return tagOf(stored.hash)
  }

  /**
   * Makes the parts one artifact. Asked again, it does nothing more.
   * @throws ARTIFACT_NOT_FOUND; INVALID_INPUT for parts that are not those that came; BODY_TOO_LARGE
   */
  async complete(id: string, path: string, parts: readonly NamedPart[], now: number): Promise<void> {
    const under = this.#completing.get(id)
    if (under) return under
    const work = this.#complete(id, path, parts, now).finally(() => this.#completing.delete(id))
    this.#completing.set(id, work)
    return work
  }

  async #complete(id: string, path: string, parts: readonly NamedPart[], now: number): Promise<void> {
    const upload = await this.#artifacts.upload(id)
    if (upload.path !== path) throw unknownUpload()
    if (upload.whole) return
    const chosen = chosenParts(upload.parts, parts)
    const total = chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    if (total > this.#maxBytes)
      throw new BellwetherError('BODY_TOO_LARGE', `The parts make ${total} bytes; ${this.#maxBytes} are taken.`)
    await this.#artifacts.prolongUpload(id, now)
    const { hash, sizeBytes } = await this.#blobs.putStream(this.#joined(chosen))
    await this.#artifacts.finishUpload(id, { path, hash, sizeBytes, mediaType: this.#mediaTypeOf(path) })
    for (const part of upload.parts) await this.#blobs.delete(part.hash)
  }

  /** Gives an upload up: its parts are removed. What became an artifact stays one. @throws ARTIFACT_NOT_FOUND */
  async abort(id: string, path: string): Promise<void> {
    const upload = await this.#artifacts.upload(id)
    if (upload.path !== path) throw unknownUpload()
    if (!upload.whole) await this.#remove(id, upload.parts)
  }

  /** Removes what is left of uploads that nobody ended, or whose end was cut short. @returns how many */
  async sweep(now: number): Promise<number> {
    const stale = await this.#artifacts.staleUploads(now - UPLOAD_LIFE_MS)
    for (const id of stale) await this.#remove(id, (await this.#artifacts.upload(id)).parts)
    return stale.length
  }

  /** Contents go first: what is left of a removal that was cut short is found again by its name. */
  async #remove(id: string, parts: readonly UploadedPart[]): Promise<void> {
    for (const { hash } of parts) await this.#blobs.delete(hash)
    await this.#artifacts.endUpload(id)
  }

  async *#joined(parts: readonly UploadedPart[]): AsyncGenerator<Uint8Array> {
    for (const { hash } of parts) {
      let skip = SALT_BYTES
      for await (const piece of await this.#blobs.getStream(hash)) {
        if (skip < piece.length) yield skip === 0 ? piece : piece.subarray(skip)
        skip = Math.max(0, skip - piece.length)
      }
    }
  }
}

async function* salted(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield randomBytes(SALT_BYTES)
  yield* bytes
}

function tagOf(hash: string): string {
  return hash.slice(hash.indexOf(':') + 1)
}

/** The parts that a client says the whole is made of. @throws INVALID_INPUT */
function chosenParts(came: readonly UploadedPart[], said: readonly NamedPart[]): UploadedPart[] {
  const byNumber = new Map(came.map((part) => [part.number, part]))
  if (said.length === 0) throw invalidParameter('parts', 'An upload is made of one part at least.')
  return said.map(({ number, tag }, index) => {
    if (number !== index + 1)
      throw invalidParameter(
        'parts',
        `Parts have to be in order and without gaps: expected part ${index + 1}, got ${number}.`,
      )
    const part = byNumber.get(number)
    if (!part) throw invalidParameter('parts', `Part ${number} did not arrive.`)
    if (tag !== null && tag !== tagOf(part.hash))
      throw invalidParameter('parts', `Part ${number} is not the one that the given ETag names.`)
    return part
  })
}

export function unknownUpload(): BellwetherError {
  return new BellwetherError('ARTIFACT_NOT_FOUND', 'There is no such upload under way for this path.')
}
