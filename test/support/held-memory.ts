import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Test support: MiB that this process still holds after a collection, arrays outside of the heap included: what is held for good. */
export function heldMiB(): number {
  // Node's own collector, asked to run now.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What a collection finds is freed beside the program; the next one waits for that.
  collect()
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return (heapUsed + external + arrayBuffers) / 2 ** 20
}
