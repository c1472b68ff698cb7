/** Bytes named by their SHA-256. What `put` resolved is on disk (written to a temporary name, fsynced, renamed, folder fsynced). */
export interface BlobStore {
  /** @returns `sha256:<hex>` */
  put(bytes: Uint8Array): Promise<string>
  /** Checks the hash. @throws BLOB_NOT_FOUND, BLOB_CORRUPT */
  get(hash: string): Promise<Uint8Array>
  has(hash: string): Promise<boolean>
  /** A path that a reader in this process may open (DuckDB reads Parquet from it), not checked. @throws BLOB_NOT_FOUND */
  path(hash: string): Promise<string>
}
