import { z } from 'zod'
import { MAX_BINS } from '../tree/bin.ts'
import { byPreset, PRESETS, type PresetName, type PresetValues, presetFor, SMALL_TABLE_ROWS } from './presets.ts'

const share = z.number().gt(0).max(1)

/**
 * Options of gradient boosting; names after scikit-learn's HistGradientBoosting and LightGBM. Those that a preset decides have
 * no default of their own: `settle` fills them in.
 */
export const GradientBoostingOptions = z.strictObject({
  preset: z
    .enum(['auto', 'lightgbm-compatible', 'small-data'])
    .default('auto')
    .describe(
      `Defaults of the options that are left out: \`lightgbm-compatible\` those of LightGBM, \`small-data\` slower and more varied trees; \`auto\` is small-data below ${SMALL_TABLE_ROWS} rows.`,
    ),
  loss: z
    .enum(['squared_error', 'absolute_error', 'quantile', 'poisson'])
    .default('squared_error')
    .describe(
      'What regression makes small: `absolute_error` answers with the median, `quantile` with the quantile named, `poisson` with ' +
        'the mean of counts (targets of 0 or more) through its logarithm.',
    ),
  quantile: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('For `loss: quantile`: the share of targets that is to lie below the answer.'),
  maxIterations: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      `Rounds of boosting; each grows one tree, or one tree per class when there are three classes or more. ${byPreset('maxIterations')}`,
    ),
  learningRate: z
    .number()
    .gt(0)
    .max(10)
    .optional()
    .describe(`Factor on every leaf value; a smaller one needs more rounds. ${byPreset('learningRate')}`),
  maxLeaves: z
    .int()
    .min(2)
    .max(4096)
    .optional()
    .describe(`Leaves of a tree; the leaf of largest gain is split first. ${byPreset('maxLeaves')}`),
  maxDepth: z.int().min(1).nullable().default(null).describe('Splits between the root and a leaf; null sets no bound.'),
  minSamplesLeaf: z
    .int()
    .min(1)
    .optional()
    .describe(`Training rows that each leaf must hold. ${byPreset('minSamplesLeaf')}`),
  l2Regularization: z
    .number()
    .min(0)
    .optional()
    .describe(`Added to the hessian of each leaf: draws leaf values to 0. ${byPreset('l2Regularization')}`),
  l1Regularization: z.number().min(0).default(0).describe('Gradients of a leaf up to this sum give it the value 0.'),
  subsample: share
    .optional()
    .describe(`Share of the rows, drawn anew in each round without replacement. ${byPreset('subsample')}`),
  featureFraction: share
    .optional()
    .describe(`Share of the columns, drawn anew for each tree. ${byPreset('featureFraction')}`),
  featureFractionByNode: share.default(1).describe("Share of the tree's columns, drawn anew for each node."),
  maxBins: z
    .int()
    .min(2)
    .max(MAX_BINS)
    .default(MAX_BINS)
    .describe('Bins per column, not counting the one for missing values.'),
  extraTrees: z
    .boolean()
    .optional()
    .describe(
      `Try one random threshold per column and node instead of all: more varied trees, less overfitting. ${byPreset('extraTrees')}`,
    ),
  categorySmoothing: z
    .number()
    .min(0)
    .default(10)
    .describe(
      'For columns of categories (`encode: native`): added to the hessian of a category when they are put in order.',
    ),
  categoryL2: z
    .number()
    .min(0)
    .default(10)
    .describe('For columns of categories: added to `l2Regularization` in splits into sets of categories.'),
  maxCategoriesPerSplit: z
    .int()
    .min(1)
    .max(255)
    .default(32)
    .describe('For columns of categories: how many a split may send left.'),
  maxCategoriesOneVsRest: z
    .int()
    .min(0)
    .max(256)
    .default(4)
    .describe('Columns of up to so many categories, missing counted as one, are split into one against all others.'),
  minSamplesPerGroup: z
    .int()
    .min(1)
    .default(100)
    .describe('For columns of categories: training rows between two sets that are tried, and on the right.'),
  monotone: z
    .record(z.string(), z.union([z.literal(1), z.literal(-1)]))
    .default({})
    .describe(
      'Column of numbers -> 1 where the score may only rise with it, -1 where it may only fall; for numbers, and of two classes the score of the second.',
    ),
  earlyStoppingRounds: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('Stop after so many rounds without a better loss on held-out rows, and keep the best; null never stops.'),
  validationFraction: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe('Share of the rows held out for early stopping, class by class.'),
  classWeight: z
    .union([z.literal('balanced'), z.record(z.string(), z.number().gt(0))])
    .nullable()
    .default(null)
    .describe(
      '"balanced" weighs rows so that every class weighs the same in sum; or class -> factor, 1 for those not named. ' +
        'Classification only.',
    ),
})
export type GradientBoostingOptions = z.output<typeof GradientBoostingOptions>

/** Options with nothing left open: what a fit works by. */
export type BoostingSettings = Omit<GradientBoostingOptions, 'preset' | keyof PresetValues> &
  PresetValues & { readonly preset: PresetName }

/** Fills in what was left out from the preset; what was given stays. */
export function settle(options: GradientBoostingOptions, nRows: number): BoostingSettings {
  const preset = options.preset === 'auto' ? presetFor(nRows) : options.preset
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return { ...options, ...PRESETS[preset], ...given, preset }
}
