import { BellwetherError } from '../errors.ts'
import { byCodePoint } from '../table/code-point-order.ts'
import { type Column, columnLength, isMissing } from '../table/column.ts'
import type { SupervisedTask, Target } from '../table/target.ts'

/** More distinct fractional numbers than this are a quantity, not classes. */
const MAX_FRACTIONAL_CLASSES = 50

/**
 * What is to be predicted, from a column. Classes are the texts that occur, in code-point order; a declared category
 * without a row is no class. Numbers are classes by their shortest text: 1 is "1".
 * @param name The column's name, for messages.
 * @throws TARGET_MISSING, TARGET_ONE_CLASS, TARGET_CONSTANT, TARGET_NOT_NUMERIC or TARGET_NOT_CLASSES
 */
export function makeTarget(column: Column, name: string, task: SupervisedTask): Target {
  const nRows = columnLength(column)
  if (nRows === 0) throw new BellwetherError('TARGET_MISSING', `The target "${name}" has no rows.`)
  return task === 'classification' ? classTarget(column, name, nRows) : numberTarget(column, name, nRows)
}

/** @throws TARGET_MISSING naming the count and the first such row (counted from 0; never its values). */
function refuseMissing(column: Column, name: string, nRows: number): void {
  let missing = 0
  let first = -1
  for (let row = 0; row < nRows; row++) {
    if (!isMissing(column, row)) continue
    if (missing++ === 0) first = row
  }
  if (missing === 0) return
  const message = `The target "${name}" is missing in ${missing} of ${nRows} rows, first in row ${first} (counted from 0).`
  throw new BellwetherError('TARGET_MISSING', message, {
    details: [{ path: name, message: `missing in ${missing} rows` }],
  })
}

function numberTarget(column: Column, name: string, nRows: number): Target {
  if (column.kind !== 'number') {
    throw new BellwetherError(
      'TARGET_NOT_NUMERIC',
      `Regression expects numbers in the target "${name}"; it holds ${described(column)}.`,
    )
  }
  refuseMissing(column, name, nRows)
  const values = column.values
  let constant = true
  for (let row = 0; row < nRows; row++) {
    if (!Number.isFinite(values[row]!)) {
      throw new BellwetherError(
        'TARGET_NOT_NUMERIC',
        `The target "${name}" is infinite in row ${row} (counted from 0); regression expects finite numbers.`,
      )
    }
    constant &&= values[row] === values[0]
  }
  if (constant)
    throw new BellwetherError('TARGET_CONSTANT', `The target "${name}" has the same value in all ${nRows} rows.`)
  return { task: 'regression', values }
}

function classTarget(column: Column, name: string, nRows: number): Target {
  if (column.kind === 'date') {
    throw new BellwetherError(
      'TARGET_NOT_CLASSES',
      `Classification expects classes in the target "${name}"; it holds dates.`,
    )
  }
  refuseMissing(column, name, nRows)
  if (column.kind === 'number') refuseQuantity(column.values, name)
  const labelOf = labels(column)
  const classes = Array.from(new Set(Array.from({ length: nRows }, (_, row) => labelOf(row)))).sort(byCodePoint)
  if (classes.length < 2) {
    throw new BellwetherError(
      'TARGET_ONE_CLASS',
      `The target "${name}" has one class only, "${classes[0]}", in all ${nRows} rows; at least two are expected.`,
    )
  }
  const codeOf = new Map(classes.map((label, code) => [label, code]))
  const codes = new Int32Array(nRows)
  for (let row = 0; row < nRows; row++) codes[row] = codeOf.get(labelOf(row))!
  return { task: 'classification', codes, classes }
}

/** @throws TARGET_NOT_CLASSES when the numbers are clearly a quantity. */
function refuseQuantity(values: Float64Array, name: string): void {
  const distinct = new Set(values)
  if (distinct.size <= MAX_FRACTIONAL_CLASSES || values.every(Number.isInteger)) return
  const message = `The target "${name}" holds ${distinct.size} distinct numbers with fractions: that is a quantity, not classes.`
  throw new BellwetherError('TARGET_NOT_CLASSES', message)
}

function labels(column: Exclude<Column, { kind: 'date' }>): (row: number) => string {
  switch (column.kind) {
    case 'category':
      return (row) => column.categories[column.codes[row]!]!
    case 'text':
      return (row) => column.values[row]!
    case 'number':
      return (row) => String(column.values[row]! === 0 ? 0 : column.values[row]!)
  }
}

function described(column: Column): string {
  switch (column.kind) {
    case 'category':
      return `categories (${column.categories.length} of them)`
    case 'date':
      return 'dates'
    case 'text':
      return 'text'
    case 'number':
      return 'numbers'
  }
}
