import { EXPRESSION_LIMITS, type Position } from './types.ts'

/** What stands in the text, and where. A `name` may be a column, a function, `true` or `false`; a `column` was quoted. */
export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly at: Position; readonly source: string }
  | {
      readonly kind: 'text' | 'name' | 'column' | 'symbol' | 'end'
      readonly value: string
      readonly at: Position
      readonly source: string
    }

/** Tells where and what; the caller turns it into an error with the place. */
export type Fail = (at: Position, problem: string) => never

const SYMBOLS = ['<=', '>=', '==', '!=', '&&', '||', '+', '-', '*', '/', '%', '<', '>', '!', '(', ')', ',']
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy
const SPACE = /\s+/y
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
])
/** What people write in other languages, and what it is called here. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['=', 'compare with =='],
  ['&', 'write && for "and"'],
  ['|', 'write || for "or"'],
  ['^', 'write pow(a, b) for a power'],
  ['?', 'write if(condition, a, b)'],
  [';', 'an expression is one value'],
  ['{', 'there are no blocks'],
  ['.', 'put a column name with a dot into backquotes, `a.b`'],
])

/** The tokens of an expression, ended by one of kind `end`. */
export function tokenize(text: string, fail: Fail): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0] ?? null
  }
  for (;;) {
    at += match(SPACE)?.length ?? 0
    if (at >= text.length) break
    if (tokens.length >= EXPRESSION_LIMITS.tokens) fail(at, `more than ${EXPRESSION_LIMITS.tokens} words and signs`)
    const token = readToken(text, at, match, fail)
    tokens.push(token)
    at += token.source.length
  }
  tokens.push({ kind: 'end', value: '', at: text.length, source: '' })
  return tokens
}

function readToken(text: string, at: number, match: (pattern: RegExp) => string | null, fail: Fail): Token {
  const character = text[at]!
  if (character === '"' || character === "'") return readText(text, at, character, fail)
  if (character === '`' || character === '[') return readQuotedColumn(text, at, character, fail)
  const number = match(NUMBER)
  if (number !== null) {
    const value = Number(number)
    if (!Number.isFinite(value)) fail(at, `the number ${number.slice(0, 30)} is too large`)
    return { kind: 'number', value, at, source: number }
  }
  const name = match(NAME)
  if (name !== null) return { kind: 'name', value: name, at, source: name }
  const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at))
  if (symbol !== undefined) return { kind: 'symbol', value: symbol, at, source: symbol }
  const instead = INSTEAD.get(character)
  const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(at)!))
  return fail(at, instead ? `unexpected ${shown}; ${instead}` : `unexpected ${shown}`)
}

function readText(text: string, start: number, quote: string, fail: Fail): Token {
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!
    if (character === quote) return { kind: 'text', value, at: start, source: text.slice(start, at + 1) }
    if (character === '\\') {
      at++
      const escaped = ESCAPES.get(text[at] ?? '')
      if (escaped === undefined) fail(at - 1, 'a backslash in a text stands before n, t, a quote or a backslash')
      value += escaped
    } else value += character
  }
  return fail(start, `the text that starts here has no closing ${quote}`)
}

/** `a b` or [a b]; a doubled closing quote stands for itself. */
function readQuotedColumn(text: string, start: number, quote: string, fail: Fail): Token {
  const closing = quote === '[' ? ']' : quote
  let value = ''
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== closing) value += text[at]
    else if (text[at + 1] === closing) {
      value += closing
      at++
    } else {
      if (value === '') fail(start, 'a column name is missing between the quotes')
      return { kind: 'column', value, at: start, source: text.slice(start, at + 1) }
    }
  }
  return fail(start, `the column name that starts here has no closing ${closing}`)
}
