/** What a column holds. A boolean is a category whose values are `false` and `true`. */
export type ColumnKind = 'number' | 'category' | 'date' | 'text'

/** Numbers; NaN is missing. */
export interface NumberColumn {
  readonly kind: 'number'
  readonly values: Float64Array
}

/** Codes into `categories`; -1 is missing. `categories` are the values as text, distinct, in the schema's order. */
export interface CategoryColumn {
  readonly kind: 'category'
  readonly codes: Int32Array
  readonly categories: readonly string[]
}

/** Milliseconds since 1970-01-01 UTC; NaN is missing. */
export interface DateColumn {
  readonly kind: 'date'
  readonly values: Float64Array
}

/** Free text; null is missing. */
export interface TextColumn {
  readonly kind: 'text'
  readonly values: readonly (string | null)[]
}

export type Column = NumberColumn | CategoryColumn | DateColumn | TextColumn

/** How many rows a column has. */
export function columnLength(column: Column): number {
  return column.kind === 'category' ? column.codes.length : column.values.length
}

/** Whether the value of a row is missing. */
export function isMissing(column: Column, row: number): boolean {
  switch (column.kind) {
    case 'category':
      return column.codes[row]! < 0
    case 'text':
      return column.values[row] === null
    default:
      return Number.isNaN(column.values[row])
  }
}

/** The given rows of a column, in the given order; a row may come more than once. */
export function selectColumn(column: Column, rows: Uint32Array): Column {
  switch (column.kind) {
    case 'category': {
      const codes = new Int32Array(rows.length)
      for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i]!]!
      return { kind: 'category', codes, categories: column.categories }
    }
    case 'text':
      return { kind: 'text', values: Array.from(rows, (row) => column.values[row] ?? null) }
    default: {
      const values = new Float64Array(rows.length)
      for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i]!]!
      return { kind: column.kind, values }
    }
  }
}
