import { z } from 'zod'

/** Share of the documents, or a number of them. */
const MinDf = z.union([z.int().min(1), z.number().min(0).lt(1)])
const MaxDf = z.union([z.int().min(2), z.number().min(0).max(1)])

/** Longest n-gram: a document of n words has about n terms for each length, however unlike each other. */
const LONGEST_NGRAM = 10
/** Most columns to hash into; their weights in a linear model take 128 MiB then. */
const MOST_HASHED = 2 ** 24

const ANALYSIS = {
  stripHtml: z
    .boolean()
    .default(false)
    .describe('Texts are pieces of HTML: tags, comments, scripts and styles are left out, entities decoded.'),
  analyser: z
    .enum(['word', 'char', 'charWithinWords'])
    .default('word')
    .describe(
      'What terms are made of: words, characters, or characters of one word with a blank at both ends. Characters bear misspelt words; give them an ngramRange such as [3, 5].',
    ),
  lowercase: z.boolean().default(true).describe('Texts are taken in small letters.'),
  stripAccents: z
    .enum(['none', 'ascii', 'unicode'])
    .default('none')
    .describe(
      '`unicode` takes accents off their letters in every script (é becomes e); `ascii` then leaves out whatever is not ASCII.',
    ),
  ngramRange: z
    .tuple([z.int().min(1).max(LONGEST_NGRAM), z.int().min(1).max(LONGEST_NGRAM)])
    .refine(([least, most]) => least <= most, { message: 'the first number may not be larger than the second' })
    .default([1, 1])
    .describe('Fewest and most words (or characters) of a term: `[1, 2]` counts words and pairs of neighbours.'),
  stopWords: z
    .union([z.literal('english'), z.array(z.string().min(1))])
    .default([])
    .describe(
      'Words (`english`: 318 of them) that are left out before terms are made of their neighbours, written as `lowercase` and `stripAccents` leave them.',
    ),
}

const BINARY = z.boolean().default(false).describe('Counts a term once per document.')

const VOCABULARY = {
  minDf: MinDf.default(1).describe(
    'Leaves out terms of fewer documents: a number of them (1 and above) or a share (below 1).',
  ),
  maxDf: MaxDf.default(1).describe(
    'Leaves out terms of more documents: a share of them (up to 1) or a number (2 and above).',
  ),
  maxFeatures: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Keeps the terms with the most occurrences in all documents; of equal ones the first by code point.'),
  binary: BINARY,
}

const NORM = z
  .enum(['l1', 'l2', 'none'])
  .default('l2')
  .describe('Each document is divided by the root of its sum of squares (`l2`) or by its sum of sizes (`l1`).')

/** How a text becomes terms; the same for every vectoriser. */
export const AnalysisOptions = z.strictObject(ANALYSIS)
export type AnalysisOptions = z.output<typeof AnalysisOptions>

/** Options of the count vectoriser. */
export const CountOptions = z.strictObject({ ...ANALYSIS, ...VOCABULARY })
export type CountOptions = z.output<typeof CountOptions>

/** Options of TF-IDF: those of counts, and what is made of them. */
export const TfidfOptions = z.strictObject({
  ...ANALYSIS,
  ...VOCABULARY,
  norm: NORM,
  useIdf: z.boolean().default(true).describe('Terms of fewer documents weigh more.'),
  smoothIdf: z.boolean().default(true).describe('As if one more document held every term once.'),
  sublinearTf: z.boolean().default(false).describe('A term that occurs n times counts 1 + ln(n).'),
})
export type TfidfOptions = z.output<typeof TfidfOptions>

/** Options of the hashing vectoriser. */
export const HashingOptions = z.strictObject({
  ...ANALYSIS,
  nFeatures: z
    .int()
    .min(1)
    .max(MOST_HASHED)
    .default(2 ** 20)
    .describe('Columns that terms are hashed into; terms that meet in one add up.'),
  alternateSign: z
    .boolean()
    .default(true)
    .describe('Half of the terms count -1, so that terms that meet in a column rather cancel than add up.'),
  binary: BINARY,
  norm: NORM,
})
export type HashingOptions = z.output<typeof HashingOptions>
