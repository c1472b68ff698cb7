import { BellwetherError } from '../../errors.ts'
import type { SqlValue } from '../sql-database.ts'

/** A statement as PostgreSQL takes it. */
export interface PostgresStatement {
  readonly text: string
  readonly values: readonly (string | null)[]
}

/** A text in quotes (skipped), or a placeholder. The stores write no comments and no quoted question marks outside of texts. */
const QUOTED_OR_PLACEHOLDER = /'(?:[^']|'')*'|"[^"]*"|\?/g
const DEFINES_COLUMNS = /^\s*(?:CREATE TABLE|ALTER TABLE)\b/
const TEXT_COLUMN = /\bTEXT\b/g

/**
 * Rewrites the common SQL of the stores: `?` to `$1`, `$2`, …; texts of tables compared byte by byte ("C"), as SQLite has them, whatever
 * the database's own language. A number that is no whole one, or too large for one, says that it is floating point: beside a BIGINT column
 * its placeholder would be taken for a BIGINT.
 * @throws INVALID_INPUT for a text with NUL, which PostgreSQL can't hold
 */
export function postgresStatement(sql: string, values: readonly SqlValue[]): PostgresStatement {
  let count = 0
  const numbered = sql.replace(QUOTED_OR_PLACEHOLDER, (found) => {
    if (found !== '?') return found
    const value = values[count]
    count += 1
    return typeof value === 'number' && !isWhole(value) ? `$${count}::float8` : `$${count}`
  })
  if (count !== values.length)
    throw new BellwetherError('INTERNAL', `A statement has ${count} placeholders; ${values.length} values were given.`)
  const text = DEFINES_COLUMNS.test(numbered) ? numbered.replace(TEXT_COLUMN, 'TEXT COLLATE "C"') : numbered
  return { text, values: values.map(valueText) }
}

const isWhole = (value: number) => Number.isSafeInteger(value) && !Object.is(value, -0)

function valueText(value: SqlValue): string | null {
  if (value === null) return null
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value.includes('\0')) {
    throw new BellwetherError('INVALID_INPUT', 'A text holds the character NUL (U+0000), which the database can not.')
  }
  return value
}
