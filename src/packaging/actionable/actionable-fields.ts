import { BellwetherError } from '../../errors.ts'
import { categoryValue } from '../../table/category-value.ts'
import { nearest } from '../../table/nearest.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import type { JsonScalar } from '../../table/table-to-records.ts'
import type { ActionableColumn, ActionableOptions } from './actionable-options.ts'

/** A column that people can do something about, with every value that is tried. */
export interface ActionableField {
  readonly column: ColumnSchema
  /** As JSON writes them; numbers rising. */
  readonly values: readonly (string | number | boolean)[]
  readonly direction: 'any' | 'up' | 'down'
  /** Of a change over `range`, or from one category to another. */
  readonly cost: number
  /** Largest less smallest value that is tried; null for categories. */
  readonly range: number | null
}

/** Values that are tried of one number. */
const MAX_VALUES = 60
const DEFAULT_STEPS = 20

/**
 * The fields that the project calls actionable, in the order of the columns; empty where it names none. What a model does not read is passed over.
 *
 * @param actionable `serving.actionable`
 * @throws PROJECT_INVALID for values that a column does not take
 */
export function actionableFields(
  actionable: ActionableOptions,
  inputs: readonly ColumnSchema[],
): readonly ActionableField[] {
  return inputs.flatMap((column) => {
    const own = Object.hasOwn(actionable, column.name) ? actionable[column.name] : undefined
    return own ? [fieldOf(column, own)] : []
  })
}

/**
 * Refuses what could not be asked of any model of the project.
 * @param inputs Columns that may be features
 * @throws PROJECT_INVALID for a column that is none of them, or values that it does not take
 */
export function checkActionable(actionable: ActionableOptions, inputs: readonly ColumnSchema[]): void {
  const names = inputs.map(({ name }) => name)
  for (const name of Object.keys(actionable)) {
    if (names.includes(name)) continue
    const meant = nearest(name, names)
    throw refusal(
      name,
      `is no column that the model may read (the target, identifiers and sensitive columns are none)${meant ? `; did you mean "${meant}"?` : ''}`,
    )
  }
  actionableFields(actionable, inputs)
}

function fieldOf(column: ColumnSchema, options: ActionableColumn): ActionableField {
  const { name, kind } = column
  const { direction, cost } = options
  if (kind === 'text' || kind === 'date')
    throw refusal(name, `is a ${kind}; what people can change is a number or a category`)
  if (kind === 'category') {
    if (direction !== 'any')
      throw refusal(name, 'is a category, which has no direction; leave it out, or name `values`')
    if (options.min !== undefined || options.max !== undefined || options.step !== undefined)
      throw refusal(name, 'is a category; name `values` instead of min, max and step')
    const known = column.declared.categories ?? column.observed.categories
    const asked = options.values?.map(String) ?? known
    const unknown = asked.find((text) => !known.includes(text))
    if (unknown !== undefined) throw refusal(name, 'names a value that the column does not have')
    return { column, values: asked.map((text) => categoryValue(column, text)), direction, cost, range: null }
  }
  const values = options.values ? numbersOf(name, options.values) : gridOf(column, options)
  const { min, max } = column.declared
  if (values.some((value) => (min !== undefined && value < min) || (max !== undefined && value > max)))
    throw refusal(name, `names values outside of what the column may hold (${min ?? ''} to ${max ?? ''})`)
  return { column, values, direction, cost, range: values.at(-1)! - values[0]! }
}

function numbersOf(name: string, values: readonly JsonScalar[]): number[] {
  const numbers = values.filter((value) => typeof value === 'number')
  if (numbers.length < values.length) throw refusal(name, 'is a number, and so must all its `values` be')
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** From the smallest value to the largest, both included. */
function gridOf({ name, dataType, declared, observed }: ColumnSchema, options: ActionableColumn): number[] {
  const low = options.min ?? declared.min ?? observed.min
  const high = options.max ?? declared.max ?? observed.max
  if (low === null || high === null) throw refusal(name, 'was empty in training; say `min` and `max`')
  if (low > high) throw refusal(name, `may go from ${low} to ${high}, which is nothing; say both \`min\` and \`max\``)
  const whole = dataType === 'integer'
  const span = high - low
  let step = options.step ?? (whole ? Math.max(1, Math.round(span / DEFAULT_STEPS)) : span / DEFAULT_STEPS)
  if (whole && !Number.isInteger(step)) throw refusal(name, 'holds whole numbers, and so must `step` be one')
  if (span / step > MAX_VALUES - 1) {
    if (options.step !== undefined)
      throw refusal(
        name,
        `has ${Math.floor(span / step) + 1} values with this step, and at most ${MAX_VALUES} are tried`,
      )
    step = span / (MAX_VALUES - 1)
  }
  const values: number[] = []
  // By counting, not by adding up: 0.1 + 0.1 + 0.1 is no 0.3.
  for (let i = 0; low + i * step < high; i++) values.push(rounded(low + i * step))
  values.push(high)
  return [...new Set(values)].filter((value) => value >= low)
}

/** Without the noise of the last bits: 0.30000000000000004 is 0.3. */
function rounded(value: number): number {
  return Number(value.toPrecision(12))
}

function refusal(column: string, message: string): BellwetherError {
  const path = `serving.actionable.${column}`
  return new BellwetherError('PROJECT_INVALID', `${path}: ${message}.`, { details: [{ path, message }] })
}
