/** Lists in queries have one of few lengths, so that few statements serve all: a shorter list repeats its last value. */
const LENGTHS = [1, 10, 100] as const

export function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ')
}

/** Calls `read` with ids in chunks of a few fixed lengths. */
export async function inChunks(ids: readonly string[], read: (ids: readonly string[]) => Promise<void>): Promise<void> {
  const largest = LENGTHS.at(-1)!
  for (let from = 0; from < ids.length; from += largest) {
    const chunk = ids.slice(from, from + largest)
    const length = LENGTHS.find((one) => one >= chunk.length) ?? largest
    await read(Array.from({ length }, (_, index) => chunk[index] ?? chunk.at(-1)!))
  }
}

/** Adds to the list that a map holds under a key. */
export function addTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
