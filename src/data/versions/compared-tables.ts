import type { DuckDBConnection } from '@duckdb/node-api'
import { BellwetherError } from '../../errors.ts'
import type { TableSchema } from '../../table/schema.ts'
import { fileLiteral } from '../duckdb.ts'
import { sharedNames } from './table-diff.ts'

/** A table's Parquet file as `writeParquet` makes it, with the schema of its version. */
export interface TableFile {
  readonly file: string
  readonly schema: TableSchema
}

/** One of two tables in SQL. */
export interface ComparedSide {
  /** What stands after FROM: the columns c0, c1, … in the schema's order and `place`, the row from 0. */
  readonly from: string
  readonly nRows: number
}

/** A column that both tables have, as SQL over one side's rows. */
export interface ComparedColumn {
  readonly name: string
  readonly before: SideColumn
  readonly after: SideColumn
}

export interface SideColumn {
  readonly kind: TableSchema['columns'][number]['kind']
  /** The value as the file has it; NULL is missing. */
  readonly raw: string
  /** A value that equals the other side's where both are the same as texts, and else does not. */
  readonly key: string
  /** The value as text, as JavaScript writes it. */
  readonly text: string
  /** Numbers and times as DOUBLE, texts as their length; null of a category. */
  readonly number: string | null
}

/** SQL function that writes a DOUBLE as JavaScript does: the shortest digits that give it back, 1e+21 and 1e-7 with exponents. */
const NUMBER_TEXT = 'number_text'

export interface ComparedTables {
  readonly before: ComparedSide
  readonly after: ComparedSide
  /** In the order of the second. */
  readonly shared: readonly ComparedColumn[]
}

/** Makes two files known to DuckDB. @throws FILE_UNREADABLE for a file that is not of its schema */
export async function openTables(
  connection: DuckDBConnection,
  before: TableFile,
  after: TableFile,
): Promise<ComparedTables> {
  await addNumberText(connection)
  const [a, b] = [await openSide(connection, before), await openSide(connection, after)]
  const shared = sharedNames(before.schema, after.schema).map((name): ComparedColumn => {
    const [left, right] = [a.columns.get(name)!, b.columns.get(name)!]
    const form =
      left.form === right.form ? left.form : left.form !== 'text' && right.form !== 'text' ? 'double' : 'text'
    return { name, before: { ...left, key: left.as[form] }, after: { ...right, key: right.as[form] } }
  })
  return { before: a.side, after: b.side, shared }
}

/** What the values of a column are compared as: with a column of the same form as they stand, whole numbers with others as doubles, else as texts. */
type Form = 'integer' | 'double' | 'text'

interface StoredColumn extends Omit<SideColumn, 'key'> {
  readonly form: Form
  readonly as: Readonly<Record<Form, string>>
}

async function openSide(connection: DuckDBConnection, { file, schema }: TableFile) {
  const source = `read_parquet(${fileLiteral(file)}, file_row_number = true)`
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)
  const types = ((described.getColumns()[1] ?? []) as string[]).slice(0, -1)
  if (types.length !== schema.columns.length)
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `The file of the version has ${types.length} columns; its schema has ${schema.columns.length}.`,
    )
  // By place: DuckDB takes names that differ in case for the same.
  const from = `${source} AS t(${[...types.map((_, i) => `c${i}`), 'place'].join(', ')})`
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`)
  const columns = new Map(schema.columns.map(({ name, kind }, i) => [name, storedColumn(kind, `c${i}`, types[i]!)]))
  return { side: { from, nRows: Number(counted.getRows()[0]![0]) }, columns }
}

function storedColumn(kind: SideColumn['kind'], raw: string, type: string): StoredColumn {
  switch (`${kind} ${type}`) {
    case 'number BIGINT':
      return integerColumn(kind, raw, raw)
    case 'date TIMESTAMP':
      return integerColumn(kind, raw, `epoch_ms(${raw})`)
    case 'category BIGINT':
      return { ...integerColumn(kind, raw, raw), number: null }
    case 'number DOUBLE': {
      const double = `(${raw} + 0)` // -0 is 0
      const text = `${NUMBER_TEXT}(${double})`
      return { kind, raw, form: 'double', as: { integer: double, double, text }, text, number: double }
    }
    case 'category BOOLEAN':
      return textColumn(kind, raw, `CAST(${raw} AS VARCHAR)`, null)
    case 'category VARCHAR':
      return textColumn(kind, raw, raw, null)
    case 'text VARCHAR':
      return textColumn(kind, raw, raw, `CAST(${utf16Length(raw)} AS DOUBLE)`)
    default:
      throw new BellwetherError('FILE_UNREADABLE', `The file of the version has a ${type} column for a ${kind}.`)
  }
}

function integerColumn(kind: SideColumn['kind'], raw: string, integer: string): StoredColumn {
  const double = `CAST(${integer} AS DOUBLE)`
  const text = `CAST(${integer} AS VARCHAR)`
  return { kind, raw, form: 'integer', as: { integer, double, text }, text, number: double }
}

function textColumn(kind: SideColumn['kind'], raw: string, text: string, number: string | null): StoredColumn {
  const key = shortened(text)
  return { kind, raw, form: 'text', as: { integer: key, double: key, text: key }, text, number }
}

/** Long texts by their SHA-256, so that millions of them fit where rows are matched; no text that stands is as long as what a digest becomes. */
function shortened(text: string): string {
  return `CASE WHEN strlen(${text}) > 64 THEN '#' || sha256(${text}) ELSE ${text} END`
}

/** A text's length as JavaScript counts it: two for a character beyond U+FFFF. */
function utf16Length(text: string): string {
  const beyond = `length(regexp_replace(${text}, '[^\\x{10000}-\\x{10FFFF}]', '', 'g'))`
  return `CASE WHEN strlen(${text}) = length(${text}) THEN length(${text}) ELSE length(${text}) + ${beyond} END`
}

async function addNumberText(connection: DuckDBConnection): Promise<void> {
  const { DOUBLE, DuckDBScalarFunction, VARCHAR } = await import('@duckdb/node-api')
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: NUMBER_TEXT,
      parameterTypes: [DOUBLE],
      returnType: VARCHAR,
      mainFunction(_, input, output) {
        const values = input.getColumnVector(0)
        for (let row = 0; row < input.rowCount; row++) {
          const value = values.getItem(row)
          output.setItem(row, value === null ? null : String(value))
        }
        output.flush()
      },
    }),
  )
}
