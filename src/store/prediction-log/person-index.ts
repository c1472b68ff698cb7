/*
 * Which persons a file of the log has entries of, so that looking for one reads few files. It stands at the end of the file itself (`segment.ts`), and so
 * comes and goes with it: nothing can be older than what it tells of.
 *
 *   where it begins in the file (uint64, big-endian) | length of the file's name (uint16) | the name | a mark of 6 bytes for each person, ascending
 *
 * It may tell of a person that has no entry (two may share a mark, and then the file is read in vain), but never misses one.
 */
const MARK_BYTES = 6
const HEAD_BYTES = 10
const FIRST_CAPACITY = 256

/** A person's 48 bits: those of the first eight characters, which are a hash in base64url; anything else has some mark, too. */
export function markOf(person: string): number {
  let mark = 0
  for (let i = 0; i < 8; i++) mark = mark * 64 + (i < person.length ? SIX_BITS[person.charCodeAt(i) & 0x7f]! : 0)
  return mark
}

const SIX_BITS = new Uint8Array(128)
for (const [bits, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries())
  SIX_BITS[character.charCodeAt(0)] = bits

/** Marks, each once: 8 bytes a place, at most half of the places taken. */
export class PersonMarks {
  /** Mark + 1 where one is; 0 where there is room. */
  #places = new Float64Array(FIRST_CAPACITY)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(mark: number): void {
    if (2 * this.#size >= this.#places.length) this.#grow()
    if (put(this.#places, mark + 1)) this.#size++
  }

  ascending(): Float64Array {
    return this.#places
      .filter((taken) => taken !== 0)
      .map((taken) => taken - 1)
      .sort()
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#places.length)
    for (const taken of this.#places) if (taken !== 0) put(larger, taken)
    this.#places = larger
  }
}

/** @returns whether it was not there */
function put(places: Float64Array, taken: number): boolean {
  // Marks are hashes: their low bits are as good as any.
  for (let at = taken % places.length; ; at = (at + 1) % places.length) {
    if (places[at] === taken) return false
    if (places[at] === 0) {
      places[at] = taken
      return true
    }
  }
}

/** @param name Of the file, as it is called when it has ended. @param begin Where the index will stand in it, in bytes. */
export function encodeIndex(marks: PersonMarks, name: string, begin: number): Buffer {
  const sorted = marks.ascending()
  const named = Buffer.from(name, 'utf8')
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + named.length + MARK_BYTES * sorted.length)
  bytes.writeBigUInt64BE(BigInt(begin), 0)
  bytes.writeUInt16BE(named.length, 8)
  let at = HEAD_BYTES + named.copy(bytes, HEAD_BYTES)
  for (const mark of sorted) at = bytes.writeUIntBE(mark, at, MARK_BYTES)
  return bytes
}

/** The persons of one file, as its index tells. */
export interface PersonIndex {
  /** False where the file has certainly no entry of the person. */
  mayHold(mark: number): boolean
}

/** @returns null for one of another file, or of another place in it: it tells nothing */
export function decodeIndex(bytes: Buffer, name: string, begin: number): PersonIndex | null {
  if (bytes.length < HEAD_BYTES || bytes.readBigUInt64BE(0) !== BigInt(begin)) return null
  const first = HEAD_BYTES + bytes.readUInt16BE(8)
  const count = (bytes.length - first) / MARK_BYTES
  if (!Number.isInteger(count) || count < 0 || bytes.toString('utf8', HEAD_BYTES, first) !== name) return null
  return {
    mayHold(mark) {
      let low = 0
      let high = count
      while (low < high) {
        const middle = (low + high) >>> 1
        const found = bytes.readUIntBE(first + MARK_BYTES * middle, MARK_BYTES)
        if (found === mark) return true
        if (found < mark) low = middle + 1
        else high = middle
      }
      return false
    },
  }
}
