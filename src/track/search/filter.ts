import { filterError, filterTokens, type Token } from './filter-tokens.ts'

/** A name in a filter: `metrics.accuracy` has the group `metrics`, `run_id` has none. */
export interface Identifier {
  readonly group: string | null
  readonly key: string
  readonly at: number
}

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'ILIKE'

/** A filter as a tree. */
export type Filter =
  | { readonly type: 'and' | 'or'; readonly items: readonly Filter[] }
  | { readonly type: 'not'; readonly item: Filter }
  | {
      readonly type: 'compare'
      readonly name: Identifier
      readonly comparator: Comparator
      readonly value: string | number
    }
  | {
      readonly type: 'in'
      readonly name: Identifier
      readonly negated: boolean
      readonly values: readonly (string | number)[]
    }
  | { readonly type: 'null'; readonly name: Identifier; readonly negated: boolean }

export interface OrderTerm {
  readonly name: Identifier
  readonly ascending: boolean
}

/** A database's limit on how deep an expression may be is far above. */
const MAX_DEPTH = 40
const MAX_CLAUSES = 300
const MAX_LIST = 10_000
const MAX_ORDER_TERMS = 20

/**
 * Reads a filter in MLflow's grammar, and beyond it OR, NOT, parentheses, and IN on any attribute:
 *
 *   filter = and (OR and)*      and = unary (AND unary)*      unary = NOT unary | ( filter ) | clause
 *   clause = name comparator value | name [NOT] IN ( value, … ) | name [NOT] LIKE text | name IS [NOT] NULL
 *
 * @returns null for a filter with nothing in it.
 * @throws FILTER_INVALID, with the place
 */
export function parseFilter(text: string): Filter | null {
  const parser = new FilterParser(filterTokens(text))
  return parser.whole()
}

/** `name`, `name ASC`, `name DESC`. @throws FILTER_INVALID */
export function parseOrder(terms: readonly string[]): OrderTerm[] {
  if (terms.length > MAX_ORDER_TERMS)
    throw filterError(`order_by has ${terms.length} terms, at most ${MAX_ORDER_TERMS}`)
  return terms.map((term) => new FilterParser(filterTokens(term)).order(term))
}

class FilterParser {
  readonly #tokens: readonly Token[]
  #next = 0
  #clauses = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Filter | null {
    if (this.#peek().type === 'end') return null
    const filter = this.#or(0)
    const rest = this.#peek()
    if (rest.type !== 'end') throw filterError(`expected AND or OR before ${shown(rest)}`, rest.at)
    return filter
  }

  order(term: string): OrderTerm {
    const name = this.#identifier()
    const descending = this.#keyword('DESC')
    if (!descending) this.#keyword('ASC')
    if (this.#peek().type !== 'end')
      throw filterError(`order_by ${JSON.stringify(term.slice(0, 100))} is not of the form "name ASC" or "name DESC"`)
    return { name, ascending: !descending }
  }

  #or(depth: number): Filter {
    const items = [this.#and(depth)]
    while (this.#keyword('OR')) items.push(this.#and(depth))
    return items.length === 1 ? items[0]! : { type: 'or', items }
  }

  #and(depth: number): Filter {
    const items = [this.#unary(depth)]
    while (this.#keyword('AND')) items.push(this.#unary(depth))
    return items.length === 1 ? items[0]! : { type: 'and', items }
  }

  #unary(depth: number): Filter {
    if (depth > MAX_DEPTH) throw filterError(`it is nested deeper than ${MAX_DEPTH}`, this.#peek().at)
    if (this.#keyword('NOT')) return { type: 'not', item: this.#unary(depth + 1) }
    if (this.#operator('(')) {
      const inner = this.#or(depth + 1)
      this.#expect(')')
      return inner
    }
    return this.#clause()
  }

  #clause(): Filter {
    this.#clauses += 1
    if (this.#clauses > MAX_CLAUSES) throw filterError(`it has more than ${MAX_CLAUSES} clauses`, this.#peek().at)
    const name = this.#identifier()
    if (this.#keyword('IS')) {
      const negated = this.#keyword('NOT')
      if (!this.#keyword('NULL')) throw filterError('expected NULL after IS', this.#peek().at)
      return { type: 'null', name, negated }
    }
    const negated = this.#keyword('NOT')
    if (this.#keyword('IN')) return { type: 'in', name, negated, values: this.#list() }
    for (const comparator of ['LIKE', 'ILIKE'] as const) {
      if (!this.#keyword(comparator)) continue
      const compare: Filter = { type: 'compare', name, comparator, value: this.#value() }
      return negated ? { type: 'not', item: compare } : compare
    }
    const token = this.#take()
    if (negated || token.type !== 'operator' || !/^(?:=|!=|[<>]=?)$/.test(token.text))
      throw filterError(`expected a comparator such as = or LIKE, found ${shown(token)}`, token.at)
    return { type: 'compare', name, comparator: token.text as Comparator, value: this.#value() }
  }

  #list(): (string | number)[] {
    this.#expect('(')
    const values: (string | number)[] = []
    if (this.#operator(')')) throw filterError('a list needs at least one value', this.#peek().at)
    do {
      // A comma may stand before the closing parenthesis, as in Python.
      if (values.length > 0 && this.#operator(')')) return values
      values.push(this.#value())
      if (values.length > MAX_LIST) throw filterError(`a list has more than ${MAX_LIST} values`, this.#peek().at)
    } while (this.#operator(','))
    this.#expect(')')
    return values
  }

  #value(): string | number {
    const token = this.#take()
    if (token.type === 'number') return Number(token.text)
    if (token.type === 'quoted' && token.quote !== '`') return token.text
    throw filterError(`expected a number, or a quoted string value (e.g. 'my-value'), found ${shown(token)}`, token.at)
  }

  /** Words and quoted words with dots between them; the first is the group where more follow. */
  #identifier(): Identifier {
    const first = this.#take()
    const parts = [this.#part(first)]
    while (this.#peek().type === 'operator' && this.#peek().text === '.') {
      this.#next += 1
      parts.push(this.#part(this.#take()))
    }
    // A key may hold bare words with spaces only inside quotes, so what follows is never part of the name.
    const quotedWhole = first.type === 'quoted' && parts.length === 1
    if (parts.length === 1 || quotedWhole) return { group: null, key: parts[0]!, at: first.at }
    return { group: parts[0]!, key: parts.slice(1).join('.'), at: first.at }
  }

  #part(token: Token): string {
    if (token.type === 'word' || token.type === 'number') return token.text
    if (token.type === 'quoted' && token.quote !== "'") return token.text
    throw filterError(`expected a name such as attributes.run_id or metrics.accuracy, found ${shown(token)}`, token.at)
  }

  #expect(operator: string): void {
    if (this.#operator(operator)) return
    throw filterError(`expected ${operator}, found ${shown(this.#peek())}`, this.#peek().at)
  }

  #operator(text: string): boolean {
    const token = this.#peek()
    if (token.type !== 'operator' || token.text !== text) return false
    this.#next += 1
    return true
  }

  #keyword(word: string): boolean {
    const token = this.#peek()
    if (token.type !== 'word' || token.text.toUpperCase() !== word) return false
    this.#next += 1
    return true
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!
  }

  #take(): Token {
    const token = this.#peek()
    this.#next += 1
    return token
  }
}

function shown(token: Token): string {
  if (token.type === 'end') return 'the end'
  return token.type === 'quoted' ? 'a quoted text' : JSON.stringify(token.text.slice(0, 60))
}
