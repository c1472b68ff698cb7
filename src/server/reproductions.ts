import { BellwetherError } from '../errors.ts'
import type { Reproduction } from '../pipeline/reproduce-run.ts'

/** Makes a run again, away from the thread that answers requests. */
export type MakeAgain = (runId: string, signal: AbortSignal) => Promise<Reproduction>

/** How far it is with making a run again. Times are milliseconds since 1970-01-01 UTC. */
export interface ReproductionState {
  readonly runId: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  readonly askedTime: number
  readonly endTime: number | null
  readonly result: Reproduction | null
  readonly error: ReturnType<BellwetherError['toDocument']> | null
}

/** Runs that may wait for their turn. */
const MOST_WAITING = 20
/** Outcomes that are remembered. */
const MOST_KEPT = 100

/** Makes runs again, one after another: each takes all cores. Outcomes are remembered until the server ends. */
export class Reproductions {
  readonly #make: MakeAgain
  readonly #clock: () => number
  readonly #stop = new AbortController()
  /** In the order in which they were asked for. */
  readonly #states = new Map<string, ReproductionState>()
  #turn: Promise<void> = Promise.resolve()

  constructor(make: MakeAgain, clock: () => number) {
    this.#make = make
    this.#clock = clock
  }

  /** What became of it, or null where nobody asked. */
  state(runId: string): ReproductionState | null {
    return this.#states.get(runId) ?? null
  }

  /** Begins, unless it is under way already. @throws OVERLOADED when too many wait */
  begin(runId: string): ReproductionState {
    const known = this.#states.get(runId)
    if (known && known.endTime === null) return known
    const waiting = [...this.#states.values()].filter(({ state }) => state === 'waiting').length
    if (waiting >= MOST_WAITING)
      throw new BellwetherError('OVERLOADED', `${waiting} runs wait to be made again; ask later.`)
    this.#states.delete(runId)
    const begun: ReproductionState = {
      runId,
      state: 'waiting',
      askedTime: this.#clock(),
      endTime: null,
      result: null,
      error: null,
    }
    this.#states.set(runId, begun)
    this.#turn = this.#turn.then(() => this.#work(begun))
    return begun
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#turn
  }

  async #work(begun: ReproductionState): Promise<void> {
    if (this.#stop.signal.aborted) return
    const { runId } = begun
    this.#states.set(runId, { ...begun, state: 'running' })
    try {
      const result = await this.#make(runId, this.#stop.signal)
      this.#states.set(runId, { ...begun, state: 'done', endTime: this.#clock(), result })
    } catch (error) {
      const known =
        error instanceof BellwetherError
          ? error
          : new BellwetherError('INTERNAL', 'The run could not be made again.', { cause: error })
      this.#states.set(runId, { ...begun, state: 'failed', endTime: this.#clock(), error: known.toDocument() })
    }
    const ended = [...this.#states.values()].filter(({ endTime }) => endTime !== null)
    for (const { runId: old } of ended.slice(0, -MOST_KEPT)) this.#states.delete(old)
  }
}
