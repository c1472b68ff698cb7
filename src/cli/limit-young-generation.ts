import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Both halves of V8's space for young objects together; it begins at 2 MiB and doubles up to 64 where it may. */
export const MOST_YOUNG_BYTES = 32 * 2 ** 20

/**
 * Holds V8's space for young objects at 32 MiB. What a request makes is dead as soon as it is answered, so that the larger space which V8
 * would take under load holds nothing but garbage. The flag that says so from the start (`--max-semi-space-size`) can only be given to Node
 * itself; who gives one, there or in `NODE_OPTIONS`, is left alone. What stops the growth is looked at by V8 whenever it is about to double the
 * space.
 * @returns Ends the watching, which ends by itself once the size is reached.
 */
export function limitYoungGeneration(given: readonly string[] = nodeOptions()): () => void {
  if (given.some((option) => /^--(max|min)[-_]semi[-_]space[-_]size/.test(option))) return () => {}
  // The space grows at the end of a collection and only there: looking after each costs nothing while nothing happens.
  const observer = new PerformanceObserver(() => look())
  const look = () => {
    if (youngBytes() < MOST_YOUNG_BYTES) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  }
  observer.observe({ entryTypes: ['gc'] })
  // Where loading models has made the space as large already, the next collection would double it before it is looked at.
  look()
  return () => observer.disconnect()
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}

function nodeOptions(): string[] {
  return [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
}
