import type { TrustedKeys } from '../packaging/sign-manifest.ts'

/** Bytes named by their SHA-256. What `put` resolved is on disk (written to a temporary name, fsynced, renamed, folder fsynced). */
export interface BlobStore {
  /** Keys that a model package must be signed with to be loaded from here; null or left out where any may be. */
  readonly trustedKeys?: TrustedKeys | null
  /** @returns `sha256:<hex>` */
  put(bytes: Uint8Array): Promise<string>
  /**
   * Takes bytes as they come, in constant memory, hashing them as they are written. @throws BODY_TOO_LARGE past `maxBytes`, with nothing kept
   * @returns its hash and size
   */
  putStream(
    bytes: AsyncIterable<Uint8Array>,
    options?: { readonly maxBytes?: number },
  ): Promise<{ readonly hash: string; readonly sizeBytes: number }>
  /** Checks the hash. @throws BLOB_NOT_FOUND, BLOB_CORRUPT; ENCRYPTION_KEY_MISSING where its key was not given */
  get(hash: string): Promise<Uint8Array>
  /**
   * The bytes in pieces, in constant memory. The hash is checked as they go by: a damaged blob's last piece never comes.
   * @throws BLOB_NOT_FOUND; BLOB_CORRUPT, BODY_TOO_LARGE from the iteration
   */
  getStream(hash: string): Promise<AsyncIterable<Uint8Array>>
  /**
   * Bytes from `start` up to, not including, `end`, without going through those before, and not checked. Null, or left out, where what is kept
   * can't be entered in its middle. @throws BLOB_NOT_FOUND
   */
  getRange?(hash: string, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null>
  has(hash: string): Promise<boolean>
  /**
   * Lends a file with the content to a reader that wants a path (DuckDB reads Parquet from it), until `use` is done. It is the stored file
   * itself, not checked, where that is plain; else a checked copy, which only this user can read and which is removed afterwards.
   * @throws BLOB_NOT_FOUND, BLOB_CORRUPT, and what `use` throws
   */
  withFile<T>(hash: string, use: (file: string) => Promise<T>): Promise<T>
  /** Removes content, and with it the key that it was encrypted with. Nothing may name it any more; what is not there stays so. */
  delete(hash: string): Promise<void>
}
