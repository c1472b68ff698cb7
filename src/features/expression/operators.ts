import { parseIsoDate } from '../date-parts.ts'
import { type Code, constant, finite, type NumberCode, type NumberRun, type TextCode } from './code.ts'
import type { Fail } from './tokenize.ts'
import type { BinaryOperator, Position, UnaryOperator } from './types.ts'

export const ARTICLE: Record<Code['type'], string> = {
  number: 'a number',
  boolean: 'true or false',
  text: 'a text',
  date: 'a date',
}

/** What to write instead when a value of one type stands where a number is wanted. */
export function towardsNumber(code: Code): string {
  switch (code.type) {
    case 'text':
      return code.numericCodes
        ? '; its codes are categories, write number(…) to calculate with them'
        : '; number(…) reads a number from a text'
    case 'boolean':
      return '; number(…) makes 1 of true and 0 of false'
    case 'date':
      return '; daysBetween(a, b) gives days, year(…), month(…) and so on the parts of a date'
    default:
      return ''
  }
}

export function requireNumber(code: Code, what: string, fail: Fail): NumberRun {
  if (code.type !== 'number')
    fail(code.at, `${what} takes numbers, this is ${ARTICLE[code.type]}${towardsNumber(code)}`)
  return (code as NumberCode).run
}

export function requireBoolean(code: Code, what: string, fail: Fail): NumberRun {
  if (code.type !== 'boolean') {
    fail(code.at, `${what} takes true or false, this is ${ARTICLE[code.type]}; compare it with something, as in x > 0`)
  }
  return (code as NumberCode).run
}

export function unaryCode(operator: UnaryOperator, operand: Code, at: Position, fail: Fail): Code {
  if (operator === '!') {
    const run = requireBoolean(operand, '!', fail)
    return { type: 'boolean', at, run: (columns, row) => 1 - run(columns, row) }
  }
  const run = requireNumber(operand, operator, fail)
  const literal = (operand as NumberCode).literal
  if (operator === '+') return { ...(operand as NumberCode), at }
  if (literal !== undefined) return constant('number', 0 - literal, at)
  // 0 - x rather than -x: there is no negative zero to tell apart later.
  return { type: 'number', at, run: (columns, row) => 0 - run(columns, row) }
}

export function binaryCode(operator: BinaryOperator, left: Code, right: Code, at: Position, fail: Fail): Code {
  switch (operator) {
    case '&&':
    case '||':
      return logical(operator, requireBoolean(left, operator, fail), requireBoolean(right, operator, fail), at)
    case '==':
    case '!=':
      return equality(operator === '==', left, right, at, fail)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(operator, left, right, at, fail)
    default:
      return arithmetic(operator, requireNumber(left, operator, fail), requireNumber(right, operator, fail), at)
  }
}

/** With a missing side: false && missing is false, true || missing is true, anything else is missing (Kleene's logic). */
function logical(operator: '&&' | '||', a: NumberRun, b: NumberRun, at: Position): NumberCode {
  const decides = operator === '||' ? 1 : 0
  return {
    type: 'boolean',
    at,
    run: (columns, row) => {
      const x = a(columns, row)
      if (x === decides) return decides
      const y = b(columns, row)
      if (y === decides) return decides
      return Number.isNaN(x) ? x : y
    },
  }
}

function arithmetic(operator: BinaryOperator, a: NumberRun, b: NumberRun, at: Position): NumberCode {
  const run: Record<string, NumberRun> = {
    '+': (columns, row) => finite(a(columns, row) + b(columns, row)),
    '-': (columns, row) => finite(a(columns, row) - b(columns, row)),
    '*': (columns, row) => finite(a(columns, row) * b(columns, row)),
    '/': (columns, row) => finite(a(columns, row) / b(columns, row)),
    '%': (columns, row) => modulo(a(columns, row), b(columns, row)),
  }
  return { type: 'number', at, run: run[operator]! }
}

/** The remainder with the divisor's sign, as in Python: -1 % 7 is 6. */
function modulo(a: number, b: number): number {
  const remainder = a % b
  return finite(remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder)
}

/** Sides of a comparison in one type: a written-out text becomes a date, a written-out number a code, where the other side asks for it. */
function alike(left: Code, right: Code, at: Position, fail: Fail): readonly [Code, Code] {
  if (left.type === right.type) return [left, right]
  const a = adapt(left, right, fail)
  const b = adapt(right, left, fail)
  if (a.type !== b.type) {
    const hint = [left, right].some((side) => side.type === 'text' && side.literal === undefined)
      ? towardsNumber(left.type === 'text' ? left : right)
      : ''
    fail(at, `can't compare ${ARTICLE[left.type]} with ${ARTICLE[right.type]}${hint}`)
  }
  return [a, b]
}

function adapt(code: Code, other: Code, fail: Fail): Code {
  if (code.literal === undefined) return code
  if (code.type === 'text' && other.type === 'date') return dateLiteral(code, fail)
  if (code.type === 'number' && other.type === 'boolean' && (code.literal === 0 || code.literal === 1)) {
    return constant('boolean', code.literal, code.at)
  }
  if (code.type === 'number' && other.type === 'text' && other.numericCodes) {
    const text = String(code.literal)
    return { type: 'text', at: code.at, literal: text, run: () => text }
  }
  return code
}

function dateLiteral(code: TextCode, fail: Fail): NumberCode {
  const value = parseIsoDate(code.literal!)
  if (Number.isNaN(value)) fail(code.at, 'this is no date; write it as "2024-09-30"')
  return constant('date', value, code.at)
}

/** Whether two values of one type are equal; missing where one is. */
export function equalityRun(left: Code, right: Code, at: Position, fail: Fail): NumberRun {
  const [l, r] = alike(left, right, at, fail)
  if (l.type === 'text') {
    const a = l.run
    const b = (r as TextCode).run
    return (columns, row) => {
      const x = a(columns, row)
      const y = b(columns, row)
      if (x === null || y === null) return Number.NaN
      return x === y ? 1 : 0
    }
  }
  const a = l.run
  const b = (r as NumberCode).run
  return (columns, row) => {
    const x = a(columns, row)
    const y = b(columns, row)
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
    return x === y ? 1 : 0
  }
}

function equality(equal: boolean, left: Code, right: Code, at: Position, fail: Fail): NumberCode {
  const run = equalityRun(left, right, at, fail)
  return { type: 'boolean', at, run: equal ? run : (columns, row) => 1 - run(columns, row) }
}

function order(operator: '<' | '<=' | '>' | '>=', left: Code, right: Code, at: Position, fail: Fail): NumberCode {
  const [l, r] = alike(left, right, at, fail)
  if (l.type === 'text' || l.type === 'boolean') {
    const hint = l.type === 'text' ? '; number(…) reads a number from a text' : ''
    fail(at, `${operator} compares numbers or dates, not ${l.type === 'text' ? 'texts' : 'true and false'}${hint}`)
  }
  const a = (l as NumberCode).run
  const b = (r as NumberCode).run
  const test: Record<typeof operator, (x: number, y: number) => boolean> = {
    '<': (x, y) => x < y,
    '<=': (x, y) => x <= y,
    '>': (x, y) => x > y,
    '>=': (x, y) => x >= y,
  }
  const holds = test[operator]
  return {
    type: 'boolean',
    at,
    run: (columns, row) => {
      const x = a(columns, row)
      const y = b(columns, row)
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
      return holds(x, y) ? 1 : 0
    },
  }
}
