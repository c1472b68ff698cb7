import { hashCharacters, hashTerm } from './term-hash.ts'
import type { AnalysisOptions } from './text-options.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Terms numbered from 0 in the order of their coming. They are looked up as a range of UTF-8 bytes, so that no string is made
 * for a word that is only counted:
 *
 *   bytes   t h e . c a t . t h e     find(bytes, 8, 11, hash) -> 0
 *   pool    t h e c a t               begins 0 3 6
 *   slots   hash and number + 1 of a term in turns, the number 0 where free; open addressing by hash
 */
export class TermTable {
  #slots = new Int32Array(512)
  #begins = new Uint32Array(65)
  #pool = new Uint8Array(1024)
  #scratch = new Uint8Array(256)
  #size = 0
  readonly #hashOf: (bytes: Uint8Array, length: number) => number

  /** @param hashOf What `find` and `add` are given for a term's bytes. */
  constructor(hashOf: (bytes: Uint8Array, length: number) => number = hashTerm) {
    this.#hashOf = hashOf
  }

  get size(): number {
    return this.#size
  }

  /** Number of the term in bytes[begin .. end], whose hash is `hash`; -1 when it is not there. */
  find(bytes: Uint8Array, begin: number, end: number, hash: number): number {
    return this.#slots[this.#slotOf(bytes, begin, end, hash) + 1]! - 1
  }

  /** Number of the term, which is added when it is not there. */
  add(bytes: Uint8Array, begin: number, end: number, hash: number): number {
    const slot = this.#slotOf(bytes, begin, end, hash)
    const known = this.#slots[slot + 1]!
    if (known > 0) return known - 1
    const term = this.#size++
    if (term + 1 === this.#begins.length) this.#growTerms()
    const to = this.#begins[term]!
    const length = end - begin
    if (to + length > this.#pool.length) this.#growPool(to + length)
    for (let i = 0; i < length; i++) this.#pool[to + i] = bytes[begin + i]!
    this.#begins[term + 1] = to + length
    this.#slots[slot] = hash
    this.#slots[slot + 1] = term + 1
    if (this.#size * 4 > this.#slots.length) this.#growSlots()
    return term
  }

  /** Adds a term given as a string, such as a stop word or an entry of a stored vocabulary. */
  addText(text: string): number {
    if (text.length * 3 > this.#scratch.length) this.#scratch = new Uint8Array(text.length * 3)
    const { written } = encoder.encodeInto(text, this.#scratch)
    return this.add(this.#scratch, 0, written, this.#hashOf(this.#scratch, written))
  }

  text(term: number): string {
    return decoder.decode(this.#pool.subarray(this.#begins[term]!, this.#begins[term + 1]!))
  }

  /** Place of the term's hash in `slots`, or of the free pair where it belongs. */
  #slotOf(bytes: Uint8Array, begin: number, end: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = (mix(hash) << 1) & mask; ; slot = (slot + 2) & mask) {
      const term = slots[slot + 1]! - 1
      if (term < 0) return slot
      if (slots[slot] === hash && this.#equals(term, bytes, begin, end)) return slot
    }
  }

  #equals(term: number, bytes: Uint8Array, begin: number, end: number): boolean {
    const pool = this.#pool
    let at = this.#begins[term]!
    if (this.#begins[term + 1]! - at !== end - begin) return false
    for (let i = begin; i < end; i++) if (pool[at++] !== bytes[i]) return false
    return true
  }

  #growTerms(): void {
    const begins = new Uint32Array(this.#begins.length * 2)
    begins.set(this.#begins)
    this.#begins = begins
  }

  #growPool(least: number): void {
    const pool = new Uint8Array(Math.max(least, this.#pool.length * 2))
    pool.set(this.#pool)
    this.#pool = pool
  }

  #growSlots(): void {
    const old = this.#slots
    const slots = new Int32Array(old.length * 2)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = (mix(old[from]!) << 1) & mask
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
      slots[slot] = old[from]!
      slots[slot + 1] = old[from + 1]!
    }
    this.#slots = slots
  }
}

/** A table for the terms that a `WordReader` with the same analyser gives. */
export function termTable({ analyser }: Pick<AnalysisOptions, 'analyser'>): TermTable {
  return new TermTable(analyser === 'word' ? hashTerm : hashCharacters)
}

/** Spreads the high bits, which tell long terms apart, over the low ones, which choose the slot. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return hash ^ (hash >>> 15)
}
