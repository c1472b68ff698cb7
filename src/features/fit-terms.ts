import { BellwetherError } from '../errors.ts'
import type { SparseMatrix } from '../table/sparse-matrix.ts'
import type { FeatureWarning } from './feature-warning.ts'
import type { TermsPlan } from './resolve-options.ts'
import { TermsBlock } from './terms-block.ts'
import { fitCountVectoriser } from './text/count-vectoriser.ts'
import type { FittedText } from './text/fitted-text.ts'
import { HashingVectoriser } from './text/hashing-vectoriser.ts'
import { CountOptions, HashingOptions, TfidfOptions } from './text/text-options.ts'
import { fitTfidfVectoriser } from './text/tfidf-vectoriser.ts'

/** What fitting the terms of a text column gives. */
export interface TermsFit {
  /** null when the texts have no term to tell; a warning then says so. */
  readonly block: TermsBlock | null
  /** Of the training rows: what the block gives for them. */
  readonly training: SparseMatrix | null
  readonly warnings: readonly FeatureWarning[]
}

/**
 * Learns the terms of a text column. Texts without any term (all missing, all numbers of one digit, all terms too rare) are no fault:
 * the column gives none, and a warning says why.
 * @throws FEATURES_INVALID
 */
export function fitTermsBlock(source: string, texts: readonly (string | null)[], plan: TermsPlan): TermsFit {
  try {
    const { fitted, matrix } = fitText(texts, plan)
    const warnings: FeatureWarning[] = fitted.warnings.map((message) => ({
      code: 'STOP_WORDS',
      column: source,
      message,
    }))
    if (plan.chosen) warnings.push({ code: 'TEXT_TERMS', column: source, message: keptWords(source) })
    return { block: new TermsBlock(source, fitted), training: matrix, warnings }
  } catch (error) {
    if (!(error instanceof BellwetherError) || error.code !== 'TEXT_NO_TERMS') throw error
    const message = `Column "${source}" gives no terms and they were left out: ${error.message}`
    return { block: null, training: null, warnings: [{ code: 'TEXT_NO_TERMS', column: source, message }] }
  }
}

/** The same for all kinds of models, so that a run says it once. */
function keptWords(source: string): string {
  return `Column "${source}" holds texts: models learn from their words (TF-IDF) and keep words that stand in two or more texts. Where those must not leave, set features.text.terms to hashing or none; tfidf says that you know.`
}

function fitText(texts: readonly (string | null)[], plan: TermsPlan): { fitted: FittedText; matrix: SparseMatrix } {
  const {
    stripHtml,
    analyser,
    lowercase,
    stripAccents,
    ngramRange,
    stopWords,
    minDf,
    maxDf,
    maxFeatures,
    norm,
    sublinearTf,
  } = plan
  const analysis = { stripHtml, analyser, lowercase, stripAccents, ngramRange, stopWords }
  switch (plan.terms) {
    case 'counts':
      return fitCountVectoriser(texts, CountOptions.parse({ ...analysis, minDf, maxDf, maxFeatures }))
    case 'tfidf':
      return fitTfidfVectoriser(
        texts,
        TfidfOptions.parse({ ...analysis, minDf, maxDf, maxFeatures, norm, sublinearTf, smoothIdf: plan.smoothIdf }),
      )
    case 'hashing': {
      const fitted = new HashingVectoriser(HashingOptions.parse({ ...analysis, norm, nFeatures: plan.hashedColumns }))
      return { fitted, matrix: fitted.transform(texts) }
    }
  }
}
