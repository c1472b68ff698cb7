import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import { fitVocabulary } from './fit-vocabulary.ts'
import type { FittedText, TextFit } from './fitted-text.ts'
import type { CountOptions } from './text-options.ts'
import type { CountState } from './text-state.ts'
import { Vocabulary } from './vocabulary.ts'
import { stopWordWarnings } from './word-reader.ts'

/**
 * Learns which terms the texts have; a column counts each: scikit-learn's `CountVectorizer`.
 * @throws FEATURES_INVALID, TEXT_NO_TERMS; see `fitVocabulary`
 */
export function fitCountVectoriser(
  texts: readonly (string | null)[],
  options: CountOptions,
): TextFit<FittedCountVectoriser> {
  const { names, matrix } = fitVocabulary(texts, options)
  return { fitted: new FittedCountVectoriser(options, names), matrix }
}

export class FittedCountVectoriser implements FittedText {
  readonly names: readonly string[]
  readonly warnings: readonly string[]
  readonly #options: CountOptions
  readonly #vocabulary: Vocabulary

  constructor(options: CountOptions, names: readonly string[]) {
    this.names = names
    this.warnings = stopWordWarnings(options)
    this.#options = options
    this.#vocabulary = new Vocabulary(names, options)
  }

  get nColumns(): number {
    return this.names.length
  }

  transform(texts: readonly (string | null)[]): SparseMatrix {
    return this.#vocabulary.count(texts)
  }

  state(): CountState {
    return { format: 'bellwether-text', version: 1, type: 'count', options: this.#options, names: [...this.names] }
  }
}
