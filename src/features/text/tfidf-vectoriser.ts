import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import { fitVocabulary } from './fit-vocabulary.ts'
import type { FittedText, TextFit } from './fitted-text.ts'
import type { TfidfOptions } from './text-options.ts'
import type { TfidfState } from './text-state.ts'
import { Vocabulary } from './vocabulary.ts'
import { inverseDocumentFrequency, normaliseRows } from './weigh-rows.ts'
import { stopWordWarnings } from './word-reader.ts'

/**
 * Learns which terms the texts have and how rare each is: scikit-learn's `TfidfVectorizer`. The value of a term is
 *
 *   tf * idf / norm of the text's row,   tf = count, or 1 + ln(count) where `sublinearTf`
 *
 * @throws FEATURES_INVALID, TEXT_NO_TERMS; see `fitVocabulary`
 */
export function fitTfidfVectoriser(
  texts: readonly (string | null)[],
  options: TfidfOptions,
): TextFit<FittedTfidfVectoriser> {
  const { names, matrix, documentFrequency } = fitVocabulary(texts, options)
  const idf = options.useIdf ? inverseDocumentFrequency(documentFrequency, texts.length, options.smoothIdf) : null
  weighCounts(matrix, idf, options)
  return { fitted: new FittedTfidfVectoriser(options, names, idf), matrix }
}

export class FittedTfidfVectoriser implements FittedText {
  readonly names: readonly string[]
  readonly warnings: readonly string[]
  /** Inverse document frequency of each term, shape (nColumns); null without `useIdf`. */
  readonly idf: Float64Array | null
  readonly #options: TfidfOptions
  readonly #vocabulary: Vocabulary

  constructor(options: TfidfOptions, names: readonly string[], idf: Float64Array | null) {
    this.names = names
    this.idf = idf
    this.warnings = stopWordWarnings(options)
    this.#options = options
    this.#vocabulary = new Vocabulary(names, options)
  }

  get nColumns(): number {
    return this.names.length
  }

  transform(texts: readonly (string | null)[]): SparseMatrix {
    const matrix = this.#vocabulary.count(texts)
    weighCounts(matrix, this.idf, this.#options)
    return matrix
  }

  state(): TfidfState {
    return {
      format: 'bellwether-text',
      version: 1,
      type: 'tfidf',
      options: this.#options,
      names: [...this.names],
      idf: this.idf === null ? null : this.idf.slice(),
    }
  }
}

/** Turns counts into TF-IDF, in place. */
function weighCounts(matrix: SparseMatrix, idf: Float64Array | null, options: TfidfOptions): void {
  const { values, indices } = matrix
  if (options.sublinearTf) {
    for (let entry = 0; entry < values.length; entry++) values[entry] = Math.log(values[entry]!) + 1
  }
  if (idf) {
    for (let entry = 0; entry < values.length; entry++) values[entry]! *= idf[indices[entry]!]!
  }
  normaliseRows(matrix, options.norm)
}
