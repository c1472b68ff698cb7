import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import type { FittedText } from './fitted-text.ts'
import { murmurHash3 } from './murmur-hash.ts'
import { RowsBuilder } from './rows-builder.ts'
import type { HashingOptions } from './text-options.ts'
import type { HashingState } from './text-state.ts'
import { normaliseRows } from './weigh-rows.ts'
import { stopWordWarnings, WordReader } from './word-reader.ts'

/**
 * scikit-learn's `HashingVectorizer`: the column of a term is |h| mod nFeatures, h being the MurmurHash3 of its UTF-8 bytes; with
 * `alternateSign` a term with h < 0 counts -1. There is nothing to learn and no vocabulary to keep; what a column stood for can't be told.
 */
export class HashingVectoriser implements FittedText {
  readonly nColumns: number
  readonly warnings: readonly string[]
  readonly #options: HashingOptions
  #names: readonly string[] | null = null

  constructor(options: HashingOptions) {
    this.nColumns = options.nFeatures
    this.warnings = stopWordWarnings(options)
    this.#options = options
  }

  /** `hash=0`, `hash=1`, ...; a list as long as `nFeatures`, made when it is first asked for. */
  get names(): readonly string[] {
    this.#names ??= Array.from({ length: this.nColumns }, (_, column) => `hash=${column}`)
    return this.#names
  }

  transform(texts: readonly (string | null)[]): SparseMatrix {
    const { alternateSign, binary, norm, ngramRange } = this.#options
    const reader = new WordReader(this.#options)
    const utf8 = new Utf8Words()
    const rows = new RowsBuilder(texts.length)
    let keys = new Uint32Array(256)
    for (const text of texts) {
      reader.read(text)
      utf8.encode(reader)
      const mostTerms = reader.nWords * ngramRange[1]
      if (mostTerms > keys.length) keys = new Uint32Array(Math.max(mostTerms, keys.length * 2))
      const ascending = keys.subarray(0, this.#hashTerms(utf8, reader.nWords, keys)).sort()
      for (let i = 0; i < ascending.length; ) {
        const column = ascending[i]! >>> 1
        let sum = 0
        for (; i < ascending.length && ascending[i]! >>> 1 === column; i++) {
          sum += alternateSign && (ascending[i]! & 1) === 1 ? -1 : 1
        }
        if (binary) rows.push(column, 1)
        else if (sum !== 0) rows.push(column, sum)
      }
      rows.endRow()
    }
    const matrix = rows.build(this.nColumns)
    normaliseRows(matrix, norm)
    const namesOf = () => this.names
    return {
      ...matrix,
      get names() {
        return namesOf()
      },
    }
  }

  state(): HashingState {
    return { format: 'bellwether-text', version: 1, type: 'hashing', options: this.#options }
  }

  /** Writes 2 * column of each term of the text, 1 more where its hash is below 0; returns how many. */
  #hashTerms({ bytes, begins, ends }: Utf8Words, nWords: number, keys: Uint32Array): number {
    const [fewest, most] = this.#options.ngramRange
    let n = 0
    for (let first = 0; first < nWords; first++) {
      const beyond = Math.min(first + most, nWords)
      for (let last = first + fewest - 1; last < beyond; last++) {
        const hash = murmurHash3(bytes, begins[first]!, ends[last]!, 0)
        keys[n++] = (Math.abs(hash) % this.nColumns) * 2 + (hash < 0 ? 1 : 0)
      }
    }
    return n
  }
}

/** The words of a text in UTF-8, with a space between. */
class Utf8Words {
  bytes = new Uint8Array(1024)
  begins = new Uint32Array(256)
  ends = new Uint32Array(256)

  encode({ units, begins, ends, nWords }: WordReader): void {
    const mostBytes = nWords === 0 ? 0 : 3 * (ends[nWords - 1]! + 1)
    if (mostBytes > this.bytes.length) this.bytes = new Uint8Array(Math.max(mostBytes, 2 * this.bytes.length))
    if (nWords > this.begins.length) {
      this.begins = new Uint32Array(begins.length)
      this.ends = new Uint32Array(begins.length)
    }
    const { bytes } = this
    let at = 0
    for (let word = 0; word < nWords; word++) {
      this.begins[word] = at
      for (let i = begins[word]!; i < ends[word]!; i++) {
        const unit = units[i]!
        if (unit < 0x80) {
          bytes[at++] = unit
        } else if (unit < 0x800) {
          bytes[at++] = 0xc0 | (unit >> 6)
          bytes[at++] = 0x80 | (unit & 0x3f)
        } else if ((unit & 0xfc00) === 0xd800) {
          // Words hold letters and numbers alone, so the second half of the pair stands next.
          const codePoint = 0x10000 + ((unit & 0x3ff) << 10) + (units[++i]! & 0x3ff)
          bytes[at++] = 0xf0 | (codePoint >> 18)
          bytes[at++] = 0x80 | ((codePoint >> 12) & 0x3f)
          bytes[at++] = 0x80 | ((codePoint >> 6) & 0x3f)
          bytes[at++] = 0x80 | (codePoint & 0x3f)
        } else {
          bytes[at++] = 0xe0 | (unit >> 12)
          bytes[at++] = 0x80 | ((unit >> 6) & 0x3f)
          bytes[at++] = 0x80 | (unit & 0x3f)
        }
      }
      this.ends[word] = at
      bytes[at++] = 0x20
    }
  }
}
