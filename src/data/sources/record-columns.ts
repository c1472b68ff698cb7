import type { RawColumn } from '../../table/raw-table.ts'

type Cell = string | number | boolean | null

/** Collects records column by column: the columns are the keys in the order in which they first occur. */
export class RecordColumns {
  readonly #columns = new Map<string, Cell[]>()
  #nRows = 0

  get nRows(): number {
    return this.#nRows
  }

  /** A key that a record lacks is missing; arrays and objects as values become JSON text. */
  add(record: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(record)) {
      let cells = this.#columns.get(key)
      if (!cells) {
        cells = new Array<Cell>(this.#nRows).fill(null)
        this.#columns.set(key, cells)
      }
      cells.push(cellOf(value))
    }
    this.#nRows++
    for (const cells of this.#columns.values()) if (cells.length < this.#nRows) cells.push(null)
  }

  names(): string[] {
    return [...this.#columns.keys()]
  }

  /** @param names What the columns are called, in the order of `names()`. */
  columns(names: readonly string[]): RawColumn[] {
    return [...this.#columns.values()].map((cells, i) => typedColumn(names[i]!, cells))
  }
}

function cellOf(value: unknown): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return JSON.stringify(value) ?? null
}

/** A column of one JSON type keeps it; a mixed one becomes text. */
function typedColumn(name: string, cells: readonly Cell[]): RawColumn {
  const types = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell))
  const [type] = types
  if (types.size === 1 && type === 'number') {
    const values = Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : (cell as number)))
    const whole = values.every((value) => Number.isNaN(value) || Number.isInteger(value))
    return { name, type: whole ? 'integer' : 'float', values }
  }
  if (types.size === 1 && type === 'boolean') {
    return {
      name,
      type: 'boolean',
      values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))),
    }
  }
  return { name, type: 'text', values: cells.map((cell) => (cell === null ? null : String(cell))) }
}
