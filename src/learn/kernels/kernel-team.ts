import { BellwetherError } from '../../errors.ts'
import { type HelperJob, LOOKS, SLOT, STATE } from './helper.ts'
import { TEAM_KERNELS, type TeamKernel } from './kernel-names.ts'
import type { Kernels, SharedMemory, WasmModule } from './load-kernels.ts'

/** Threads that may help a fit. The host brings them: this library starts none by itself. Models are the same with any number. */
export interface FitThreads {
  /** Threads in all, the caller's own included. */
  readonly count: number
  /** Starts a thread that calls `runHelper(job)`, and `reportLost` should it end before that does. Must not wait for it. */
  start(job: HelperJob): void
}

/** More than this bring a single fit nothing. */
const MAX_THREADS = 16

/** A thread's own room: its kernels' page, and its slot. */
const SCRATCH_BYTES = 65_536

/** Waits of a second for a helper's part of the work until it counts as lost: longer than any part takes. */
const PATIENCE = 120

/** Bytes of a team's own in the memory. */
export function roomForTeam(threads: FitThreads): number {
  return helpersOf(threads) * (SCRATCH_BYTES + SLOT.sizeBytes)
}

function helpersOf(threads: FitThreads): number {
  return threadCount(threads) - 1
}

/** Threads that work for a fit at most, the caller's own included: a whole number from 1, whatever a host says. */
export function threadCount(threads: FitThreads | null): number {
  const count = threads ? Math.floor(threads.count) : 1
  return count >= 1 ? Math.min(MAX_THREADS, count) : 1
}

interface Helper {
  readonly state: Int32Array
  readonly told: Float64Array
}

/**
 * The threads of one fit, meeting in a shared memory: the caller's, and helpers that wait for work there. A helper that has not
 * started yet, or has ended, is left out; results don't depend on how many take part.
 */
export class KernelTeam {
  readonly #kernels: Kernels
  readonly #helpers: Helper[]

  /** @param from Where the team's room in the memory begins. */
  constructor(threads: FitThreads, kernels: Kernels, module: WasmModule, memory: SharedMemory, from: number) {
    this.#kernels = kernels
    const count = helpersOf(threads)
    this.#helpers = Array.from({ length: count }, (_, i) => {
      const slot = from + count * SCRATCH_BYTES + i * SLOT.sizeBytes
      const state = new Int32Array(memory.buffer, slot, 1)
      Atomics.store(state, 0, STATE.starting)
      threads.start({ module, memory, slot, scratch: from + i * SCRATCH_BYTES })
      return { state, told: new Float64Array(memory.buffer, slot, SLOT.sizeBytes / 8) }
    })
  }

  /** Most threads that there can be. */
  get size(): number {
    return 1 + this.#helpers.length
  }

  /** Threads there now: helpers take some time to start. */
  get present(): number {
    return 1 + this.#ready().length
  }

  /**
   * Runs a kernel on each of some tasks, a helper at most one, the caller's thread the others, and waits for all of them.
   * @param tasks Arguments of each.
   * @returns What each gave; 0 where the kernel gives nothing.
   * @throws FIT_THREAD_LOST when a helper ended before its task was done
   */
  run(kernel: TeamKernel, tasks: readonly (readonly number[])[]): number[] {
    const helpers = this.#ready().slice(0, tasks.length - 1)
    for (const [i, { state, told }] of helpers.entries()) {
      const args = tasks[i + 1]!
      told[SLOT.kernel] = TEAM_KERNELS.indexOf(kernel)
      told[SLOT.nArguments] = args.length
      told.set(args, SLOT.arguments)
      // A helper that ended just now stays `failed`, which `#await` finds.
      Atomics.compareExchange(state, 0, STATE.ready, STATE.working)
      Atomics.notify(state, 0)
    }
    const own = this.#kernels[kernel] as (...args: readonly number[]) => number | undefined
    const results = new Array<number>(tasks.length)
    for (let task = 0; task < tasks.length; task++) {
      if (task === 0 || task > helpers.length) results[task] = own(...tasks[task]!) ?? 0
    }
    for (const [i, helper] of helpers.entries()) {
      this.#await(helper)
      results[i + 1] = helper.told[SLOT.result]!
    }
    return results
  }

  /** Ends the helpers. They leave their threads by themselves. */
  stop(): void {
    for (const { state } of this.#helpers) {
      Atomics.store(state, 0, STATE.stopped)
      Atomics.notify(state, 0)
    }
  }

  #ready(): Helper[] {
    return this.#helpers.filter(({ state }) => Atomics.load(state, 0) === STATE.ready)
  }

  #await({ state }: Helper): void {
    for (let look = 0; look < LOOKS && Atomics.load(state, 0) === STATE.working; look++);
    for (let wait = 0; Atomics.load(state, 0) === STATE.working; wait++) {
      if (wait === PATIENCE) break
      Atomics.wait(state, 0, STATE.working, 1000)
    }
    if (Atomics.load(state, 0) === STATE.ready) return
    throw new BellwetherError('FIT_THREAD_LOST', 'A thread that helped with a fit ended before its part was done.')
  }
}

/** Where part `part` of n items begins; at a multiple of 64, so that threads don't write to the same cache lines. */
export function partBegin(n: number, part: number, nParts: number): number {
  return part === nParts ? n : Math.floor((n * part) / nParts / 64) * 64
}
