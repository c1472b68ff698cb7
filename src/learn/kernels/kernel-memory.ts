import { type FitThreads, KernelTeam, roomForTeam, threadCount } from './kernel-team.ts'
import { instantiateKernels, type Kernels, kernelsAvailable, pagesOf, type WasmMemory } from './load-kernels.ts'

/** The first page is the kernels' own (assembly/layout.ts). */
const FIRST_BYTE = 65_536

/** Where `findSplit` leaves its answer (assembly/layout.ts). */
const SPLIT = 64

/** A memory up to this size is kept for the next fit; a larger one goes back to the system. */
const KEEP_BYTES = 16 * 2 ** 20

/** Above this the fit keeps to plain arrays: pointers have 32 bits. */
const MAX_BYTES = 2 ** 32 - 2 ** 20

/** Every array begins at a multiple of this. */
const ALIGNMENT = 16

let idle: KernelMemory | null = null

/** Bytes that an array takes, its alignment included. */
export function roomFor(sizeBytes: number): number {
  return Math.ceil(sizeBytes / ALIGNMENT) * ALIGNMENT
}

/**
 * Room for the arrays of one fit where the kernels can reach them, handed out one after the other. What it hands out is not
 * cleared: a memory is used again by later fits. After `free` nothing of it may be used any more.
 */
export class KernelMemory {
  readonly kernels: Kernels
  /** Threads that work here together; null for the caller's alone. */
  readonly team: KernelTeam | null
  readonly #memory: WasmMemory
  #top = FIRST_BYTE
  /** Where the room asked for ends: before the memory does, so that a fit that takes too much is found out at once. */
  #end: number
  #columns: Int32Array = new Int32Array(0)

  /**
   * @param sizeBytes What the arrays take together, each counted by `roomFor`.
   * @param threads Threads to work here together; left out where the host can't share memory.
   * @returns null where the kernels can't run or the host has no room: then plain arrays do.
   */
  static take(sizeBytes: number, threads: FitThreads | null = null): KernelMemory | null {
    const needed = FIRST_BYTE + sizeBytes
    if (needed > MAX_BYTES || !kernelsAvailable()) return null
    if (threads && threadCount(threads) > 1) {
      const shared = instantiateKernels(roomFor(needed) + roomForTeam(threads), true)
      if (shared) {
        const { kernels, memory, module } = shared
        return new KernelMemory(
          kernels,
          memory,
          needed,
          new KernelTeam(threads, kernels, module, memory, roomFor(needed)),
        )
      }
    }
    const kept = idle
    if (kept && needed <= KEEP_BYTES) {
      idle = null
      if (kept.#reuse(needed)) return kept
    }
    return KernelMemory.make(sizeBytes)
  }

  /** A memory that is the caller's for as long as it is held: as `take` for one thread, but none that was used before. */
  static make(sizeBytes: number): KernelMemory | null {
    const needed = FIRST_BYTE + sizeBytes
    const made = instantiateKernels(needed)
    return made && new KernelMemory(made.kernels, made.memory, needed, null)
  }

  private constructor(kernels: Kernels, memory: WasmMemory, end: number, team: KernelTeam | null) {
    this.kernels = kernels
    this.#memory = memory
    this.#end = end
    this.team = team
  }

  /** Gives the memory back. */
  free(): void {
    this.#columns = new Int32Array(0)
    if (this.team) this.team.stop()
    else if (this.#memory.buffer.byteLength <= KEEP_BYTES) idle = this
  }

  uint8(length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#take(length), length)
  }

  int32(length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, this.#take(4 * length), length)
  }

  uint32(length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, this.#take(4 * length), length)
  }

  float64(length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, this.#take(8 * length), length)
  }

  /** Pointer to a copy of columns[from] to columns[to - 1], good until the next call. */
  columns(columns: Int32Array, from = 0, to = columns.length): number {
    if (this.#columns.length < to - from) this.#columns = this.int32(to - from)
    for (let i = from; i < to; i++) this.#columns[i - from] = columns[i]!
    return this.#columns.byteOffset
  }

  /** How much is handed out so far, to `reset` to. */
  mark(): number {
    return this.#top
  }

  /** Takes back all that was handed out since the mark. */
  reset(mark: number): void {
    this.#top = mark
    this.#columns = new Int32Array(0)
  }

  /** What `findSplit` found last. */
  splitFound(): SplitFound {
    const view = new DataView(this.#memory.buffer, SPLIT)
    return {
      gain: view.getFloat64(0, true),
      leftGradient: view.getFloat64(8, true),
      leftHessianAndCount: view.getFloat64(16, true),
      column: view.getInt32(24, true),
      bin: view.getInt32(28, true),
      missingLeft: view.getInt32(32, true) !== 0,
    }
  }

  #take(sizeBytes: number): number {
    const at = this.#top
    this.#top += roomFor(sizeBytes)
    if (this.#top > this.#end) throw new Error('A fit asked for less kernel memory than it uses.')
    return at
  }

  #reuse(needed: number): boolean {
    const missing = pagesOf(needed - this.#memory.buffer.byteLength)
    try {
      if (missing > 0) this.#memory.grow(missing)
    } catch {
      return false
    }
    this.#top = FIRST_BYTE
    this.#end = needed
    return true
  }
}

/** A split as `findSplit` leaves it. */
export interface SplitFound {
  gain: number
  leftGradient: number
  leftHessianAndCount: number
  column: number
  bin: number
  missingLeft: boolean
}
