import { BellwetherError } from '../../errors.ts'
import { byCodePoint } from '../../table/code-point-order.ts'
import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import { countTerms, type TermCounts } from './count-terms.ts'
import { RowsBuilder } from './rows-builder.ts'
import type { CountOptions } from './text-options.ts'

/** The terms that are kept, and how often each stands in each text. */
export interface VocabularyFit {
  /** Terms by code point; shape (nTerms). */
  readonly names: readonly string[]
  /** Counts (1 where `binary`), shape (nTexts, nTerms). */
  readonly matrix: SparseMatrix
  /** Texts that hold each term, shape (nTerms). */
  readonly documentFrequency: Uint32Array
}

/** A code unit from the surrogates on: beyond it, the order of code units is not that of code points. */
const BEYOND_PLAIN_ORDER = /[\ud800-\uffff]/

/**
 * Learns the terms of the texts as scikit-learn's `CountVectorizer` does.
 * @throws FEATURES_INVALID when maxDf stands for fewer documents than minDf; TEXT_NO_TERMS when no text has a word, or no term is left.
 */
export function fitVocabulary(texts: readonly (string | null)[], options: CountOptions): VocabularyFit {
  const counted = countTerms(texts, options)
  const nTexts = texts.length
  if (counted.table.size === 0) {
    const stops = options.stopWords.length > 0 ? ' that is not a stop word' : ''
    const length =
      options.ngramRange[0] > 1 ? `${options.ngramRange[0]} words in a row` : 'a word of two or more letters'
    throw new BellwetherError('TEXT_NO_TERMS', `None of the ${nTexts} texts has ${length}${stops}.`)
  }
  const kept = keptTerms(counted, nTexts, options)
  const names = kept.map(({ name }) => name)
  const documentFrequency = Uint32Array.from(kept, ({ term }) => counted.documentFrequency[term]!)
  return { names, documentFrequency, matrix: countMatrix(counted, kept, names, options.binary) }
}

interface Term {
  readonly term: number
  readonly name: string
}

/** Terms within the limits, by code point. */
function keptTerms(counted: TermCounts, nTexts: number, options: CountOptions): Term[] {
  const { minDf, maxDf, maxFeatures } = options
  // As the other tools compute it, so that a limit at the very border keeps the same terms: 0.1 * 30 is a bit more than 3.
  const least = minDf < 1 ? minDf * nTexts : minDf
  const most = maxDf <= 1 ? maxDf * nTexts : maxDf
  if (most < least) {
    const message = `of ${nTexts} texts a term would have to stand in at least ${least} (minDf) and at most ${most} (maxDf)`
    throw new BellwetherError('FEATURES_INVALID', `minDf, maxDf: ${message}.`, {
      details: [{ path: 'maxDf', message }],
    })
  }
  const kept: Term[] = []
  counted.documentFrequency.forEach((frequency, term) => {
    if (frequency >= least && frequency <= most) kept.push({ term, name: counted.table.text(term) })
  })
  if (kept.length === 0) {
    throw new BellwetherError(
      'TEXT_NO_TERMS',
      `None of the ${counted.table.size} terms stands in at least ${least} and at most ${most} of the ${nTexts} texts (minDf ${minDf}, maxDf ${maxDf}).`,
    )
  }
  const plain = !kept.some(({ name }) => BEYOND_PLAIN_ORDER.test(name))
  kept.sort(plain ? (a, b) => (a.name < b.name ? -1 : 1) : (a, b) => byCodePoint(a.name, b.name))
  return maxFeatures === null || kept.length <= maxFeatures ? kept : mostFrequent(counted, kept, maxFeatures)
}

/** The terms with the most occurrences in all texts; the order stays, and of equal ones those in front. */
function mostFrequent(counted: TermCounts, terms: readonly Term[], n: number): Term[] {
  const occurrences = new Float64Array(counted.table.size)
  for (let entry = 0; entry < counted.terms.length; entry++) {
    occurrences[counted.terms[entry]!]! += counted.counts[entry]!
  }
  const ranked = terms
    .map(({ term }, place) => ({ place, count: occurrences[term]! }))
    .sort((a, b) => b.count - a.count || a.place - b.place)
  const chosen = Uint32Array.from(ranked.slice(0, n), ({ place }) => place).sort()
  return Array.from(chosen, (place) => terms[place]!)
}

/** The counts with the kept terms as columns. */
function countMatrix(
  counted: TermCounts,
  kept: readonly Term[],
  names: readonly string[],
  binary: boolean,
): SparseMatrix {
  const { indptr, terms, counts } = counted
  const nTexts = indptr.length - 1
  /** Column of each term, counted from 1; 0 where it is not kept. */
  const columns = new Uint32Array(counted.table.size)
  kept.forEach(({ term }, column) => {
    columns[term] = column + 1
  })
  const countOf = new Uint32Array(kept.length)
  let longest = 0
  for (let text = 0; text < nTexts; text++) longest = Math.max(longest, indptr[text + 1]! - indptr[text]!)
  const row = new Uint32Array(longest)
  const rows = new RowsBuilder(nTexts)
  for (let text = 0; text < nTexts; text++) {
    let n = 0
    for (let entry = indptr[text]!; entry < indptr[text + 1]!; entry++) {
      const column = columns[terms[entry]!]! - 1
      if (column < 0) continue
      row[n++] = column
      countOf[column] = binary ? 1 : counts[entry]!
    }
    const ascending = row.subarray(0, n).sort()
    for (let i = 0; i < n; i++) rows.push(ascending[i]!, countOf[ascending[i]!]!)
    rows.endRow()
  }
  return { ...rows.build(kept.length), names }
}
