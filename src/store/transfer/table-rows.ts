import { createHash } from 'node:crypto'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import type { TableShape } from '../table-shape.ts'

export interface TableSum {
  readonly rows: number
  /** SHA-256 over all rows in the order of their key. */
  readonly hash: string
}

const PAGE = 500
const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ')
const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ')

/** All rows in the order of `key`, a page at a time; each row's values are in the order of the table's columns. */
export async function* pagesOf(
  sql: SqlConnection,
  { name, columns }: TableShape,
  key: readonly string[],
): AsyncGenerator<SqlValue[][]> {
  let after: SqlValue[] | null = null
  for (;;) {
    const where: string = after ? `WHERE (${quoted(key)}) > (${marks(key.length)})` : ''
    const rows: Record<string, SqlValue>[] = await sql.all(
      `SELECT ${quoted(columns)} FROM "${name}" ${where} ORDER BY ${quoted(key)} LIMIT ${PAGE}`,
      ...(after ?? []),
    )
    const last = rows.at(-1)
    if (last) yield rows.map((row) => columns.map((column) => row[column]!))
    if (!last || rows.length < PAGE) return
    after = key.map((column) => last[column]!)
  }
}

export async function insertRows(
  sql: SqlConnection,
  { name, columns }: TableShape,
  rows: readonly SqlValue[][],
): Promise<void> {
  await sql.run(
    `INSERT INTO "${name}" (${quoted(columns)}) VALUES ${rows.map(() => `(${marks(columns.length)})`).join(', ')}`,
    ...rows.flat(),
  )
}

/** Counts and hashes what is there. */
export async function sumOf(sql: SqlConnection, shape: TableShape): Promise<TableSum> {
  const hash = createHash('sha256')
  let rows = 0
  for await (const page of pagesOf(sql, shape, shape.key)) {
    rows += page.length
    for (const row of page) hash.update(`${JSON.stringify(row.map(plain))}\n`)
  }
  return { rows, hash: `sha256:${hash.digest('hex')}` }
}

/** JSON has no infinite numbers, and SQLite no negative zero. */
function plain(value: SqlValue): unknown {
  if (typeof value !== 'number') return value
  return Number.isFinite(value) ? value + 0 : { number: String(value) }
}

/** Tables in an order in which each comes after those that it refers to. */
export function inOrderOfReference(shapes: readonly TableShape[]): TableShape[] {
  const left = new Map(shapes.map((shape) => [shape.name, shape]))
  const order: TableShape[] = []
  while (left.size > 0) {
    const free = [...left.values()].filter(
      ({ name, refersTo }) => !refersTo.some((other) => other !== name && left.has(other)),
    )
    if (free.length === 0) throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(', ')}`)
    for (const shape of free) left.delete(shape.name)
    order.push(...free)
  }
  return order
}
