import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type {
  CategoricalFeatureOptions,
  ColumnFeatureOptions,
  DatePart,
  FeatureEncoding,
  FeatureOptions,
  NumericFeatureOptions,
  TermsOptions,
  TextMeasure,
} from './feature-options.ts'
import type { NumericImputeMethod } from './impute.ts'
import { wordCount } from './text-measures.ts'

/** Numeric options of one column with every `auto` settled. */
export interface NumericPlan {
  readonly impute: NumericImputeMethod
  readonly constant: number
  readonly indicator: boolean
  readonly clip: NumericFeatureOptions['clip']
  readonly clipFactor: number
  readonly clipLow: number
  readonly clipHigh: number
  readonly scale: 'none' | 'standard' | 'robust'
  /** The project asked for `impute: none`, which a linear model can't have: the median is put in. */
  readonly imputeOverruled: boolean
}

/** Categorical options of one column with every `auto` settled. */
export interface CategoricalPlan {
  readonly impute: CategoricalFeatureOptions['impute']
  readonly encode: 'one-hot' | 'ordinal' | 'target' | 'native'
  readonly minFrequency: number
  readonly maxCategories: number
  readonly unknown: CategoricalFeatureOptions['unknown']
  readonly smooth: 'auto' | number
  readonly folds: number
}

const NUMERIC_KEYS = ['constant', 'indicator', 'clip', 'clipFactor', 'clipLow', 'clipHigh', 'scale'] as const
const CATEGORICAL_KEYS = ['encode', 'minFrequency', 'maxCategories', 'unknown', 'smooth'] as const
const TERMS_KEYS = [
  'terms',
  'stripHtml',
  'analyser',
  'lowercase',
  'stripAccents',
  'ngramRange',
  'stopWords',
  'minDf',
  'maxDf',
  'maxFeatures',
  'sublinearTf',
  'smoothIdf',
  'norm',
  'hashedColumns',
] as const
const KEYS_OF_KIND: Record<Column['kind'], readonly (keyof ColumnFeatureOptions)[]> = {
  number: ['impute', ...NUMERIC_KEYS],
  date: ['impute', ...NUMERIC_KEYS, 'parts'],
  text: ['impute', ...NUMERIC_KEYS, 'measures', ...TERMS_KEYS],
  category: ['impute', ...CATEGORICAL_KEYS],
}

/** Settles the options for numbers: a linear model gets no missing values and like scales; a tree takes numbers as they are. */
export function numericPlan(options: FeatureOptions, column: string, encoding: FeatureEncoding): NumericPlan {
  const own = options.columns[column] ?? {}
  if (own.impute === 'missing-category' || own.impute === 'mode') {
    throw invalid(
      `features.columns.${column}.impute`,
      `${own.impute} is for categories; a number takes auto, mean, median, constant or none`,
    )
  }
  const merged = { ...options.numeric, ...present(own), impute: own.impute ?? options.numeric.impute }
  if (merged.clipLow >= merged.clipHigh) {
    throw invalid(
      `features.columns.${column}.clipLow`,
      `it must be less than clipHigh: ${merged.clipLow} is not less than ${merged.clipHigh}`,
    )
  }
  const linear = encoding === 'linear'
  const imputeOverruled = linear && merged.impute === 'none'
  const asked = merged.impute === 'auto' ? (linear ? 'median' : 'none') : merged.impute
  const impute = imputeOverruled ? 'median' : asked
  return {
    impute,
    constant: merged.constant,
    indicator: merged.indicator === 'auto' ? impute !== 'none' : merged.indicator,
    clip: merged.clip,
    clipFactor: merged.clipFactor,
    clipLow: merged.clipLow,
    clipHigh: merged.clipHigh,
    scale: merged.scale === 'auto' ? (linear ? 'standard' : 'none') : merged.scale,
    imputeOverruled,
  }
}

/**
 * Settles the options for categories.
 * @param nCategories Categories among the training rows, missing counted as one where there is any.
 */
export function categoricalPlan(
  options: FeatureOptions,
  column: string,
  encoding: FeatureEncoding,
  nCategories: number,
): CategoricalPlan {
  const own = options.columns[column] ?? {}
  const impute = own.impute ?? options.categorical.impute
  if (impute !== 'missing-category' && impute !== 'mode') {
    throw invalid(
      `features.columns.${column}.impute`,
      `${impute} is for numbers; a category takes missing-category or mode`,
    )
  }
  const { encode, minFrequency, maxCategories, unknown, smooth, folds, oneHotLimit } = {
    ...options.categorical,
    ...present(own),
  }
  const asked = encode === 'auto' ? autoEncode(encoding, nCategories, oneHotLimit) : encode
  const settled = asked === 'native' && encoding === 'linear' ? 'one-hot' : asked
  return { impute, encode: settled, minFrequency, maxCategories, unknown, smooth, folds }
}

/**
 * Trees: one column tells two categories apart; a few categories get a column each; many would thin out the columns that a tree draws
 * from, and in the order of their names they mean nothing, so that the target's mean in them stands for them.
 */
function autoEncode(encoding: FeatureEncoding, nCategories: number, oneHotLimit: number): CategoricalPlan['encode'] {
  if (encoding === 'linear') return 'one-hot'
  if (nCategories <= 2) return 'ordinal'
  return nCategories <= oneHotLimit ? 'one-hot' : 'target'
}

export function dateParts(options: FeatureOptions, column: string): readonly DatePart[] {
  return [...new Set(options.columns[column]?.parts ?? options.dates.parts)]
}

export function textMeasures(options: FeatureOptions, column: string): readonly TextMeasure[] {
  return [...new Set(options.columns[column]?.measures ?? options.text.measures)]
}

/** How the terms of a text column become columns, with every `auto` settled. */
export type TermsPlan = Omit<TermsOptions, 'terms' | 'maxFeatures' | 'hashedColumns'> & {
  readonly terms: Exclude<TermsOptions['terms'], 'none' | 'auto'>
  /** Whether `auto` chose it: whoever reads the run should know. */
  readonly chosen: boolean
  readonly maxFeatures: number
  readonly hashedColumns: number
}

/** Columns of terms that models get where the project says nothing: trees read each of them whole. */
const MOST_TERMS = { linear: 25_000, tree: 300 } as const
const MOST_HASHED = { linear: 2 ** 14, tree: 300 } as const

/** `auto`: texts of so many words on average say something; names, codes and remarks of a few words are shorter. */
const FEWEST_WORDS = 6
/** Texts that the average is taken over. */
const SAMPLED_TEXTS = 2_000
/** `auto`: trees get terms as whole columns, 48 MB for a text column of so many rows. */
const MOST_ROWS_OF_TREES = 20_000

/**
 * Settles the options for the terms of a text column; null where it gives none.
 * @param texts Of the training rows.
 */
export function termsPlan(
  options: FeatureOptions,
  column: string,
  encoding: FeatureEncoding,
  texts: readonly (string | null)[],
): TermsPlan | null {
  const { measures: _, ...merged } = { ...options.text, ...present(options.columns[column] ?? {}) }
  const { maxFeatures, hashedColumns } = merged
  const chosen = merged.terms === 'auto'
  const terms = merged.terms === 'auto' ? autoTerms(encoding, texts) : merged.terms
  if (terms === 'none') return null
  const text = Object.fromEntries(TERMS_KEYS.map((key) => [key, merged[key]])) as unknown as TermsOptions
  return {
    ...text,
    terms,
    chosen,
    maxFeatures: maxFeatures ?? MOST_TERMS[encoding],
    hashedColumns: hashedColumns ?? MOST_HASHED[encoding],
  }
}

function autoTerms(encoding: FeatureEncoding, texts: readonly (string | null)[]): 'none' | 'tfidf' {
  if (encoding === 'tree' && texts.length > MOST_ROWS_OF_TREES) return 'none'
  let words = 0
  let n = 0
  for (const text of texts) {
    if (text === null) continue
    words += wordCount(text)
    if (++n === SAMPLED_TEXTS) break
  }
  return n > 0 && words / n >= FEWEST_WORDS ? 'tfidf' : 'none'
}

/** @throws FEATURES_INVALID when the options of a column hold a key that its kind has no use for. */
export function checkColumnOptions(options: FeatureOptions, column: string, kind: Column['kind']): void {
  const own = options.columns[column]
  if (!own) return
  const useful = KEYS_OF_KIND[kind]
  for (const [key, value] of Object.entries(own)) {
    if (value === undefined || useful.includes(key as keyof ColumnFeatureOptions)) continue
    const path = `features.columns.${column}.${key}`
    throw invalid(path, `this is a ${kind} column; it takes ${useful.join(', ')}`)
  }
}

export function invalid(path: string, problem: string): BellwetherError {
  return new BellwetherError('FEATURES_INVALID', `${path}: ${problem}.`, { details: [{ path, message: problem }] })
}

/** Without keys that are there but undefined, which would hide the defaults. */
function present(
  own: ColumnFeatureOptions,
): Omit<{ [K in keyof ColumnFeatureOptions]: NonNullable<ColumnFeatureOptions[K]> }, 'impute'> {
  const { impute: _, ...rest } = own
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
}
