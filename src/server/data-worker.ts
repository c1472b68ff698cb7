/** What became of a version that was sent to the remote, or brought from it. */
export interface TransferredVersion {
  readonly id: string
  /** It was there whole before. */
  readonly already: boolean
  /** That went over. */
  readonly sizeBytes: number
}

export type TransferDirection = 'push' | 'pull'

/** Work on versions of data that takes long or much memory, away from the thread that answers requests. */
export interface DataWorker {
  /** The remote that the operator has named: a folder or an s3:// address; null where there is none. A request can name no other. */
  readonly remote: string | null
  /**
   * Keeps a table file as a version.
   * @throws as reading a table does; PERSON_ERASED
   */
  addTable(
    file: string,
    name: string,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly warnings: readonly string[] }>
  /** @param ids Versions; none: all. @throws as the remote does */
  transfer(
    direction: TransferDirection,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly TransferredVersion[]>
}
