import { z } from 'zod'
import { MAX_BINS } from '../tree/bin.ts'

/** Options of random forests; names and defaults after scikit-learn. */
export const RandomForestOptions = z.strictObject({
  nEstimators: z.int().min(1).max(10_000).default(100).describe('Trees; more only cost time.'),
  maxFeatures: z
    .union([z.literal('sqrt'), z.literal('log2'), z.number().gt(0).max(1)])
    .nullable()
    .default(null)
    .describe(
      'Columns drawn for each split: their square root, their logarithm, or a share of them. ' +
        'null is "sqrt" for classification and 1 (all) for regression.',
    ),
  maxDepth: z.int().min(1).nullable().default(null).describe('Splits between the root and a leaf; null sets no bound.'),
  minSamplesSplit: z.int().min(2).default(2).describe('Training rows that a node must hold to be split.'),
  minSamplesLeaf: z
    .int()
    .min(1)
    .default(1)
    .describe('Training rows that each leaf must hold; a row drawn twice is one row.'),
  bootstrap: z
    .boolean()
    .default(true)
    .describe('Each tree learns from as many rows as there are, drawn with replacement; else from all.'),
  extraTrees: z
    .boolean()
    .default(false)
    .describe('Try one random threshold per column and node instead of all: more varied trees, less overfitting.'),
  maxBins: z
    .int()
    .min(2)
    .max(MAX_BINS)
    .default(MAX_BINS)
    .describe('Bins per column, not counting the one for missing values.'),
  classWeight: z
    .union([z.literal('balanced'), z.literal('balanced_subsample'), z.record(z.string(), z.number().gt(0))])
    .nullable()
    .default(null)
    .describe(
      '"balanced" weighs rows so that every class weighs the same in sum, "balanced_subsample" so that it does in each tree\'s ' +
        'sample; or class -> factor, 1 for those not named. Classification only.',
    ),
  oobScore: z
    .boolean()
    .default(false)
    .describe(
      'Answer each row by the trees that did not draw it, and score those answers: accuracy, or R^2, which a run records as `random-forest.oob.accuracy` or `random-forest.oob.r2`. Needs `bootstrap`.',
    ),
})
export type RandomForestOptions = z.output<typeof RandomForestOptions>

/** Columns to draw for a split, out of those of the matrix; at least 1. */
export function featuresPerSplit(
  maxFeatures: RandomForestOptions['maxFeatures'],
  nColumns: number,
  task: 'classification' | 'regression',
): number {
  const rule = maxFeatures ?? (task === 'classification' ? 'sqrt' : 1)
  if (rule === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(nColumns)))
  if (rule === 'log2') return Math.max(1, Math.floor(Math.log2(Math.max(1, nColumns))))
  return Math.max(1, Math.floor(rule * nColumns))
}
