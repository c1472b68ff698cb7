import type { ChunkReference } from './tree-manifest.ts'

/** Where a chunk is kept: a range of a pack. */
export interface ChunkPlace {
  /** Blob of the pack, `sha256:<hex>`. */
  readonly pack: string
  /** First byte in it. */
  readonly position: number
  readonly sizeBytes: number
}

export interface PackedChunk extends ChunkReference {
  readonly position: number
}

/** Which chunks are kept, and where. Packs are blobs; each holds thousands of small files, which as blobs of their own would take an fsync each. */
export interface ChunkIndex {
  /** Those of some chunks that are kept. */
  locate(hashes: readonly string[]): Promise<Map<string, ChunkPlace>>
  /** A pack that is in the blob store, with its chunks; a chunk that is kept already stays where it is. */
  addPack(
    pack: { readonly blob: string; readonly sizeBytes: number; readonly time: number },
    chunks: readonly PackedChunk[],
  ): Promise<void>
  /**
   * Runs work that looks up chunks and later names them in a version: as long as it runs, no pack is removed. Where its process is gone, its word
   * does not count any more.
   */
  whileWriting<T>(work: () => Promise<T>): Promise<T>
}
