/** Start of `extendHash` for a term's first code unit (FNV-1a). */
export const HASH_START = 0x811c9dc5

/** The hash of a term goes on over the code units from `begin` to `end`. */
export function extendHash(hash: number, units: Uint16Array, begin: number, end: number): number {
  for (let i = begin; i < end; i++) hash = Math.imul(hash ^ units[i]!, 0x01000193)
  return hash
}

/**
 * Terms numbered from 0 in the order of their coming. They are looked up as a range of UTF-16 code units, so that no string is made
 * for a word that is only counted:
 *
 *   units   t h e . c a t . t h e     find(units, 8, 11, hash) -> 0
 *   pool    t h e c a t               begins 0 3 6
 *   slots   open addressing by hash, number + 1 of a term, 0 where free
 */
export class TermTable {
  #slots = new Uint32Array(256)
  #hashes = new Int32Array(64)
  #begins = new Uint32Array(65)
  #pool = new Uint16Array(512)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Number of the term in units[begin .. end], whose `extendHash` is `hash`; -1 when it is not there. */
  find(units: Uint16Array, begin: number, end: number, hash: number): number {
    return this.#slots[this.#slotOf(units, begin, end, hash)]! - 1
  }

  /** Number of the term, which is added when it is not there. */
  add(units: Uint16Array, begin: number, end: number, hash: number): number {
    const slot = this.#slotOf(units, begin, end, hash)
    const known = this.#slots[slot]!
    if (known > 0) return known - 1
    const term = this.#size
    if (term === this.#hashes.length) this.#growTerms()
    const to = this.#begins[term]!
    const length = end - begin
    if (to + length > this.#pool.length) this.#growPool(to + length)
    for (let i = 0; i < length; i++) this.#pool[to + i] = units[begin + i]!
    this.#hashes[term] = hash
    this.#begins[term + 1] = to + length
    this.#slots[slot] = term + 1
    this.#size++
    if (this.#size * 2 > this.#slots.length) this.#growSlots()
    return term
  }

  /** Adds a term given as a string, such as a stop word or an entry of a stored vocabulary. */
  addText(text: string): number {
    const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
    return this.add(units, 0, units.length, extendHash(HASH_START, units, 0, units.length))
  }

  /** The term as a string of its own, which keeps nothing else in memory. */
  text(term: number): string {
    const end = this.#begins[term + 1]!
    let text = ''
    // A term may be as long as its document: a call takes only so many arguments.
    for (let from = this.#begins[term]!; from < end; from += 4096) {
      text += String.fromCharCode(...this.#pool.subarray(from, Math.min(end, from + 4096)))
    }
    return text
  }

  /** The slot that holds the term, or the free one where it belongs. */
  #slotOf(units: Uint16Array, begin: number, end: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = mix(hash) & mask; ; slot = (slot + 1) & mask) {
      const term = slots[slot]! - 1
      if (term < 0) return slot
      if (this.#hashes[term] === hash && this.#equals(term, units, begin, end)) return slot
    }
  }

  #equals(term: number, units: Uint16Array, begin: number, end: number): boolean {
    const pool = this.#pool
    let at = this.#begins[term]!
    if (this.#begins[term + 1]! - at !== end - begin) return false
    for (let i = begin; i < end; i++) if (pool[at++] !== units[i]) return false
    return true
  }

  #growTerms(): void {
    const hashes = new Int32Array(this.#hashes.length * 2)
    hashes.set(this.#hashes)
    const begins = new Uint32Array(hashes.length + 1)
    begins.set(this.#begins)
    this.#hashes = hashes
    this.#begins = begins
  }

  #growPool(least: number): void {
    const pool = new Uint16Array(Math.max(least, this.#pool.length * 2))
    pool.set(this.#pool)
    this.#pool = pool
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let term = 0; term < this.#size; term++) {
      let slot = mix(this.#hashes[term]!) & mask
      while (slots[slot]! > 0) slot = (slot + 1) & mask
      slots[slot] = term + 1
    }
    this.#slots = slots
  }
}

/** Spreads the high bits, which tell long terms apart, over the low ones, which choose the slot. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return hash ^ (hash >>> 15)
}
