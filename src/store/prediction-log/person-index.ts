import { GrowingUint32 } from '../../table/growing-uint32.ts'

/*
 * Which persons a file of the log has entries of, and in which of its frames, so that looking for one reads little. It stands at the end of the file
 * itself (`segment.ts`), and so comes and goes with it: nothing can be older than what it tells of. Numbers are big-endian.
 *
 *   where it begins in the file (uint64) | length of the file's name (uint16) | the name | frames (uint32) | persons (uint32)
 *   of each frame its bytes, with its head (uint32)
 *   of each person a mark of 6 bytes, ascending
 *   of each person, likewise, where its frames end among those that follow (uint32)
 *   the numbers of the first person's frames, ascending, then of the next one's (uint32)
 *
 * It may tell of a person that has no entry (two may share a mark, and then a frame is read in vain), but never misses one.
 */
const MARK_BYTES = 6
const NUMBER_BYTES = 4
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

/** What is known of a file while it is written: its frames, and of each person the frames that have entries. */
export class PersonFrames {
  /** Mark + 1 where one is; 0 where there is room: at most half of the places are taken. */
  #marks = new Float64Array(FIRST_CAPACITY)
  /** Beside each mark how many came before it. */
  #ordinals = new Uint32Array(FIRST_CAPACITY)
  #size = 0
  readonly #frames = new GrowingUint32()
  /** A person's ordinal, and beside it in the other a frame that has it. */
  readonly #persons = new GrowingUint32()
  readonly #framesOfPersons = new GrowingUint32()

  /** Persons. */
  get size(): number {
    return this.#size
  }

  /** Persons, each as often as there are frames that have it. */
  get places(): number {
    return this.#persons.length
  }

  /** The next frame. @param bytes That it takes, with its head. @param marks Of the persons that have entries in it. */
  add(bytes: number, marks: Iterable<number>): void {
    const number = this.#frames.length
    this.#frames.push(bytes)
    for (const mark of new Set(marks)) {
      this.#persons.push(this.#ordinalOf(mark))
      this.#framesOfPersons.push(number)
    }
  }

  /** @param name Of the file, as it is called when it has ended. @param begin Where the index will stand in it, in bytes. */
  encode(name: string, begin: number): Buffer {
    const marks = this.#marks
      .filter((taken) => taken !== 0)
      .map((taken) => taken - 1)
      .sort()
    const rank = new Uint32Array(marks.length)
    for (const [at, mark] of marks.entries()) rank[this.#ordinalOf(mark)] = at
    const { ends, sorted } = byRank(this.#persons.values(), this.#framesOfPersons.values(), rank)
    const frames = this.#frames.values()
    const named = Buffer.from(name, 'utf8')
    const head = Buffer.allocUnsafe(10 + named.length + 2 * NUMBER_BYTES)
    head.writeBigUInt64BE(BigInt(begin), 0)
    head.writeUInt16BE(named.length, 8)
    const at = 10 + named.copy(head, 10)
    head.writeUInt32BE(frames.length, at)
    head.writeUInt32BE(marks.length, at + NUMBER_BYTES)
    const written = Buffer.allocUnsafe(MARK_BYTES * marks.length)
    for (const [i, mark] of marks.entries()) written.writeUIntBE(mark, MARK_BYTES * i, MARK_BYTES)
    return Buffer.concat([head, bytesOf(frames), written, bytesOf(ends), bytesOf(sorted)])
  }

  #ordinalOf(mark: number): number {
    if (2 * this.#size >= this.#marks.length) this.#grow()
    const at = placeOf(this.#marks, mark)
    if (this.#marks[at] === 0) {
      this.#marks[at] = mark + 1
      this.#ordinals[at] = this.#size++
    }
    return this.#ordinals[at]!
  }

  #grow(): void {
    const marks = new Float64Array(2 * this.#marks.length)
    const ordinals = new Uint32Array(marks.length)
    for (const [i, taken] of this.#marks.entries()) {
      if (taken === 0) continue
      const at = placeOf(marks, taken - 1)
      marks[at] = taken
      ordinals[at] = this.#ordinals[i]!
    }
    this.#marks = marks
    this.#ordinals = ordinals
  }
}

/** Where a mark is, or where there is room for it. */
function placeOf(marks: Float64Array, mark: number): number {
  // Marks are hashes: their low bits are as good as any.
  let at = mark % marks.length
  while (marks[at] !== 0 && marks[at] !== mark + 1) at = (at + 1) % marks.length
  return at
}

/** Frames sorted by the rank of their persons, those of one in the order in which they are; and where each person's end. */
function byRank(persons: Uint32Array, frames: Uint32Array, rank: Uint32Array) {
  const ends = new Uint32Array(rank.length)
  for (const person of persons) ends[rank[person]!]!++
  for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1]!
  const sorted = new Uint32Array(frames.length)
  const next = Uint32Array.from(ends, (_, i) => (i === 0 ? 0 : ends[i - 1]!))
  for (const [i, person] of persons.entries()) sorted[next[rank[person]!]!++] = frames[i]!
  return { ends, sorted }
}

function bytesOf(numbers: Uint32Array): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES * numbers.length)
  for (const [i, number] of numbers.entries()) bytes.writeUInt32BE(number, NUMBER_BYTES * i)
  return bytes
}

/** Where one frame stands. */
export interface FramePlace {
  /** The first one's is 0. */
  readonly number: number
  /** Bytes of the file's frames before it. */
  readonly at: number
}

/** The persons of one file, as its index tells. */
export interface PersonIndex {
  /** The frames that may have entries of some of the persons, in their order; all others have certainly none. */
  framesWith(marks: readonly number[]): FramePlace[]
  /** By the number of a frame: the marks of the persons that have entries in it. */
  marksByFrame(): number[][]
}

/** @returns null for one of another file, or of another place in it: it tells nothing */
export function decodeIndex(bytes: Buffer, name: string, begin: number): PersonIndex | null {
  if (bytes.length < 10 || bytes.readBigUInt64BE(0) !== BigInt(begin)) return null
  const counts = 10 + bytes.readUInt16BE(8)
  const frames = counts + 2 * NUMBER_BYTES
  if (bytes.length < frames || bytes.toString('utf8', 10, counts) !== name) return null
  const nFrames = bytes.readUInt32BE(counts)
  const nPersons = bytes.readUInt32BE(counts + NUMBER_BYTES)
  const marks = frames + NUMBER_BYTES * nFrames
  const ends = marks + MARK_BYTES * nPersons
  const places = ends + NUMBER_BYTES * nPersons
  if (bytes.length < places) return null
  const nPlaces = nPersons === 0 ? 0 : bytes.readUInt32BE(places - NUMBER_BYTES)
  if (bytes.length !== places + NUMBER_BYTES * nPlaces) return null
  const markAt = (i: number) => bytes.readUIntBE(marks + MARK_BYTES * i, MARK_BYTES)
  /** Numbers of frames of the person with that rank. */
  function* framesOf(i: number): Generator<number> {
    const end = bytes.readUInt32BE(ends + NUMBER_BYTES * i)
    for (let at = i === 0 ? 0 : bytes.readUInt32BE(ends + NUMBER_BYTES * (i - 1)); at < end; at++)
      yield bytes.readUInt32BE(places + NUMBER_BYTES * at)
  }
  const rankOf = (mark: number): number | null => {
    let low = 0
    let high = nPersons
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = markAt(middle)
      if (found === mark) return middle
      if (found < mark) low = middle + 1
      else high = middle
    }
    return null
  }
  return {
    framesWith(wanted) {
      const found = new Uint8Array(nFrames)
      for (const mark of wanted) {
        const rank = rankOf(mark)
        if (rank !== null) for (const number of framesOf(rank)) found[number] = 1
      }
      const result: FramePlace[] = []
      for (let number = 0, at = 0; number < nFrames; number++) {
        if (found[number] === 1) result.push({ number, at })
        at += bytes.readUInt32BE(frames + NUMBER_BYTES * number)
      }
      return result
    },
    marksByFrame() {
      const result: number[][] = Array.from({ length: nFrames }, () => [])
      for (let i = 0; i < nPersons; i++) for (const number of framesOf(i)) result[number]!.push(markAt(i))
      return result
    },
  }
}
