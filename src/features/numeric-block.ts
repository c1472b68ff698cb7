import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type { Block, BlockFit } from './block.ts'
import type { DateMeasure, NumbersState } from './block-state.ts'
import { calendarPart, DAY_MS } from './date-parts.ts'
import type { FeatureWarning } from './feature-warning.ts'
import {
  applyNumericSteps,
  dropInfinities,
  fitNumericSteps,
  type NumericSteps,
  writeIndicator,
} from './numeric-steps.ts'
import type { NumericPlan } from './resolve-options.ts'
import { textMeasure } from './text-measures.ts'

/** What of a source column becomes a number: its value, a part of a date, a measure of a text. */
export type Measure = NumbersState['measures'][number]

/**
 * Fits the numbers that a column gives: one for a number column, one per part of a date, one per measure of a text. One indicator tells
 * where the source was missing. Numbers that are the same in all training rows are left out.
 */
export function fitNumericBlock(
  source: string,
  column: Column,
  nRows: number,
  measures: readonly Measure[],
  plan: NumericPlan,
): BlockFit {
  const kept: { measure: Measure; steps: NumericSteps }[] = []
  const warnings: FeatureWarning[] = []
  const values = new Float64Array(nRows)
  let nMissing = 0
  for (const measure of measures) {
    readMeasure(measure, source, column, nRows, values, 0)
    const fit = fitNumericSteps(values, plan)
    if (!fit) {
      const message = `Column "${source}" is missing in all training rows and was left out.`
      return { block: null, warnings: [{ code: 'COLUMN_ALL_MISSING', column: source, message }] }
    }
    nMissing = fit.nMissing
    if (!fit.constant) kept.push({ measure, steps: fit.steps })
  }
  if (nMissing > 0 && plan.imputeOverruled) {
    const message = `Column "${source}" has missing values and linear models can't take them: the median stands in, although impute is none.`
    warnings.push({ code: 'IMPUTE_REQUIRED', column: source, message })
  }
  const indicator = plan.indicator && nMissing > 0
  if (kept.length === 0 && measures.length > 0) {
    const rest = indicator ? 'only whether it is missing was kept' : 'it was left out'
    const message = `Column "${source}" has the same value in all training rows${nMissing > 0 ? ' that have one' : ''}; ${rest}.`
    warnings.push({ code: 'COLUMN_CONSTANT', column: source, message })
  }
  if (kept.length === 0 && !indicator) return { block: null, warnings }
  const state: NumbersState = {
    type: 'numbers',
    source,
    // Without any number left, the first measure tells where the source is missing.
    measures: kept.length > 0 ? kept.map(({ measure }) => measure) : [measures[0]!],
    steps: kept.map(({ steps }) => steps),
    indicator,
  }
  return { block: new NumericBlock(state), warnings }
}

export class NumericBlock implements Block {
  readonly source: string
  readonly names: readonly string[]
  readonly #state: NumbersState

  constructor(state: NumbersState) {
    this.#state = state
    this.source = state.source
    const names = state.steps.map((_, i) => measureName(state.measures[i]!, state.source))
    this.names = state.indicator ? [...names, `isMissing(${state.source})`] : names
  }

  write(column: Column, nRows: number, data: Float64Array, begin: number): void {
    const { measures, steps, indicator, source } = this.#state
    const nValues = steps.length
    if (indicator) {
      const to = begin + nValues * nRows
      readMeasure(measures[0]!, source, column, nRows, data, to)
      writeIndicator(data, to, to + nRows, to)
    }
    for (let j = 0; j < nValues; j++) {
      const from = begin + j * nRows
      readMeasure(measures[j]!, source, column, nRows, data, from)
      applyNumericSteps(steps[j]!, data, from, from + nRows)
    }
  }

  state(): NumbersState {
    return this.#state
  }
}

function measureName(measure: Measure, source: string): string {
  switch (measure.kind) {
    case 'value':
      return source
    case 'date':
      return `${measure.part}(${source})`
    case 'text':
      return measure.measure === 'words' ? `wordCount(${source})` : `length(${source})`
  }
}

/** Writes the measured numbers of all rows to `data` from `begin` on; what is not finite becomes NaN. */
function readMeasure(
  measure: Measure,
  source: string,
  column: Column,
  nRows: number,
  data: Float64Array,
  begin: number,
): void {
  switch (measure.kind) {
    case 'value':
      if (column.kind !== 'number') throw wrongKind(source, 'number', column)
      for (let row = 0; row < nRows; row++) data[begin + row] = column.values[row]! + 0
      break
    case 'date':
      if (column.kind !== 'date') throw wrongKind(source, 'date', column)
      for (let row = 0; row < nRows; row++) data[begin + row] = dateMeasure(measure, column.values[row]!)
      break
    case 'text':
      if (column.kind !== 'text') throw wrongKind(source, 'text', column)
      for (let row = 0; row < nRows; row++) data[begin + row] = textMeasure(measure.measure, column.values[row] ?? null)
      break
  }
  dropInfinities(data, begin, begin + nRows)
}

function dateMeasure(measure: DateMeasure, ms: number): number {
  return measure.part === 'ageInDays' ? (measure.reference - ms) / DAY_MS : calendarPart(measure.part, ms)
}

export function wrongKind(source: string, expected: string, column: Column): BellwetherError {
  const message = `Column "${source}" was a ${expected} column in training and is a ${column.kind} column here.`
  return new BellwetherError('FEATURES_INPUT_INVALID', message, {
    details: [{ path: source, message: `expected ${expected}, found ${column.kind}` }],
  })
}
