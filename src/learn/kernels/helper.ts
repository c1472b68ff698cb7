import { TEAM_KERNELS } from './kernel-names.ts'
import type { SharedMemory, WasmModule } from './load-kernels.ts'

/** What a helper thread needs to take part in a fit. It can be sent to a worker as it is. */
export interface HelperJob {
  readonly module: WasmModule
  readonly memory: SharedMemory
  /** Where in the memory the thread is told what to do (see `SLOT`). */
  readonly slot: number
  /** Where in the memory its kernels have 64 KiB to themselves. */
  readonly scratch: number
}

/** A helper's slot: its state as int32 at 0, then as float64 the kernel, the result, the number of arguments, the arguments. */
export const SLOT = { kernel: 1, result: 2, nArguments: 3, arguments: 4, sizeBytes: 256 } as const

/** A helper's state. Helper and fit wait for each other to change it. */
export const STATE = { starting: 0, ready: 1, working: 2, stopped: 3, failed: 4 } as const

/** How often a thread looks at a state before it goes to sleep, about 10 microseconds: waking up takes as long. */
export const LOOKS = 2000

/** What is used of the host's WebAssembly here. */
declare const WebAssembly: {
  readonly Instance: new (
    module: WasmModule,
    imports: { env: { memory: SharedMemory } },
  ) => { exports: Record<string, (...args: number[]) => number | undefined> }
}

/**
 * A helper thread's whole life: runs kernels as it is told until the fit is over. Blocks its thread, so it must be a worker.
 * @throws what a kernel throws, after telling the fit
 */
export function runHelper({ module, memory, slot, scratch }: HelperJob): void {
  const state = new Int32Array(memory.buffer, slot, 1)
  const told = new Float64Array(memory.buffer, slot, SLOT.sizeBytes / 8)
  try {
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports
    kernels['useScratch']!(scratch)
    if (Atomics.compareExchange(state, 0, STATE.starting, STATE.ready) === STATE.stopped) return
    for (;;) {
      for (let look = 0; look < LOOKS && Atomics.load(state, 0) === STATE.ready; look++);
      while (Atomics.load(state, 0) === STATE.ready) Atomics.wait(state, 0, STATE.ready)
      if (Atomics.load(state, 0) === STATE.stopped) return
      const args = told.subarray(SLOT.arguments, SLOT.arguments + told[SLOT.nArguments]!)
      told[SLOT.result] = kernels[TEAM_KERNELS[told[SLOT.kernel]!]!]!(...args) ?? 0
      if (Atomics.compareExchange(state, 0, STATE.working, STATE.ready) === STATE.stopped) return
      Atomics.notify(state, 0)
    }
  } catch (error) {
    reportLost(memory, slot)
    throw error
  }
}

/** Tells the fit that a helper is no more, unless it was over anyway. For the host to call when the thread ends. */
export function reportLost(memory: SharedMemory, slot: number): void {
  const state = new Int32Array(memory.buffer, slot, 1)
  if (Atomics.load(state, 0) === STATE.stopped) return
  Atomics.store(state, 0, STATE.failed)
  Atomics.notify(state, 0)
}
