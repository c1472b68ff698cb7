import type { CategoryColumn } from '../table/column.ts'
import type { Target } from '../table/target.ts'
import type { BlockFit } from './block.ts'
import type { ValuesState } from './block-state.ts'
import { SlotsBlock, ValuesBlock } from './category-block.ts'
import { type CategoryCounts, countCategories } from './category-index.ts'
import type { FeatureEncoding, FeatureOptions } from './feature-options.ts'
import type { FeatureWarning } from './feature-warning.ts'
import { mostFrequent } from './impute.ts'
import { applyNumericSteps, fitNumericSteps } from './numeric-steps.ts'
import { fitOneHot } from './one-hot.ts'
import { fitOrdinal } from './ordinal.ts'
import { type CategoricalPlan, categoricalPlan, type NumericPlan, numericPlan } from './resolve-options.ts'
import { crossFitFolds, crossFitTarget, encodeTarget, targetParts } from './target-encode.ts'

export interface CategoryFitInput {
  readonly source: string
  readonly column: CategoryColumn
  readonly target: Target
  readonly options: FeatureOptions
  readonly encoding: FeatureEncoding
  /** Seeds the folds of target encoding. */
  readonly seed: number
}

/** Fits the columns that a category becomes. */
export function fitCategoryBlock(input: CategoryFitInput): BlockFit {
  const { source, column, options, encoding } = input
  const seen = countCategories(column)
  const nRows = column.codes.length
  if (seen.nMissing === nRows) return leftOut('COLUMN_ALL_MISSING', source, 'is missing in all training rows')
  const plan = categoricalPlan(options, source, encoding, seen.categories.length + (seen.nMissing > 0 ? 1 : 0))
  const counted = plan.impute === 'mode' ? imputeMode(seen) : { ...seen, mode: null }
  if (counted.categories.length === 1 && counted.nMissing === 0) {
    return leftOut('COLUMN_CONSTANT', source, 'has the same value in all training rows')
  }
  switch (plan.encode) {
    case 'one-hot':
      return oneHotBlock(source, counted, plan)
    case 'ordinal':
      return ordinalBlock(input, counted, plan)
    case 'native':
      return nativeBlock(input, counted, plan)
    case 'target':
      return targetBlock(input, counted, plan)
  }
}

type Counted = CategoryCounts & { readonly mode: number | null }

/** Missing rows counted among those of the most frequent category. */
function imputeMode(seen: CategoryCounts): Counted {
  const mode = mostFrequent(seen.counts)
  return {
    categories: seen.categories,
    counts: seen.counts.map((count, category) => (category === mode ? count + seen.nMissing : count)),
    codes: seen.codes.map((code) => (code < 0 ? mode : code)),
    nMissing: 0,
    mode,
  }
}

function leftOut(code: FeatureWarning['code'], source: string, why: string): BlockFit {
  return { block: null, warnings: [{ code, column: source, message: `Column "${source}" ${why} and was left out.` }] }
}

function oneHotBlock(source: string, seen: Counted, plan: CategoricalPlan): BlockFit {
  const { categories } = seen
  const { slots, nColumns, meaning } = fitOneHot(seen.counts, seen.nMissing, plan)
  if (nColumns === 1) return leftOut('COLUMN_CONSTANT', source, allRare(plan))
  const names = meaning.map((category) => {
    if (category < 0) return `${source}=(infrequent)`
    return category === categories.length ? `isMissing(${source})` : `${source}=${categories[category]}`
  })
  if (seen.mode !== null) slots[categories.length] = slots[seen.mode]!
  return { block: new SlotsBlock({ type: 'slots', source, categories: [...categories], slots, names }), warnings: [] }
}

function allRare(plan: CategoricalPlan): string {
  return `has no category with enough training rows to count (minFrequency is ${plan.minFrequency})`
}

function ordinalBlock(input: CategoryFitInput, seen: Counted, plan: CategoricalPlan): BlockFit {
  const { categories, counts, codes, nMissing, mode } = seen
  const { source } = input
  const n = categories.length
  const values = fitOrdinal(counts, codes.length, plan)
  if (mode !== null) values[n] = values[mode]!
  const training = Float64Array.from(codes, (code) => (code < 0 ? Number.NaN : values[code]!))
  const numeric = numbersPlan(input)
  const fit = fitNumericSteps(training, numeric)!
  if (fit.constant) {
    return leftOut('COLUMN_CONSTANT', source, allRare(plan))
  }
  applyNumericSteps(fit.steps, values, 0, values.length)
  const indicator = numeric.indicator && nMissing > 0
  const state: ValuesState = {
    type: 'values',
    encode: 'ordinal',
    source,
    categories: [...categories],
    values: indicator ? joined([values, indicatorValues(n)]) : values,
    names: indicator ? [source, `isMissing(${source})`] : [source],
  }
  return { block: new ValuesBlock(state), warnings: [] }
}

/** Categories that a tree tells apart at one split. */
const MOST_NATIVE = 255

/** Positions as codes: nothing is scaled or filled in, missing stays NaN. */
function nativeBlock({ source, column }: CategoryFitInput, seen: Counted, plan: CategoricalPlan): BlockFit {
  const { categories, counts, codes, nMissing, mode } = seen
  const n = categories.length
  const limits = { ...plan, maxCategories: Math.min(plan.maxCategories, MOST_NATIVE) }
  const values = fitOrdinal(counts, column.codes.length, limits)
  if (mode !== null) values[n] = values[mode]!
  const first = values[codes.find((code) => code >= 0)!]
  if (nMissing === 0 && codes.every((code) => values[code] === first)) {
    return leftOut('COLUMN_CONSTANT', source, allRare(plan))
  }
  const state: ValuesState = {
    type: 'values',
    encode: 'native',
    source,
    categories: [...categories],
    values,
    names: [source],
  }
  return { block: new ValuesBlock(state), warnings: [] }
}

function targetBlock(input: CategoryFitInput, seen: Counted, plan: CategoricalPlan): BlockFit {
  const { source, target, seed } = input
  const { categories, codes, nMissing, mode } = seen
  if (seen.counts.every((count) => count === 1) && nMissing === 0) {
    return leftOut('COLUMN_IDENTIFIER', source, 'has another category in each training row, as an identifier has,')
  }
  const n = categories.length
  const nRows = codes.length
  const known = nMissing > 0 ? n + 1 : n
  const rowCodes = nMissing > 0 ? codes.map((code) => (code < 0 ? n : code)) : codes
  const foldOf = crossFitFolds(target, plan.folds, seed)
  const numeric = numbersPlan(input)

  const all = targetParts(target)
  // The classes' shares add up to about 1: a tree has no use for the last, which would only thin out the columns that it draws from.
  const parts = input.encoding === 'tree' && all.length > 1 ? all.slice(0, -1) : all
  const names: string[] = []
  const values: Float64Array[] = []
  const training: Float64Array[] = []
  parts.forEach((y, part) => {
    const encoded = crossFitTarget(rowCodes, y, foldOf, known, plan.smooth)
    const { encodings, mean } = encodeTarget(rowCodes, y, known, plan.smooth)
    const table = new Float64Array(n + 2).fill(mean)
    table.set(encodings)
    if (mode !== null) table[n] = table[mode]!
    const { steps } = fitNumericSteps(encoded, numeric)!
    applyNumericSteps(steps, table, 0, table.length)
    applyNumericSteps(steps, encoded, 0, nRows)
    values.push(table)
    training.push(encoded)
    const ofClass = target.task === 'classification' && all.length > 1 ? `, ${target.classes[part]}` : ''
    names.push(`targetMean(${source}${ofClass})`)
  })
  const state: ValuesState = {
    type: 'values',
    encode: 'target',
    source,
    categories: [...categories],
    values: joined(values),
    names,
  }
  return { block: new ValuesBlock(state), training: joined(training), warnings: [] }
}

/** Steps for the numbers of a category: they are never clipped, and missing ones are filled for linear models only. */
function numbersPlan({ source, options, encoding }: CategoryFitInput): NumericPlan {
  const plan = numericPlan({ ...options, columns: {} }, source, encoding)
  return { ...plan, clip: 'none', impute: encoding === 'linear' ? 'mean' : 'none', indicator: encoding === 'linear' }
}

/** 1 for missing, 0 for all else; shape (nCategories + 2). */
function indicatorValues(nCategories: number): Float64Array<ArrayBuffer> {
  const values = new Float64Array(nCategories + 2)
  values[nCategories] = 1
  return values
}

function joined(parts: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
