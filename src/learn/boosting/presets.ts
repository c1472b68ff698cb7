/** Values of the options that a preset decides. */
export interface PresetValues {
  readonly maxIterations: number
  readonly learningRate: number
  readonly maxLeaves: number
  readonly minSamplesLeaf: number
  readonly l2Regularization: number
  readonly subsample: number
  readonly featureFraction: number
  readonly extraTrees: boolean
}

export type PresetName = 'lightgbm-compatible' | 'small-data'

/** Tables of fewer training rows are small. */
export const SMALL_TABLE_ROWS = 20_000

/**
 * Where options are left out.
 *
 * `lightgbm-compatible` has LightGBM's defaults. `small-data` came out of a comparison on five tables of 395 to 4,424 rows (students'
 * outcomes and grades), 3 folds x 3 repeats each: random thresholds on all columns did better than a share of the columns drawn for each
 * tree, above all where one column knows most; and a tenth of the rows held out for early stopping cost more than it saved.
 * The figures are in docs/presets.md.
 */
export const PRESETS: Readonly<Record<PresetName, PresetValues>> = {
  'lightgbm-compatible': {
    maxIterations: 100,
    learningRate: 0.1,
    maxLeaves: 31,
    minSamplesLeaf: 20,
    l2Regularization: 0,
    subsample: 1,
    featureFraction: 1,
    extraTrees: false,
  },
  'small-data': {
    maxIterations: 350,
    learningRate: 0.03,
    maxLeaves: 15,
    minSamplesLeaf: 5,
    l2Regularization: 7,
    subsample: 0.8,
    featureFraction: 1,
    extraTrees: true,
  },
}

export function presetFor(nRows: number): PresetName {
  return nRows < SMALL_TABLE_ROWS ? 'small-data' : 'lightgbm-compatible'
}

/** An option's defaults in words, for its description. */
export function byPreset(option: keyof PresetValues): string {
  const { 'lightgbm-compatible': usual, 'small-data': small } = PRESETS
  return usual[option] === small[option]
    ? `Left out: \`${usual[option]}\`.`
    : `Left out: \`${usual[option]}\` (lightgbm-compatible) or \`${small[option]}\` (small-data).`
}

/** What the reader of a run is told. */
export function presetNote(preset: PresetName, nRows: number, asked: boolean): string {
  const why = asked ? 'as asked' : `${nRows} rows to learn from; small is below ${SMALL_TABLE_ROWS}`
  return `Gradient boosting takes what is left open from its preset ${preset} (${why}).`
}
