import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import type { BlobStore } from '../../track/blob-store.ts'

/** One blob as it lies in its place. */
export interface BlobEntry {
  readonly hash: string
  /** As it is stored: perhaps compressed and encrypted. */
  readonly storedBytes: number
  /** When it was last written; milliseconds since 1970. */
  readonly modifiedTime: number
}

export interface Rotation {
  /** Blobs under the ring's current key already. */
  readonly current: number
  /** Blobs whose data key was wrapped anew: their content was not touched. */
  readonly rewrapped: number
  /** Blobs that were not encrypted, and are now. */
  readonly encrypted: number
  /** Names of blobs that are damaged; they are left as they are. */
  readonly damaged: readonly string[]
  /** Ids of other keys that are still needed: those of damaged blobs, and of a process that wrote under an older key at the last instant. */
  readonly stillInUse: readonly string[]
}

/** The blobs of a home, with what its keeper does to all of them. */
export interface HomeBlobs extends BlobStore {
  /** The folder, or `s3://bucket/prefix`. */
  readonly place: string
  /** All blobs, by name. What is put or deleted meanwhile may be among them or not. */
  list(): AsyncIterable<BlobEntry>
  /**
   * Removes content that nobody has put since a time, also while others put the same: then it stays. Left out where the place has no way to do so.
   * @param before Milliseconds since 1970. @returns whether it was removed
   */
  deleteUnlessPut?(hash: string, before: number): Promise<boolean>
  /**
   * Brings every blob under the ring's current key. Each is put in its place whole, so a rotation that is killed leaves every blob readable with the two
   * keys, and the next one goes on where it ended. Others may go on reading, writing and deleting. Older keys are not needed afterwards but for those that
   * it names.
   * @throws ENCRYPTION_KEY_MISSING and storage errors
   */
  rotateEncryption(ring: KeyRing, onProgress?: (done: number) => void): Promise<Rotation>
}
