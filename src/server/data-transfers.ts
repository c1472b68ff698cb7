import { BellwetherError } from '../errors.ts'
import type { DataWorker, TransferDirection, TransferredVersion } from './data-worker.ts'

/** How far it is with a transfer. Times are milliseconds since 1970-01-01 UTC. */
export interface TransferState {
  readonly direction: TransferDirection
  /** Versions that were asked for; empty: all. */
  readonly ids: readonly string[]
  readonly state: 'running' | 'done' | 'failed'
  readonly askedTime: number
  readonly endTime: number | null
  readonly versions: readonly TransferredVersion[] | null
  readonly error: ReturnType<BellwetherError['toDocument']> | null
}

/** Sends versions to the remote and brings them from there, one transfer at a time; the last one is remembered until the server ends. */
export class DataTransfers {
  readonly #worker: DataWorker
  readonly #clock: () => number
  readonly #stop = new AbortController()
  #last: TransferState | null = null
  #work: Promise<void> = Promise.resolve()

  constructor(worker: DataWorker, clock: () => number) {
    this.#worker = worker
    this.#clock = clock
  }

  get last(): TransferState | null {
    return this.#last
  }

  /** @throws NO_DATA_REMOTE, TRANSFER_UNDER_WAY */
  begin(direction: TransferDirection, ids: readonly string[]): TransferState {
    if (this.#worker.remote === null)
      throw new BellwetherError('NO_DATA_REMOTE', 'The server was started without a remote for data.')
    if (this.#last?.state === 'running')
      throw new BellwetherError('TRANSFER_UNDER_WAY', `A ${this.#last.direction} is under way.`)
    const begun: TransferState = {
      direction,
      ids,
      state: 'running',
      askedTime: this.#clock(),
      endTime: null,
      versions: null,
      error: null,
    }
    this.#last = begun
    this.#work = this.#transfer(begun)
    return begun
  }

  /** Ends what is under way: the next attempt goes on where it was. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  async #transfer(begun: TransferState): Promise<void> {
    try {
      const versions = await this.#worker.transfer(begun.direction, begun.ids, this.#stop.signal)
      this.#last = { ...begun, state: 'done', endTime: this.#clock(), versions }
    } catch (error) {
      const known =
        error instanceof BellwetherError
          ? error
          : new BellwetherError('INTERNAL', 'The transfer failed.', { cause: error })
      this.#last = { ...begun, state: 'failed', endTime: this.#clock(), error: known.toDocument() }
    }
  }
}
