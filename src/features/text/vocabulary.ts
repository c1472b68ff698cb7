import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import { RowsBuilder } from './rows-builder.ts'
import { hashNeighbour } from './term-hash.ts'
import { type TermTable, termTable } from './term-table.ts'
import type { AnalysisOptions } from './text-options.ts'
import { WordReader } from './word-reader.ts'

/** A fixed list of terms, which texts are counted by. */
export class Vocabulary {
  readonly names: readonly string[]
  readonly #options: AnalysisOptions & { readonly binary: boolean }
  readonly #table: TermTable

  /** @param names Distinct terms; the column of each is its place. */
  constructor(names: readonly string[], options: AnalysisOptions & { readonly binary: boolean }) {
    this.names = names
    this.#options = options
    this.#table = termTable(options)
    for (const name of names) this.#table.addText(name)
  }

  /** How often each term stands in each text (1 where `binary`); terms that are not listed count nothing. */
  count(texts: readonly (string | null)[]): SparseMatrix {
    const reader = new WordReader(this.#options)
    const rows = new RowsBuilder(texts.length)
    const { binary } = this.#options
    let found = new Uint32Array(256)
    for (const text of texts) {
      reader.read(text)
      const mostTerms = reader.nWords * this.#options.ngramRange[1]
      if (mostTerms > found.length) found = new Uint32Array(Math.max(mostTerms, found.length * 2))
      const ascending = found.subarray(0, this.#find(reader, found)).sort()
      for (let i = 0; i < ascending.length; ) {
        const column = ascending[i]!
        let beyond = i + 1
        while (ascending[beyond] === column) beyond++
        rows.push(column, binary ? 1 : beyond - i)
        i = beyond
      }
      rows.endRow()
    }
    return { ...rows.build(this.names.length), names: this.names }
  }

  /** Writes the column of each term of the text that is listed, repeated ones too; returns how many. */
  #find({ bytes, begins, ends, hashes, nWords, beyonds, fewests }: WordReader, found: Uint32Array): number {
    const table = this.#table
    const [fewest, most] = this.#options.ngramRange
    let n = 0
    for (let first = 0; first < nWords; first++) {
      const begin = begins[first]!
      const beyond = beyonds ? beyonds[first]! : Math.min(first + most, nWords)
      const least = fewests ? fewests[first]! : fewest
      let hash = 0
      for (let last = first; last < beyond; last++) {
        hash = hashNeighbour(hash, hashes[last]!)
        if (last - first + 1 < least) continue
        const column = table.find(bytes, begin, ends[last]!, hash)
        if (column >= 0) found[n++] = column
      }
    }
    return n
  }
}
