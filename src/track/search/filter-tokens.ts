import { BellwetherError } from '../../errors.ts'

/** A piece of a filter or of an order. `at` counts characters from 0. */
export interface Token {
  readonly type: 'word' | 'quoted' | 'number' | 'operator' | 'end'
  readonly text: string
  readonly at: number
  /** For `quoted`: ' or " or `. */
  readonly quote?: string
}

/** Long enough for a list of some thousand run ids. */
const MAX_LENGTH = 500_000

const OPERATORS = ['!=', '<>', '>=', '<=', '=', '<', '>', '(', ')', ',', '.']

/**
 * Cuts a filter into tokens in one pass, without a regular expression over the whole: time grows with its length and no faster.
 * A quote inside quotes is doubled. @throws FILTER_INVALID
 */
export function filterTokens(text: string): Token[] {
  if (text.length > MAX_LENGTH) throw filterError(`it has ${text.length} characters; at most ${MAX_LENGTH} are taken`)
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (/\s/.test(character)) {
      at += 1
      continue
    }
    if (character === "'" || character === '"' || character === '`') {
      const { value, next } = quoted(text, at)
      tokens.push({ type: 'quoted', text: value, at, quote: character })
      at = next
      continue
    }
    const start = at
    if (isDigit(character) || ((character === '-' || character === '+') && isNumberStart(text, at + 1))) {
      at = endOfNumber(text, at)
      // A word may begin with digits, such as a tag named 2024-01.
      if (!isWord(text[at])) {
        tokens.push({ type: 'number', text: text.slice(start, at), at: start })
        continue
      }
      at = start
    }
    const operator = OPERATORS.find((one) => text.startsWith(one, at))
    if (operator) {
      tokens.push({ type: 'operator', text: operator === '<>' ? '!=' : operator, at })
      at += operator.length
      continue
    }
    while (isWord(text[at])) at += 1
    if (at === start) throw filterError(`${JSON.stringify(character)} is not expected`, at)
    tokens.push({ type: 'word', text: text.slice(start, at), at: start })
  }
  tokens.push({ type: 'end', text: '', at: text.length })
  return tokens
}

export function filterError(what: string, at?: number): BellwetherError {
  return new BellwetherError(
    'FILTER_INVALID',
    `Invalid clause(s) in filter string${at === undefined ? '' : ` at character ${at + 1}`}: ${what}.`,
  )
}

function quoted(text: string, from: number): { value: string; next: number } {
  const quote = text[from]!
  let value = ''
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] !== quote) value += text[at]
    else if (text[at + 1] === quote) {
      value += quote
      at += 1
    } else return { value, next: at + 1 }
  }
  throw filterError(`the quote ${quote} is never closed`, from)
}

const isDigit = (character: string | undefined) => character !== undefined && character >= '0' && character <= '9'

function isNumberStart(text: string, at: number): boolean {
  return isDigit(text[at]) || (text[at] === '.' && isDigit(text[at + 1]))
}

function endOfNumber(text: string, from: number): number {
  let at = from
  if (text[at] === '-' || text[at] === '+') at += 1
  while (isDigit(text[at])) at += 1
  if (text[at] === '.' && isDigit(text[at + 1])) {
    at += 1
    while (isDigit(text[at])) at += 1
  }
  if (text[at] === 'e' || text[at] === 'E') {
    const sign = text[at + 1] === '-' || text[at + 1] === '+' ? 1 : 0
    if (isDigit(text[at + 1 + sign])) {
      at += 1 + sign
      while (isDigit(text[at])) at += 1
    }
  }
  return at
}

/** What a bare word is made of; dots stand between words. */
function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_\-/:@$]/u.test(character)
}
