import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import type { FittedText } from './fitted-text.ts'
import { murmurHash3 } from './murmur-hash.ts'
import { RowsBuilder } from './rows-builder.ts'
import type { HashingOptions } from './text-options.ts'
import type { HashingState } from './text-state.ts'
import { normaliseRows } from './weigh-rows.ts'
import { stopWordWarnings, WordReader } from './word-reader.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * scikit-learn's `HashingVectorizer`: the column of a term is |h| mod nFeatures, h being the MurmurHash3 of its UTF-8 bytes; with
 * `alternateSign` a term with h < 0 counts -1. There is nothing to learn and no vocabulary to keep; what a column stood for can't be told without
 * the text.
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
    const rows = new RowsBuilder(texts.length)
    let keys = new Uint32Array(256)
    for (const text of texts) {
      reader.read(text)
      const mostTerms = reader.nWords * ngramRange[1]
      if (mostTerms > keys.length) keys = new Uint32Array(Math.max(mostTerms, keys.length * 2))
      const ascending = keys.subarray(0, this.#hashTerms(reader, keys)).sort()
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

  termsIn(text: string | null): ReadonlyMap<number, readonly string[]> {
    const reader = new WordReader(this.#options)
    reader.read(text)
    const terms = new Map<number, string[]>()
    this.#eachTerm(reader, (begin, end, hash) => {
      const column = Math.abs(hash) % this.nColumns
      const term = decoder.decode(reader.bytes.subarray(begin, end))
      const own = terms.get(column) ?? []
      terms.set(column, own)
      if (!own.includes(term)) own.push(term)
    })
    return terms
  }

  state(): HashingState {
    return { format: 'bellwether-text', version: 1, type: 'hashing', options: this.#options }
  }

  /** Writes 2 * column of each term of the text, 1 more where its hash is below 0; returns how many. */
  #hashTerms(reader: WordReader, keys: Uint32Array): number {
    let n = 0
    this.#eachTerm(reader, (_begin, _end, hash) => {
      keys[n++] = (Math.abs(hash) % this.nColumns) * 2 + (hash < 0 ? 1 : 0)
    })
    return n
  }

  /** Where each term of the text read last lies in the reader's bytes, and its hash. */
  #eachTerm(
    { bytes, begins, ends, nWords, beyonds, fewests }: WordReader,
    visit: (begin: number, end: number, hash: number) => void,
  ): void {
    const [fewest, most] = this.#options.ngramRange
    for (let first = 0; first < nWords; first++) {
      const beyond = beyonds ? beyonds[first]! : Math.min(first + most, nWords)
      for (let last = first + (fewests ? fewests[first]! : fewest) - 1; last < beyond; last++) {
        const begin = begins[first]!
        const end = ends[last]!
        visit(begin, end, murmurHash3(bytes, begin, end, 0))
      }
    }
  }
}
