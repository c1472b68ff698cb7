/**
 * Where the fields stand among an object's values: for records which hold every field, nothing unknown and no key with blanks around it. Who sends
 * records sends their keys in one order mostly, so that the last layout is remembered: comparing keys with it is much quicker than looking up
 * each field and each key.
 */
export class LayoutCache {
  readonly #known: ReadonlySet<string>
  readonly #names: readonly string[]
  #keys: readonly string[] = []
  /** For each field, its place among the keys; null before the first. */
  #places: Int32Array | null = null

  /** @param known Keys that a record may have. @param names Those of the fields, each of them known. */
  constructor(known: ReadonlySet<string>, names: readonly string[]) {
    this.#known = known
    this.#names = names
  }

  /** For each field its place in `Object.values(record)`; null where the record is not of the plain kind. */
  of(record: object): Int32Array | null {
    const keys = Object.keys(record)
    if (this.#places !== null && areSame(keys, this.#keys)) return this.#places
    const places = this.#placesIn(keys)
    if (places === null) return null
    this.#keys = keys
    this.#places = places
    return places
  }

  #placesIn(keys: readonly string[]): Int32Array | null {
    if (keys.length < this.#names.length) return null
    const found = new Map<string, number>()
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      if (!this.#known.has(key) || key !== key.trim()) return null
      found.set(key, i)
    }
    const places = new Int32Array(this.#names.length)
    for (let f = 0; f < places.length; f++) {
      const place = found.get(this.#names[f]!)
      if (place === undefined) return null
      places[f] = place
    }
    return places
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
