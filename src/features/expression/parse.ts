import { type Fail, type Token, tokenize } from './tokenize.ts'
import { type BinaryOperator, EXPRESSION_LIMITS, type Syntax, type UnaryOperator } from './types.ts'

/** Binary operators by how tightly they bind, loosest first. All group from the left. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
]
const COMPARISON_LEVELS = new Set([2, 3])

/**
 * Parses an expression by recursive descent. Depth and length are limited before anything is done with the tree.
 *   expression = or ;  or = and {"||" and} ;  and = equality {"&&" equality} ;  equality = order [("=="|"!=") order] ;
 *   order = sum [("<"|"<="|">"|">=") sum] ;  sum = product {("+"|"-") product} ;  product = unary {("*"|"/"|"%") unary} ;
 *   unary = ("-"|"+"|"!") unary | primary ;  primary = number | text | true | false | column | name "(" [args] ")" | "(" expression ")"
 */
export function parse(text: string, fail: Fail): Syntax {
  if (text.length > EXPRESSION_LIMITS.length) {
    fail(
      EXPRESSION_LIMITS.length,
      `an expression has at most ${EXPRESSION_LIMITS.length} characters, not ${text.length}`,
    )
  }
  const tokens = tokenize(text, fail)
  let next = 0
  let depth = 0

  const peek = (): Token => tokens[next]!
  const isSymbol = (value: string): boolean => peek().kind === 'symbol' && peek().value === value
  const describe = (token: Token): string =>
    token.kind === 'end' ? 'the end' : JSON.stringify(token.source.slice(0, 40))

  function deeper<T>(read: () => T): T {
    if (++depth > EXPRESSION_LIMITS.depth) fail(peek().at, `more than ${EXPRESSION_LIMITS.depth} levels deep`)
    const result = read()
    depth--
    return result
  }

  function expect(symbol: string, what: string): void {
    if (!isSymbol(symbol)) fail(peek().at, `expected ${what}, found ${describe(peek())}`)
    next++
  }

  function binary(level: number): Syntax {
    const operators = LEVELS[level]
    if (!operators) return unary()
    let left = binary(level + 1)
    for (let nOperators = 0; ; nOperators++) {
      const token = peek()
      const operator = token.kind === 'symbol' ? operators.find((candidate) => candidate === token.value) : undefined
      if (!operator) return left
      if (nOperators > 0 && COMPARISON_LEVELS.has(level)) {
        fail(token.at, `comparisons can't be chained; write a ${operator} b && b ${operator} c`)
      }
      next++
      left = { node: 'binary', operator, left, right: binary(level + 1), at: token.at }
    }
  }

  function unary(): Syntax {
    const token = peek()
    if (token.kind === 'symbol' && (token.value === '-' || token.value === '+' || token.value === '!')) {
      next++
      return { node: 'unary', operator: token.value as UnaryOperator, operand: deeper(unary), at: token.at }
    }
    return primary()
  }

  function primary(): Syntax {
    const token = peek()
    next++
    switch (token.kind) {
      case 'number':
        return { node: 'number', value: token.value, at: token.at }
      case 'text':
        return { node: 'text', value: token.value, at: token.at }
      case 'column':
        return { node: 'column', name: token.value, at: token.at }
      case 'name':
        if (isSymbol('(')) return { node: 'call', name: token.value, args: args(), at: token.at }
        if (token.value === 'true' || token.value === 'false') {
          return { node: 'boolean', value: token.value === 'true', at: token.at }
        }
        return { node: 'column', name: token.value, at: token.at }
      case 'symbol':
        if (token.value === '(') {
          const inner = deeper(() => binary(0))
          expect(')', 'a closing ")"')
          return inner
        }
    }
    return fail(token.at, `expected a value, found ${describe(token)}`)
  }

  function args(): Syntax[] {
    next++
    const list: Syntax[] = []
    if (!isSymbol(')')) {
      list.push(deeper(() => binary(0)))
      while (isSymbol(',')) {
        next++
        list.push(deeper(() => binary(0)))
      }
    }
    expect(')', '"," or a closing ")"')
    return list
  }

  const tree = deeper(() => binary(0))
  const rest = peek()
  if (rest.kind !== 'end') {
    const hint =
      rest.kind === 'name' || rest.kind === 'column'
        ? '; put a column name with blanks into backquotes, `like this`'
        : ''
    fail(rest.at, `expected an operator or the end, found ${describe(rest)}${hint}`)
  }
  return tree
}
