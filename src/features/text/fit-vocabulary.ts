import { BellwetherError } from '../../errors.ts'
import { byCodePoint } from '../../table/code-point-order.ts'
import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import { countTerms, type TermCounts } from './count-terms.ts'
import type { CountOptions } from './text-options.ts'
import { stopWordsOf } from './word-reader.ts'

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
    const stops = stopWordsOf(options).length > 0 ? ' that is not a stop word' : ''
    const [fewest] = options.ngramRange
    const words = fewest > 1 ? `${fewest} words in a row` : 'a word of two or more letters'
    const length = options.analyser === 'word' ? words : `${fewest} characters`
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

/**
 * The counts with the kept terms as columns. The entries are put in order without sorting: first by column, where the texts ascend as
 * they come, then back by text, where the columns ascend.
 */
function countMatrix(
  counted: TermCounts,
  kept: readonly Term[],
  names: readonly string[],
  binary: boolean,
): SparseMatrix {
  const { indptr: begins, terms, counts, documentFrequency } = counted
  const nTexts = begins.length - 1
  /** Place in column order of the next entry of each term; `terms.length`, which no entry has, for terms that are not kept. */
  const next = new Uint32Array(counted.table.size).fill(terms.length)
  let nEntries = 0
  for (const { term } of kept) {
    next[term] = nEntries
    nEntries += documentFrequency[term]!
  }
  const texts = new Uint32Array(nEntries)
  const byColumn = new Uint32Array(nEntries)
  const indptr = new Uint32Array(nTexts + 1)
  for (let text = 0; text < nTexts; text++) {
    let n = 0
    for (let entry = begins[text]!; entry < begins[text + 1]!; entry++) {
      const to = next[terms[entry]!]!
      if (to === terms.length) continue
      next[terms[entry]!] = to + 1
      texts[to] = text
      byColumn[to] = binary ? 1 : counts[entry]!
      n++
    }
    indptr[text + 1] = indptr[text]! + n
  }
  const indices = new Uint32Array(nEntries)
  const values = new Float64Array(nEntries)
  const nextOfText = indptr.slice(0, nTexts)
  let from = 0
  kept.forEach(({ term }, column) => {
    for (const end = from + documentFrequency[term]!; from < end; from++) {
      const to = nextOfText[texts[from]!]!++
      indices[to] = column
      values[to] = byColumn[from]!
    }
  })
  return { nRows: nTexts, nColumns: kept.length, indptr, indices, values, names }
}
