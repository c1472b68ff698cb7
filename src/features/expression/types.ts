import type { ColumnKind } from '../../table/column.ts'
import type { DataType } from '../../table/schema.ts'

/** What an expression gives. A boolean column, and a comparison, is `boolean`; any other category is `text`. */
export type ExpressionType = 'number' | 'boolean' | 'text' | 'date'

/** A column as expressions see it. */
export interface ExpressionColumn {
  readonly name: string
  readonly kind: ColumnKind
  readonly dataType: DataType
}

/** Limits that keep a hostile expression cheap to refuse and cheap to run. */
export const EXPRESSION_LIMITS = { length: 4_000, depth: 64, tokens: 1_500 } as const

/** The type that a column has in expressions. */
export function typeOfColumn(column: ExpressionColumn): ExpressionType {
  switch (column.kind) {
    case 'number':
      return 'number'
    case 'date':
      return 'date'
    case 'text':
      return 'text'
    case 'category':
      return column.dataType === 'boolean' ? 'boolean' : 'text'
  }
}

/** Where in the text something starts: a UTF-16 index. */
export type Position = number

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '<' | '<=' | '>' | '>=' | '==' | '!=' | '&&' | '||'
export type UnaryOperator = '-' | '+' | '!'

/** The tree that the parser makes. Names are not looked up yet. */
export type Syntax =
  | { readonly node: 'number'; readonly value: number; readonly at: Position }
  | { readonly node: 'text'; readonly value: string; readonly at: Position }
  | { readonly node: 'boolean'; readonly value: boolean; readonly at: Position }
  | { readonly node: 'column'; readonly name: string; readonly at: Position }
  | { readonly node: 'unary'; readonly operator: UnaryOperator; readonly operand: Syntax; readonly at: Position }
  | {
      readonly node: 'binary'
      readonly operator: BinaryOperator
      readonly left: Syntax
      readonly right: Syntax
      readonly at: Position
    }
  | { readonly node: 'call'; readonly name: string; readonly args: readonly Syntax[]; readonly at: Position }
