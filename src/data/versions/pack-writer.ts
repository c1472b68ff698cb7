import { randomBytes } from 'node:crypto'
import type { ChunkIndex, PackedChunk } from './chunk-index.ts'

/** What a pack holds before it is written. */
const PACK_BYTES = 16 * 1024 * 1024
const MARK = Buffer.from('BWPACK1\n', 'latin1')
/** Places that are asked for at once. */
const ASKED_AT_ONCE = 4096

/** What packs are put into; a `BlobStore` is one. */
export interface PackStore {
  put(bytes: Uint8Array): Promise<string>
}

export interface PackWriterTotals {
  /** Chunks that were not kept before. */
  readonly newChunks: number
  readonly newBytes: number
}

/**
 * Keeps chunks that are not kept yet, many to a pack. A pack is 16 MiB or a little more; it begins with a mark and 16 random bytes, so that no
 * two are ever the same blob, and one that is being removed is never the one that is being written.
 */
export class PackWriter {
  readonly #blobs: PackStore
  readonly #index: ChunkIndex
  readonly #clock: () => number
  #pieces: Uint8Array[] = []
  #chunks: PackedChunk[] = []
  #size = 0
  /** Chunks of the pack that is being filled and of the one that is being written: not in the index yet. */
  #pending = new Set<string>()
  #writing: Promise<void> = Promise.resolve()
  #newChunks = 0
  #newBytes = 0

  constructor(blobs: PackStore, index: ChunkIndex, clock: () => number) {
    this.#blobs = blobs
    this.#index = index
    this.#clock = clock
  }

  /** @param bytes The contents of the chunks, one after another. */
  async add(
    chunks: readonly { readonly hash: string; readonly sizeBytes: number }[],
    bytes: Uint8Array,
  ): Promise<void> {
    const known = new Set<string>()
    for (let from = 0; from < chunks.length; from += ASKED_AT_ONCE) {
      const asked = new Set(chunks.slice(from, from + ASKED_AT_ONCE).map(({ hash }) => hash))
      for (const hash of (await this.#index.locate([...asked])).keys()) known.add(hash)
    }
    let from = 0
    for (const { hash, sizeBytes } of chunks) {
      const content = bytes.subarray(from, from + sizeBytes)
      from += sizeBytes
      if (known.has(hash) || this.#pending.has(hash)) continue
      if (this.#size === 0) this.#begin()
      this.#chunks.push({ hash, sizeBytes, position: this.#size })
      this.#pieces.push(content)
      this.#pending.add(hash)
      this.#size += sizeBytes
      this.#newChunks += 1
      this.#newBytes += sizeBytes
      if (this.#size >= PACK_BYTES) await this.#write()
    }
    // What is kept of these bytes is copied: the rest of them need not stay in memory until the pack is full.
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
  }

  /** Resolves when everything that was added is kept. */
  async flush(): Promise<PackWriterTotals> {
    if (this.#size > 0) await this.#write()
    await this.#writing
    return { newChunks: this.#newChunks, newBytes: this.#newBytes }
  }

  #begin(): void {
    this.#pieces = [MARK, randomBytes(16)]
    this.#size = MARK.length + 16
  }

  /** Waits for the pack before; the one that is full now is written while the next is being filled. */
  async #write(): Promise<void> {
    await this.#writing
    const [pack, chunks, sizeBytes] = [Buffer.concat(this.#pieces), this.#chunks, this.#size]
    this.#pieces = []
    this.#chunks = []
    this.#size = 0
    this.#writing = (async () => {
      const blob = await this.#blobs.put(pack)
      await this.#index.addPack({ blob, sizeBytes, time: this.#clock() }, chunks)
      for (const { hash } of chunks) this.#pending.delete(hash)
    })()
    // It is awaited by the next call; until then its failure is nobody's to catch.
    this.#writing.catch(() => undefined)
  }
}
