import { createHash } from 'node:crypto'
import { endianness } from 'node:os'
import type { Column } from '../table/column.ts'
import type { TableSchema } from '../table/schema.ts'
import { columnOf, type Table } from '../table/table.ts'

/**
 * The id of a table by its content: `sha256:<hex>`. It does not depend on the file's format, encoding, delimiter or line
 * ends, on declared ranges, labels or descriptions, or on rejected rows; it does depend on the order of rows and columns.
 *
 * The hashed bytes, integers and doubles little-endian:
 * 1. the line `bellwether-table 1\n`, then the number of rows as a decimal and `\n`;
 * 2. per column of the schema, in its order:
 *    - its length in bytes as a decimal and `\n`, then JSON of `[name, kind, dataType, categories]` in UTF-8, where
 *      `categories` is the table's list for a category and `null` otherwise, then `\n`;
 *    - number and date: a double per row, NaN as 0x7ff8000000000000 where missing, 0 for -0;
 *    - category: an int32 per row into that list, -1 where missing;
 *    - text: per row its length in UTF-8 bytes as an uint32 and the bytes; 0xffffffff where missing.
 */
export function canonicalHash(table: Table, schema: TableSchema): string {
  const hash = createHash('sha256')
  hash.update(`bellwether-table 1\n${table.nRows}\n`)
  for (const { name, kind, dataType } of schema.columns) {
    const column = columnOf(table, name)
    const head = Buffer.from(
      JSON.stringify([name, kind, dataType, column.kind === 'category' ? column.categories : null]),
    )
    hash.update(`${head.length}\n`).update(head).update('\n')
    for (const bytes of columnBytes(column)) hash.update(bytes)
  }
  return `sha256:${hash.digest('hex')}`
}

const BIG_ENDIAN = endianness() === 'BE'
const TEXTS_AT_ONCE = 4096

function* columnBytes(column: Column): Generator<Uint8Array> {
  if (column.kind === 'text') {
    for (let from = 0; from < column.values.length; from += TEXTS_AT_ONCE) {
      yield Buffer.concat(column.values.slice(from, from + TEXTS_AT_ONCE).flatMap(textBytes))
    }
    return
  }
  if (column.kind === 'category') {
    const bytes = Buffer.from(column.codes.slice().buffer)
    yield BIG_ENDIAN ? bytes.swap32() : bytes
    return
  }
  // Adding 0 makes -0 a 0; every NaN becomes the one that JavaScript writes.
  const values = Float64Array.from(column.values, (value) => (Number.isNaN(value) ? Number.NaN : value + 0))
  const bytes = Buffer.from(values.buffer)
  yield BIG_ENDIAN ? bytes.swap64() : bytes
}

function textBytes(text: string | null): Buffer[] {
  const bytes = text === null ? Buffer.alloc(0) : Buffer.from(text, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text === null ? 0xffffffff : bytes.length)
  return [length, bytes]
}
