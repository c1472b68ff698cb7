import { hashNeighbour } from './term-hash.ts'
import { type TermTable, termTable } from './term-table.ts'
import type { AnalysisOptions } from './text-options.ts'
import { WordReader } from './word-reader.ts'

/** How often each term stands in each document, terms numbered in the order of their coming. */
export interface TermCounts {
  readonly table: TermTable
  /** shape (nDocuments + 1): document d holds the entries indptr[d] to indptr[d + 1] */
  readonly indptr: Uint32Array
  /** Term of each entry, in the order of their coming in the document; shape (nEntries). */
  readonly terms: Uint32Array
  /** shape (nEntries) */
  readonly counts: Uint32Array
  /** Documents that hold a term, shape (nTerms). */
  readonly documentFrequency: Uint32Array
}

/** Counts every term of every document. The arrays hold as much as the documents; nothing is made per word. */
export function countTerms(texts: readonly (string | null)[], options: AnalysisOptions): TermCounts {
  const reader = new WordReader(options)
  const table = termTable(options)
  const indptr = new Uint32Array(texts.length + 1)
  let terms = new Uint32Array(1024)
  let counts = new Uint32Array(1024)
  let nEntries = 0
  /** The last entry of each term, counted from 1: one of this document where it is beyond the document's first. */
  let lastEntry = new Uint32Array(1024)
  let documentFrequency = new Uint32Array(1024)
  const [fewest, most] = options.ngramRange

  for (let document = 0; document < texts.length; document++) {
    reader.read(texts[document]!)
    const { bytes, begins, ends, hashes, nWords, beyonds, fewests } = reader
    const firstEntry = nEntries
    for (let first = 0; first < nWords; first++) {
      const begin = begins[first]!
      const beyond = beyonds ? beyonds[first]! : Math.min(first + most, nWords)
      const least = fewests ? fewests[first]! : fewest
      let hash = 0
      for (let last = first; last < beyond; last++) {
        hash = hashNeighbour(hash, hashes[last]!)
        if (last - first + 1 < least) continue
        const term = table.add(bytes, begin, ends[last]!, hash)
        if (term >= lastEntry.length) {
          lastEntry = doubled(lastEntry)
          documentFrequency = doubled(documentFrequency)
        }
        const known = lastEntry[term]!
        if (known > firstEntry) {
          counts[known - 1]!++
          continue
        }
        if (nEntries === terms.length) {
          terms = doubled(terms)
          counts = doubled(counts)
        }
        terms[nEntries] = term
        counts[nEntries++] = 1
        lastEntry[term] = nEntries
        documentFrequency[term]!++
      }
    }
    indptr[document + 1] = nEntries
  }
  return {
    table,
    indptr,
    terms: terms.subarray(0, nEntries),
    counts: counts.subarray(0, nEntries),
    documentFrequency: documentFrequency.subarray(0, table.size),
  }
}

function doubled(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2)
  larger.set(array)
  return larger
}
