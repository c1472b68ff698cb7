import { z } from 'zod'
import { TfidfOptions } from './text/text-options.ts'

/** Which representation of categories and scales an estimator wants; the same words as `Encoding` in learn/. */
export type FeatureEncoding = 'linear' | 'tree'

const NumericImpute = z.enum(['auto', 'mean', 'median', 'none', 'constant'])
const Indicator = z.union([z.boolean(), z.literal('auto')])
const Clip = z.enum(['none', 'iqr', 'quantile'])
const Scale = z.enum(['auto', 'none', 'standard', 'robust'])
const CategoricalImpute = z.enum(['missing-category', 'mode'])
const CategoricalEncode = z.enum(['auto', 'one-hot', 'ordinal', 'target', 'native'])
const UnknownCategory = z.enum(['infrequent', 'ignore'])
/** 1 and above: a number of rows; below 1: a share of the rows. Written so that a JSON Schema can say it, too. */
const MinFrequency = z.union([z.int().min(1), z.number().gt(0).lt(1)])
const MaxCategories = z.int().min(2).max(10_000)
const Smooth = z.union([z.literal('auto'), z.number().nonnegative()])
const Share = z.number().min(0).max(1)

export const DatePart = z.enum([
  'year',
  'quarter',
  'month',
  'dayOfMonth',
  'dayOfWeek',
  'dayOfYear',
  'hour',
  'ageInDays',
])
export type DatePart = z.output<typeof DatePart>

export const TextMeasure = z.enum(['length', 'words'])
export type TextMeasure = z.output<typeof TextMeasure>

const TEXT = {
  impute:
    'What stands in for a missing number: the median or mean of the training rows, a constant, or nothing (`none`: it stays missing, for trees only). `auto`: median for linear models, none for trees.',
  constant: 'The number that stands in for a missing one where impute is `constant`.',
  indicator:
    'Adds a column that tells where the number was missing, for columns with missing values among the training rows. `auto`: yes where something was put in their place.',
  clip: 'Pulls outliers to a bound: `iqr` = quartiles -/+ clipFactor times their distance, `quantile` = from clipLow to clipHigh.',
  clipFactor: 'How many interquartile ranges beyond the quartiles a number may lie.',
  clipLow: 'Share of the training rows that lies below the lower bound.',
  clipHigh: 'Share of the training rows that lies below the upper bound.',
  scale:
    '`standard` = mean 0 and deviation 1, `robust` = median 0 and interquartile range 1. `auto`: standard for linear models, none for trees.',
  categoricalImpute: 'A missing category is a category of its own, or stands for the most frequent one (`mode`).',
  encode:
    '`one-hot` = a 0/1 column per category, `ordinal` = its position, `target` = the mean of the target in it, cross-fitted on training rows, `native` = its position, told to trees as a category: gradient boosting splits it into sets (linear models get one-hot columns instead). `auto`: one-hot for linear models; for trees ordinal for two categories, one-hot up to oneHotLimit and target beyond.',
  minFrequency:
    'Categories with fewer training rows share one "infrequent" bucket: a number of rows (1 and above) or a share of them (below 1). For one-hot and ordinal.',
  maxCategories:
    'Most one-hot columns or ordinal positions per column, the infrequent bucket counted; the rarest categories go into the bucket.',
  unknown:
    'A category that training never saw goes to the infrequent bucket where there is one, or to none (`ignore`).',
  smooth:
    'How strongly the means of rare categories are pulled towards the mean of all rows: that many rows, or `auto` (from the variances).',
  parts:
    'Numbers made from a date. `ageInDays` counts from the date back from the latest date among the training rows.',
  measures: 'Numbers made from a text: its length in characters, its words.',
} as const

const { stripHtml, analyser, lowercase, stripAccents, ngramRange, stopWords, maxDf, sublinearTf, smoothIdf, norm } =
  TfidfOptions.shape

/** How the words of texts become columns. The same keys may stand in `features.columns`. */
const TERMS = {
  terms: z
    .enum(['auto', 'none', 'counts', 'tfidf', 'hashing'])
    .default('auto')
    .describe(
      'What becomes of the words of texts: `tfidf` weighs each by how rare it is, `counts` counts it, `hashing` keeps no list of words. A model with `tfidf` or `counts` holds words of the training texts. `auto`: `tfidf` for texts of six and more words on average (for trees up to 20000 training rows), else `none`; the run then says so.',
    ),
  stripHtml,
  analyser,
  lowercase,
  stripAccents,
  ngramRange,
  stopWords,
  minDf: TfidfOptions.shape.minDf
    .unwrap()
    .default(2)
    .describe('Leaves out terms of fewer training texts: a number of them (1 and above) or a share (below 1).'),
  maxDf,
  maxFeatures: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe('Keeps the terms with the most occurrences; null: 25000 for linear models, 300 for trees.'),
  sublinearTf,
  smoothIdf,
  norm,
  hashedColumns: z
    .int()
    .min(1)
    .max(2 ** 20)
    .nullable()
    .default(null)
    .describe('Columns of `hashing`; null: 16384 for linear models, 300 for trees.'),
}
const TermsOptions = z.strictObject(TERMS)
export type TermsOptions = z.output<typeof TermsOptions>

export const NumericFeatureOptions = z
  .strictObject({
    impute: NumericImpute.default('auto').describe(TEXT.impute),
    constant: z.number().default(0).describe(TEXT.constant),
    indicator: Indicator.default('auto').describe(TEXT.indicator),
    clip: Clip.default('none').describe(TEXT.clip),
    clipFactor: z.number().positive().default(1.5).describe(TEXT.clipFactor),
    clipLow: Share.default(0.01).describe(TEXT.clipLow),
    clipHigh: Share.default(0.99).describe(TEXT.clipHigh),
    scale: Scale.default('auto').describe(TEXT.scale),
  })
  .refine((numeric) => numeric.clipLow < numeric.clipHigh, {
    path: ['clipLow'],
    message: 'clipLow must be less than clipHigh',
  })
export type NumericFeatureOptions = z.output<typeof NumericFeatureOptions>

export const CategoricalFeatureOptions = z.strictObject({
  impute: CategoricalImpute.default('missing-category').describe(TEXT.categoricalImpute),
  encode: CategoricalEncode.default('auto').describe(TEXT.encode),
  minFrequency: MinFrequency.default(5).describe(TEXT.minFrequency),
  maxCategories: MaxCategories.default(100).describe(TEXT.maxCategories),
  unknown: UnknownCategory.default('infrequent').describe(TEXT.unknown),
  smooth: Smooth.default('auto').describe(TEXT.smooth),
  folds: z.int().min(2).max(100).default(5).describe('Folds in which the training rows get their target encodings.'),
  oneHotLimit: z
    .int()
    .min(0)
    .max(10_000)
    .default(8)
    .describe('`auto` for trees: a column with more categories gets target encoding instead of one-hot columns.'),
})
export type CategoricalFeatureOptions = z.output<typeof CategoricalFeatureOptions>

/** The same keys without defaults: what is left out is as for all text columns. */
const ownTerms = {
  terms: TERMS.terms.unwrap().optional().describe(TERMS.terms.description!),
  stripHtml: stripHtml.unwrap().optional().describe(stripHtml.description!),
  analyser: analyser.unwrap().optional().describe(analyser.description!),
  lowercase: lowercase.unwrap().optional().describe(lowercase.description!),
  stripAccents: stripAccents.unwrap().optional().describe(stripAccents.description!),
  ngramRange: ngramRange.unwrap().optional().describe(ngramRange.description!),
  stopWords: stopWords.unwrap().optional().describe(stopWords.description!),
  minDf: TERMS.minDf.unwrap().optional().describe(TERMS.minDf.description!),
  maxDf: maxDf.unwrap().optional().describe(maxDf.description!),
  maxFeatures: TERMS.maxFeatures.unwrap().optional().describe(TERMS.maxFeatures.description!),
  sublinearTf: sublinearTf.unwrap().optional().describe(sublinearTf.description!),
  smoothIdf: smoothIdf.unwrap().optional().describe(smoothIdf.description!),
  norm: norm.unwrap().optional().describe(norm.description!),
  hashedColumns: TERMS.hashedColumns.unwrap().optional().describe(TERMS.hashedColumns.description!),
}

/** What one column does otherwise than its kind; keys of other kinds than the column's are refused when features are fitted. */
export const ColumnFeatureOptions = z.strictObject({
  impute: z
    .enum(['auto', 'mean', 'median', 'none', 'constant', 'missing-category', 'mode'])
    .optional()
    .describe('As `numeric.impute` or `categorical.impute`.'),
  constant: z.number().optional().describe(TEXT.constant),
  indicator: Indicator.optional().describe(TEXT.indicator),
  clip: Clip.optional().describe(TEXT.clip),
  clipFactor: z.number().positive().optional().describe(TEXT.clipFactor),
  clipLow: Share.optional().describe(TEXT.clipLow),
  clipHigh: Share.optional().describe(TEXT.clipHigh),
  scale: Scale.optional().describe(TEXT.scale),
  encode: CategoricalEncode.optional().describe(TEXT.encode),
  minFrequency: MinFrequency.optional().describe(TEXT.minFrequency),
  maxCategories: MaxCategories.optional().describe(TEXT.maxCategories),
  unknown: UnknownCategory.optional().describe(TEXT.unknown),
  smooth: Smooth.optional().describe(TEXT.smooth),
  parts: z.array(DatePart).min(1).optional().describe(TEXT.parts),
  measures: z.array(TextMeasure).min(1).optional().describe(TEXT.measures),
  ...ownTerms,
})
export type ColumnFeatureOptions = z.output<typeof ColumnFeatureOptions>

/** The `features:` section of the project file: what happens to columns of each kind on their way to a matrix. */
export const FeatureOptions = z.strictObject({
  numeric: NumericFeatureOptions.prefault({}).describe('Number columns, and the numbers made from dates and texts.'),
  categorical: CategoricalFeatureOptions.prefault({}).describe('Category columns.'),
  dates: z
    .strictObject({
      parts: z.array(DatePart).default(['year', 'month', 'dayOfWeek', 'ageInDays']).describe(TEXT.parts),
    })
    .prefault({})
    .describe('Date columns.'),
  text: z
    .strictObject({
      measures: z.array(TextMeasure).default(['length', 'words']).describe(TEXT.measures),
      ...TERMS,
    })
    .prefault({})
    .describe('Text columns.'),
  derived: z
    .record(z.string().min(1).max(200), z.string().max(4_000))
    .default({})
    .describe(
      'New columns: name -> expression over the features, such as `ratio(approved, enrolled)`. A later one may use an earlier one.',
    ),
  drop: z
    .array(z.string())
    .default([])
    .describe('Columns that are no features of their own; expressions may still read them.'),
  columns: z
    .record(z.string(), ColumnFeatureOptions)
    .default({})
    .describe('Options of single columns, input or derived: name -> what differs.'),
  balance: z
    .enum(['none', 'weights', 'oversample', 'undersample'])
    .default('none')
    .describe(
      'Against classes of very different size, on training rows only: `weights` counts rows of rare classes more, `oversample` repeats them, `undersample` leaves out rows of frequent classes.',
    ),
})
export type FeatureOptions = z.output<typeof FeatureOptions>
