import { stripAccents } from './strip-accents.ts'
import { extendHash, HASH_START, TermTable } from './term-table.ts'
import type { AnalysisOptions } from './text-options.ts'
import { isWordCharacter } from './word-characters.ts'

const SPACE = 32

/**
 * Takes texts apart as scikit-learn's vectorisers do: small letters, accents, then the words, which are the longest runs of two and more
 * word characters (`(?u)\b\w\w+\b`), without stop words. The words of the text read last lie in `units`, with a space between:
 *
 *   "The cat, the hat!"   units  c a t . h a t     with the stop word "the"
 *                         begins 0       4
 *                         ends   3       7
 *
 * so that a term of several neighbours is a range of `units`, too. The arrays are used again for the next text.
 */
export class WordReader {
  units = new Uint16Array(1024)
  begins = new Uint32Array(256)
  ends = new Uint32Array(256)
  nWords = 0
  readonly #options: AnalysisOptions
  readonly #stopWords: TermTable

  constructor(options: AnalysisOptions) {
    this.#options = options
    this.#stopWords = new TermTable()
    for (const word of options.stopWords) this.#stopWords.addText(word)
  }

  /** Reads one text; null, which is a missing one, has no words. */
  read(text: string | null): void {
    this.nWords = 0
    if (text === null) return
    const lower = this.#options.lowercase ? text.toLowerCase() : text
    this.#split(stripAccents(lower, this.#options.stripAccents))
  }

  #split(text: string): void {
    const { length } = text
    // Each word is written with a space behind; in the text something stands behind it as well, save at the end.
    if (length >= this.units.length) this.units = new Uint16Array(Math.max(length + 1, 2 * this.units.length))
    const { units } = this
    let begin = 0
    let end = 0
    let characters = 0
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      const low = (unit & 0xfc00) === 0xd800 && i + 1 < length ? text.charCodeAt(i + 1) : 0
      const isPair = (low & 0xfc00) === 0xdc00
      const codePoint = isPair ? 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff) : unit
      if (isWordCharacter(codePoint)) {
        units[end++] = unit
        if (isPair) units[end++] = low
        characters++
      } else if (characters > 0) {
        begin = end = this.#keep(begin, end, characters)
        characters = 0
      }
      if (isPair) i++
    }
    this.#keep(begin, end, characters)
  }

  /** Keeps the word in units[begin .. end], or leaves it out; returns where the next one begins. */
  #keep(begin: number, end: number, characters: number): number {
    if (characters < 2) return begin
    const { units } = this
    const stops = this.#stopWords
    if (stops.size > 0 && stops.find(units, begin, end, extendHash(HASH_START, units, begin, end)) >= 0) return begin
    if (this.nWords === this.begins.length) this.#growWords()
    this.begins[this.nWords] = begin
    this.ends[this.nWords++] = end
    units[end] = SPACE
    return end + 1
  }

  #growWords(): void {
    const begins = new Uint32Array(this.begins.length * 2)
    begins.set(this.begins)
    const ends = new Uint32Array(begins.length)
    ends.set(this.ends)
    this.begins = begins
    this.ends = ends
  }
}

/** The words of one text as strings, in their order. The vectorisers read them without making strings. */
export function wordsOf(text: string | null, options: AnalysisOptions): string[] {
  const reader = new WordReader(options)
  reader.read(text)
  return Array.from({ length: reader.nWords }, (_, i) =>
    Array.from(reader.units.subarray(reader.begins[i]!, reader.ends[i]!), (unit) => String.fromCharCode(unit)).join(''),
  )
}

/** Says so when stop words can't do what they should, since the words that texts are taken apart into are written otherwise. */
export function stopWordWarnings(options: AnalysisOptions): readonly string[] {
  const given = new Set(options.stopWords)
  const withoutStops = { ...options, stopWords: [] }
  const others = new Set(options.stopWords.flatMap((word) => wordsOf(word, withoutStops)).filter((w) => !given.has(w)))
  if (others.size === 0) return []
  const shown = [...others].sort().slice(0, 10)
  return [
    `Texts are taken apart into words before stop words are left out. Your stop words give words that are not in the list: ${shown.join(', ')}${others.size > shown.length ? ' and more' : ''}. Add them, or write the list in the way of \`lowercase\` and \`stripAccents\`.`,
  ]
}
