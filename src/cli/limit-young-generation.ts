import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Both halves of V8's space for young objects together; it begins at 2 MiB and doubles up to 64 where it may. */
export const MOST_YOUNG_BYTES = 32 * 2 ** 20

/**
 * Holds V8's space for young objects at 32 MiB. What a request makes is dead as soon as it is answered, so that the larger space which V8
 * would take under load holds nothing but garbage. The flag that says so from the start (`--max-semi-space-size`) can only be given to Node
 * itself; who gives one, there or in `NODE_OPTIONS`, is left alone. What stops the growth is looked at by V8 whenever it is about to double the
 * space. It makes the space small again where little happens, and then it has to be free to grow: in a small one what is in flight is taken for old,
 * and fills the heap.
 * @returns Ends the watching.
 */
export function limitYoungGeneration(given: readonly string[] = nodeOptions()): () => void {
  if (given.some((option) => /^--(max|min)[-_]semi[-_]space[-_]size/.test(option))) return () => {}
  let factor = 0
  const look = () => {
    const wanted = youngBytes() < MOST_YOUNG_BYTES ? 2 : 1
    if (wanted === factor) return
    factor = wanted
    setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  }
  // The space changes its size at the end of a collection and only there: looking after each costs nothing while nothing happens.
  const observer = new PerformanceObserver(look)
  observer.observe({ entryTypes: ['gc'] })
  // Where loading modules has made the space as large already, the next collection would double it before it is looked at.
  look()
  return () => observer.disconnect()
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}

function nodeOptions(): string[] {
  return [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
}
