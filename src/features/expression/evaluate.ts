import { byCodePoint } from '../../table/code-point-order.ts'
import type { Column } from '../../table/column.ts'
import { nearest } from '../../table/nearest.ts'
import { columnOf, type Table } from '../../table/table.ts'
import { type Code, constant, type NumberCode, type NumberRun, type TextRun } from './code.ts'
import { expressionError } from './expression-error.ts'
import { EXPRESSION_FUNCTIONS } from './functions.ts'
import { binaryCode, unaryCode } from './operators.ts'
import { parse } from './parse.ts'
import type { Fail } from './tokenize.ts'
import { type ExpressionColumn, type ExpressionType, type Syntax, typeOfColumn } from './types.ts'

/** An expression checked against the columns that it reads. Nothing in it was ever run as JavaScript. */
export interface CompiledExpression {
  readonly text: string
  /** Names of the columns that are read, in the order in which they come up. */
  readonly columns: readonly string[]
  readonly type: ExpressionType
  /**
   * Row by row. Numbers and dates give such a column; true and false give a category column with the categories `false` and `true`;
   * texts give a category column of the distinct values in code-point order.
   */
  evaluate(table: Table): Column
  state(): ExpressionState
}

/** An expression as kept in a model: its text and the columns that it reads. */
export type ExpressionState = {
  text: string
  columns: { name: string; kind: ExpressionColumn['kind']; dataType: ExpressionColumn['dataType'] }[]
}

export interface ExpressionSchema {
  readonly columns: readonly ExpressionColumn[]
  /** Columns that exist but may not be read, such as the target; for a better message. */
  readonly barred?: readonly string[]
}

/**
 * Checks an expression and makes it ready to run.
 * @param schema The columns that it may read; a `TableSchema` is one.
 * @param place  Where the expression stands, for messages, such as `features.derived.passRate`.
 * @throws EXPRESSION_INVALID with line and column.
 */
export function compileExpression(text: string, schema: ExpressionSchema, place = 'expression'): CompiledExpression {
  const fail: Fail = (at, problem) => {
    throw expressionError(text, place, at, problem)
  }
  const byName = new Map(schema.columns.map((column) => [column.name, column]))
  const read: ExpressionColumn[] = []
  const code = compileNode(parse(text, fail))
  const columns = read.map((column) => column.name)

  return {
    text,
    columns,
    type: code.type,
    evaluate(table) {
      const bound = columns.map((name) => columnOf(table, name))
      return run(code, bound, table.nRows)
    },
    state: () => ({ text, columns: read.map(({ name, kind, dataType }) => ({ name, kind, dataType })) }),
  }

  function compileNode(syntax: Syntax): Code {
    switch (syntax.node) {
      case 'number':
        return constant('number', syntax.value, syntax.at)
      case 'boolean':
        return constant('boolean', syntax.value ? 1 : 0, syntax.at)
      case 'text': {
        const literal = syntax.value
        return { type: 'text', run: () => literal, at: syntax.at, literal }
      }
      case 'column':
        return columnCode(syntax)
      case 'unary':
        return unaryCode(syntax.operator, compileNode(syntax.operand), syntax.at, fail)
      case 'binary':
        return binaryCode(syntax.operator, compileNode(syntax.left), compileNode(syntax.right), syntax.at, fail)
      case 'call':
        return callCode(syntax)
    }
  }

  function columnCode(syntax: Syntax & { node: 'column' }): Code {
    const column = byName.get(syntax.name)
    if (!column) return fail(syntax.at, unknownColumn(syntax.name, [...byName.keys()], schema.barred))
    let index = read.indexOf(column)
    if (index < 0) index = read.push(column) - 1
    const type = typeOfColumn(column)
    if (type === 'text') {
      const numericCodes = column.dataType === 'integer' || column.dataType === 'float'
      return { type, run: readText(index), at: syntax.at, numericCodes }
    }
    return { type, run: type === 'boolean' ? readBoolean(index) : readNumber(index), at: syntax.at }
  }

  function callCode(syntax: Syntax & { node: 'call' }): Code {
    const definition = EXPRESSION_FUNCTIONS.get(syntax.name)
    if (!definition) {
      const near = nearest(syntax.name, EXPRESSION_FUNCTIONS.keys())
      const known = `known are ${[...EXPRESSION_FUNCTIONS.keys()].join(', ')}`
      return fail(
        syntax.at,
        `there is no function ${syntax.name.slice(0, 80)}; ${near ? `did you mean ${near}?` : known}`,
      )
    }
    const { min, max, usage } = definition
    const n = syntax.args.length
    if (n < min || n > max) {
      const wanted = min === max ? `${min}` : `${min} to ${max}`
      return fail(syntax.at, `${usage} takes ${wanted} ${max === 1 ? 'value' : 'values'}, not ${n}`)
    }
    return definition.build(syntax.args.map(compileNode), syntax.at, fail)
  }
}

/** The expression that a state was made of. */
export function restoreExpression(state: ExpressionState, place?: string): CompiledExpression {
  return compileExpression(state.text, { columns: state.columns }, place)
}

/** The kind of column that an expression of a type gives, and how it is written. */
export function columnOfType(name: string, type: ExpressionType): ExpressionColumn {
  switch (type) {
    case 'number':
      return { name, kind: 'number', dataType: 'float' }
    case 'date':
      return { name, kind: 'date', dataType: 'date' }
    case 'boolean':
      return { name, kind: 'category', dataType: 'boolean' }
    case 'text':
      return { name, kind: 'category', dataType: 'string' }
  }
}

function unknownColumn(name: string, known: readonly string[], barred: readonly string[] = []): string {
  if (barred.includes(name))
    return `column ${JSON.stringify(name)} is no feature (the target, an identifier) and may not be used here`
  const near = nearest(name, known)
  const shown = JSON.stringify(name.slice(0, 80))
  if (near)
    return `there is no column ${shown} to use here; did you mean ${/^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u.test(near) ? near : `\`${near}\``}?`
  const list = known.slice(0, 20).join(', ')
  return `there is no column ${shown} to use here; there are ${list || 'none'}${known.length > 20 ? ` and ${known.length - 20} more` : ''}`
}

function readNumber(index: number): NumberRun {
  return (columns, row) => {
    const column = columns[index]!
    if (column.kind !== 'number' && column.kind !== 'date') return Number.NaN
    const value = column.values[row]!
    return Number.isFinite(value) ? value : Number.NaN
  }
}

function readBoolean(index: number): NumberRun {
  return (columns, row) => {
    const column = columns[index]!
    if (column.kind !== 'category') return Number.NaN
    const code = column.codes[row]!
    if (code < 0) return Number.NaN
    return column.categories[code] === 'true' ? 1 : 0
  }
}

function readText(index: number): TextRun {
  return (columns, row) => {
    const column = columns[index]!
    if (column.kind === 'text') return column.values[row] ?? null
    if (column.kind !== 'category') return null
    const code = column.codes[row]!
    return code < 0 ? null : column.categories[code]!
  }
}

const FALSE_AND_TRUE = ['false', 'true'] as const

function run(code: Code, columns: readonly Column[], nRows: number): Column {
  if (code.type === 'text') return runText(code.run, columns, nRows)
  if (code.type === 'boolean') return runBoolean(code, columns, nRows)
  const values = new Float64Array(nRows)
  // Adding 0 leaves every number as it is, but -0, which would be written to a file as 0.
  for (let row = 0; row < nRows; row++) values[row] = code.run(columns, row) + 0
  return { kind: code.type, values }
}

function runBoolean(code: NumberCode, columns: readonly Column[], nRows: number): Column {
  const codes = new Int32Array(nRows)
  for (let row = 0; row < nRows; row++) {
    const value = code.run(columns, row)
    codes[row] = Number.isNaN(value) ? -1 : value
  }
  return { kind: 'category', codes, categories: FALSE_AND_TRUE }
}

function runText(text: TextRun, columns: readonly Column[], nRows: number): Column {
  const values: (string | null)[] = new Array(nRows)
  const distinct = new Set<string>()
  for (let row = 0; row < nRows; row++) {
    const value = text(columns, row)
    values[row] = value
    if (value !== null) distinct.add(value)
  }
  const categories = [...distinct].sort(byCodePoint)
  const codeOf = new Map(categories.map((category, code) => [category, code]))
  return {
    kind: 'category',
    codes: Int32Array.from(values, (value) => (value === null ? -1 : codeOf.get(value)!)),
    categories,
  }
}
