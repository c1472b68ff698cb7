import { characterGroups } from './character-groups.ts'
import { ENGLISH_STOP_WORDS } from './english-stop-words.ts'
import { stripAccents } from './strip-accents.ts'
import { stripHtml } from './strip-html.ts'
import { characterBytes, HASH_START, hashByte } from './term-hash.ts'
import { TermTable } from './term-table.ts'
import type { AnalysisOptions } from './text-options.ts'
import { isWordCharacter } from './word-characters.ts'

const SPACE = 32
/** 1 for the letters, digits and the underscore of ASCII. */
const ASCII = Uint8Array.from({ length: 0x80 }, (_, code) => (isWordCharacter(code) ? 1 : 0))
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Takes texts apart as scikit-learn's vectorisers do: small letters, accents, then the words, which are the longest runs of two and more
 * word characters (`(?u)\b\w\w+\b`), without stop words. The words of the text read last lie in `bytes`, in UTF-8 with a space between:
 *
 *   "The cat, the hat!"   bytes  c a t . h a t     with the stop word "the"
 *                         begins 0       4
 *                         ends   3       7
 *
 * so that a term of several neighbours is a range of `bytes`, too. The arrays are used again for the next text.
 *
 * With `analyser` char or charWithinWords each character takes the place of a word, and no space stands between. Terms don't reach from
 * one piece of the text into the next: `beyonds` and `fewests` then say how far they do.
 */
export class WordReader {
  bytes = new Uint8Array(4096)
  begins = new Uint32Array(256)
  ends = new Uint32Array(256)
  /** `hashTerm` of each word. */
  hashes = new Int32Array(256)
  nWords = 0
  /** Of characters: the word behind the last of the longest term that begins here; null for words, where none but the text's end stops. */
  beyonds: Uint32Array | null = null
  /** Of characters: words of the shortest term that begins here; null for words. */
  fewests: Uint32Array | null = null
  readonly #options: AnalysisOptions
  readonly #stopWords: TermTable

  constructor(options: AnalysisOptions) {
    this.#options = options
    this.#stopWords = new TermTable()
    for (const word of stopWordsOf(options)) this.#stopWords.addText(word)
  }

  /** Reads one text; null, which is a missing one, has no words. */
  read(text: string | null): void {
    this.nWords = 0
    if (text === null) return
    const { analyser } = this.#options
    const read = this.#options.stripHtml ? stripHtml(text) : text
    const lower = this.#options.lowercase ? read.toLowerCase() : read
    const stripped = stripAccents(lower, this.#options.stripAccents)
    if (analyser !== 'word') {
      this.#readCharacters(characterGroups(stripped, analyser))
      return
    }
    // A code unit takes up to three bytes in UTF-8, and one more ends the last word. Half a pair becomes U+FFFD, which is no letter either.
    const mostBytes = stripped.length * 3 + 1
    if (mostBytes > this.bytes.length) this.bytes = new Uint8Array(Math.max(mostBytes, 2 * this.bytes.length))
    const { written } = encoder.encodeInto(stripped, this.bytes)
    this.bytes[written] = SPACE
    this.#split(written)
  }

  /** Each piece is a run of characters; a word shorter than the shortest term is one term as it is. */
  #readCharacters(groups: readonly string[]): void {
    const mostBytes = groups.reduce((sum, group) => sum + 3 * group.length, 0)
    if (mostBytes > this.bytes.length) this.bytes = new Uint8Array(Math.max(mostBytes, 2 * this.bytes.length))
    const { bytes } = this
    const [fewest, most] = this.#options.ngramRange
    const whole = this.#options.analyser === 'charWithinWords'
    let at = 0
    for (const group of groups) {
      const { written } = encoder.encodeInto(group, bytes.subarray(at))
      const first = this.nWords
      for (const end = at + written; at < end; ) {
        const character = this.nWords++
        if (character === this.begins.length) this.#growWords()
        this.begins[character] = at
        let hash = HASH_START
        for (const beyond = at + characterBytes(bytes[at]!); at < beyond; at++) hash = hashByte(hash, bytes[at]!)
        this.ends[character] = at
        this.hashes[character] = hash
      }
      if (this.beyonds === null || this.fewests === null || this.beyonds.length < this.begins.length) {
        this.beyonds = grown(this.beyonds, this.begins.length)
        this.fewests = grown(this.fewests, this.begins.length)
      }
      for (let i = first; i < this.nWords; i++) {
        this.beyonds[i] = Math.min(i + most, this.nWords)
        this.fewests[i] = fewest
      }
      if (whole && this.nWords - first < fewest) {
        this.beyonds[first] = this.nWords
        this.fewests[first] = this.nWords - first
      }
    }
  }

  /** Moves the words to the front of `bytes`, over what has been read already; a space stands at `length`. */
  #split(length: number): void {
    const { bytes } = this
    let begin = 0
    let end = 0
    let characters = 0
    let hash = HASH_START
    for (let i = 0; i <= length; i++) {
      const byte = bytes[i]!
      if (byte < 0x80) {
        if (ASCII[byte] === 1) {
          hash = hashByte(hash, byte)
          bytes[end++] = byte
          characters++
          continue
        }
      } else {
        const beyond = i + (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4)
        if (isWordCharacter(codePointAt(bytes, i))) {
          for (; i < beyond; i++) {
            hash = hashByte(hash, bytes[i]!)
            bytes[end++] = bytes[i]!
          }
          i--
          characters++
          continue
        }
        i = beyond - 1
      }
      if (end === begin) continue
      if (characters > 1 && this.#keep(begin, end, hash)) begin = end + 1
      end = begin
      characters = 0
      hash = HASH_START
    }
  }

  /** Keeps the word in bytes[begin .. end], with a space behind; false for a stop word. */
  #keep(begin: number, end: number, hash: number): boolean {
    if (this.#stopWords.size > 0 && this.#stopWords.find(this.bytes, begin, end, hash) >= 0) return false
    const word = this.nWords++
    if (word === this.begins.length) this.#growWords()
    this.begins[word] = begin
    this.ends[word] = end
    this.hashes[word] = hash
    this.bytes[end] = SPACE
    return true
  }

  #growWords(): void {
    const { begins, ends, hashes } = this
    this.begins = new Uint32Array(begins.length * 2)
    this.begins.set(begins)
    this.ends = new Uint32Array(ends.length * 2)
    this.ends.set(ends)
    this.hashes = new Int32Array(hashes.length * 2)
    this.hashes.set(hashes)
  }
}

function grown(array: Uint32Array | null, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  if (array) larger.set(array)
  return larger
}

/** The words of a list, or of the built-in one; none for characters, which no word is left out of. */
export function stopWordsOf({ analyser, stopWords }: AnalysisOptions): readonly string[] {
  if (analyser !== 'word') return []
  return stopWords === 'english' ? ENGLISH_STOP_WORDS : stopWords
}

/** The code point whose UTF-8 bytes, two to four of them, begin at `i`. */
function codePointAt(bytes: Uint8Array, i: number): number {
  const first = bytes[i]!
  const second = bytes[i + 1]! & 0x3f
  if (first < 0xe0) return ((first & 0x1f) << 6) | second
  const third = bytes[i + 2]! & 0x3f
  if (first < 0xf0) return ((first & 0x0f) << 12) | (second << 6) | third
  return ((first & 0x07) << 18) | (second << 12) | (third << 6) | (bytes[i + 3]! & 0x3f)
}

/** The words of one text as strings, in their order. The vectorisers read them without making strings. */
export function wordsOf(text: string | null, options: AnalysisOptions): string[] {
  const reader = new WordReader(options)
  reader.read(text)
  return Array.from({ length: reader.nWords }, (_, i) =>
    decoder.decode(reader.bytes.subarray(reader.begins[i]!, reader.ends[i]!)),
  )
}

/** Says so when stop words can't do what they should, since the words that texts are taken apart into are written otherwise. */
export function stopWordWarnings(options: AnalysisOptions): readonly string[] {
  const words = stopWordsOf(options)
  const given = new Set(words)
  const withoutStops = { ...options, stopWords: [] }
  const others = new Set(words.flatMap((word) => wordsOf(word, withoutStops)).filter((w) => !given.has(w)))
  if (others.size === 0) return []
  const shown = [...others].sort().slice(0, 10)
  return [
    `Texts are taken apart into words before stop words are left out. Your stop words give words that are not in the list: ${shown.join(', ')}${others.size > shown.length ? ' and more' : ''}. Add them, or write the list in the way of \`lowercase\` and \`stripAccents\`.`,
  ]
}
