import { BellwetherError, type ErrorDetail } from '../errors.ts'
import { type Column, selectColumn } from '../table/column.ts'
import { observeColumn } from '../table/infer-observed.ts'
import { nearest } from '../table/nearest.ts'
import { type CellRule, parseColumn } from '../table/parse-column.ts'
import { type RawTable, rawText, sourceRows } from '../table/raw-table.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import { makeTable, type Table } from '../table/table.ts'
import type { RejectPolicy } from './data-options.ts'

/** One fault of a row. */
export interface Violation {
  /** null where the whole row is at fault. */
  readonly column: string | null
  readonly rule: CellRule | 'malformed'
  readonly message: string
  /** The cell as it stands in the file; goes to the rejects file, and to messages only where the column is not private. */
  readonly value: string | null
}

/** A row that is left out, and why. */
export interface Rejection {
  /** Line or record of the file, from 1. */
  readonly row: number
  readonly violations: readonly Violation[]
  /** The cells in the file's order, or the unread line as the only one where the row is malformed. */
  readonly cells: readonly (string | null)[]
}

export interface ValidationReport {
  /** Rows of the file below its header: `nAccepted + nRejected`. */
  readonly nSource: number
  readonly nAccepted: number
  readonly nRejected: number
  /** Faults by rule; a row may have several. */
  readonly byRule: Readonly<Record<string, number>>
  /** Faults by column. */
  readonly byColumn: Readonly<Record<string, number>>
}

export interface ValidatedTable {
  readonly table: Table
  /** The given schema with what the accepted rows show. */
  readonly schema: TableSchema
  /** In the order of the file. */
  readonly rejected: readonly Rejection[]
  readonly report: ValidationReport
}

export interface ValidateOptions {
  readonly policy: RejectPolicy
  /** Columns whose values never go into a message: sensitive ones and identifiers. */
  readonly hidden?: readonly string[]
  /** Columns where a missing value is refused beside the declared ones, such as the target. */
  readonly required?: readonly string[]
}

/** Faults that an error names. */
const MAX_SHOWN = 10
/** Bad rows that are kept where the policy allows fewer: enough to name the first faults. */
const MIN_KEPT = 1000

/**
 * Splits a raw table into rows that keep the schema and rows that break it. Categories are the declared ones or those
 * of accepted rows; `observed` is written from the accepted rows.
 * @throws ROWS_REJECTED when the policy does not allow that many bad rows, with the first ten faults in `details`;
 *   COLUMN_NOT_FOUND when the schema has a column that the file lacks.
 */
export function validateTable(raw: RawTable, schema: TableSchema, options: ValidateOptions): ValidatedTable {
  const { columns, rejected, report } = typed(raw, schema, options, false)
  const trimmed = columns.map(([column, data]) => [column, withoutUnseen(data, column)] as const)
  const table = makeTable(
    trimmed.map(([column, data]) => [column.name, data]),
    report.nAccepted,
  )
  const observed = trimmed.map(([column, data]) => ({ ...column, observed: observeColumn(data) }))
  return { table, schema: { columns: observed }, rejected, report }
}

/**
 * Types a table that comes later by a schema that exists already. Columns that the schema lacks are left out; categories
 * keep the schema's codes, and unseen ones come after them.
 * @throws as `validateTable`
 */
export function applySchema(
  raw: RawTable,
  schema: TableSchema,
  options: ValidateOptions,
): Omit<ValidatedTable, 'schema'> {
  const { columns, rejected, report } = typed(raw, schema, options, true)
  const table = makeTable(
    columns.map(([column, data]) => [column.name, data]),
    report.nAccepted,
  )
  return { table, rejected, report }
}

function typed(raw: RawTable, schema: TableSchema, options: ValidateOptions, keepCodes: boolean) {
  const faults = new FaultLog(raw, options.policy)
  const columns = schema.columns.map((column): [ColumnSchema, Column] => {
    const rawColumn = raw.columns.find(({ name }) => name === column.name)
    if (!rawColumn) throw columnNotFound(raw, column.name)
    const required = column.declared.required || options.required?.includes(column.name) === true
    const rules = { ...column, declared: { ...column.declared, required } }
    const data = parseColumn(
      raw,
      rawColumn,
      rules,
      (row, rule, message) => faults.add(row, { column: column.name, rule, message, value: rawText(rawColumn, row) }),
      keepCodes ? column.observed.categories : [],
    )
    return [column, data]
  })
  const report = faults.report()
  const rejected = faults.rejections()
  enforce(raw, options, report, rejected)
  if (faults.nBadRows === 0) return { columns, rejected, report }
  const good = faults.goodRows()
  return {
    columns: columns.map(([column, data]): [ColumnSchema, Column] => [column, selectColumn(data, good)]),
    rejected,
    report,
  }
}

/** Error for a name that the file's header lacks. */
export function columnNotFound(raw: RawTable, name: string, role = 'column'): BellwetherError {
  const names = raw.columns.map((column) => column.name)
  const near = nearest(name, names)
  const guess = near === null ? '' : ` Did you mean "${near}"?`
  const shown = names.slice(0, 60).map((known) => JSON.stringify(known))
  const more = names.length > 60 ? ` and ${names.length - 60} more` : ''
  return new BellwetherError(
    'COLUMN_NOT_FOUND',
    `${raw.source} has no ${role} "${name}".${guess} It has: ${shown.join(', ')}${more}.`,
    { details: [{ path: name, message: near === null ? 'no such column' : `no such column; near: "${near}"` }] },
  )
}

/** Faults by row. Rows beyond what the policy allows are only counted: then the table is refused anyway. */
class FaultLog {
  nBadRows = 0
  readonly #raw: RawTable
  readonly #maxKept: number
  readonly #bad: Uint8Array
  readonly #kept = new Map<number, Violation[]>()
  readonly #byRule = new Map<string, number>()
  readonly #byColumn = new Map<string, number>()

  constructor(raw: RawTable, policy: RejectPolicy) {
    this.#raw = raw
    const allowed = policy.action === 'fail' ? 0 : policy.maxRejectedShare * sourceRows(raw)
    this.#maxKept = Math.max(MIN_KEPT, Math.ceil(allowed))
    this.#bad = new Uint8Array(raw.nRows)
    if (raw.malformed.length > 0) this.#byRule.set('malformed', raw.malformed.length)
  }

  add(row: number, violation: Violation): void {
    if (this.#bad[row] === 0) {
      this.#bad[row] = 1
      this.nBadRows++
      if (this.#kept.size < this.#maxKept) this.#kept.set(row, [])
    }
    this.#kept.get(row)?.push(violation)
    this.#byRule.set(violation.rule, (this.#byRule.get(violation.rule) ?? 0) + 1)
    const column = violation.column ?? ''
    this.#byColumn.set(column, (this.#byColumn.get(column) ?? 0) + 1)
  }

  goodRows(): Uint32Array {
    const rows = new Uint32Array(this.#raw.nRows - this.nBadRows)
    let n = 0
    for (let row = 0; row < this.#raw.nRows; row++) if (this.#bad[row] === 0) rows[n++] = row
    return rows
  }

  report(): ValidationReport {
    const nSource = sourceRows(this.#raw)
    const nRejected = this.nBadRows + this.#raw.malformed.length
    return {
      nSource,
      nAccepted: nSource - nRejected,
      nRejected,
      byRule: Object.fromEntries(this.#byRule),
      byColumn: Object.fromEntries(this.#byColumn),
    }
  }

  rejections(): Rejection[] {
    const { columns, rowNumbers, malformed } = this.#raw
    const rows: Rejection[] = malformed.map(({ row, reason, text }) => ({
      row,
      violations: [{ column: null, rule: 'malformed', message: reason, value: null }],
      cells: [text],
    }))
    for (const [row, violations] of this.#kept) {
      rows.push({ row: rowNumbers[row]!, violations, cells: columns.map((column) => rawText(column, row)) })
    }
    return rows.sort((a, b) => a.row - b.row)
  }
}

/** @throws ROWS_REJECTED */
function enforce(
  raw: RawTable,
  options: ValidateOptions,
  report: ValidationReport,
  rejected: readonly Rejection[],
): void {
  const { action, maxRejectedShare } = options.policy
  const { nSource, nRejected, byColumn } = report
  if (nRejected === 0) return
  if (action === 'reject' && nRejected <= maxRejectedShare * nSource && nRejected < nSource) return
  const allowed = action === 'fail' ? 'none may' : `at most ${percent(maxRejectedShare)} may`
  const worst = Object.entries(byColumn).sort((a, b) => b[1] - a[1])[0]
  const where = worst ? ` Most faults are in the column "${worst[0]}" (${worst[1]}).` : ''
  const details = rejected
    .flatMap((rejection) => faultDetails(raw, rejection, options.hidden ?? []))
    .slice(0, MAX_SHOWN)
  throw new BellwetherError(
    'ROWS_REJECTED',
    `${raw.source}: ${nRejected} of ${nSource} rows (${percent(nRejected / nSource)}) break the schema; ${allowed}.${where} First: ${details[0]?.path}: ${details[0]?.message}.`,
    { details },
  )
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** Each fault of a row as `file:line:column`, with its value where the column is not private. */
export function faultDetails(raw: RawTable, rejection: Rejection, hidden: readonly string[]): ErrorDetail[] {
  return rejection.violations.map(({ column, rule, message, value }) => ({
    path: [raw.source, `${raw.rowNoun} ${rejection.row}`, ...(column === null ? [] : [column])].join(':'),
    message: `${rule}: ${message}${column === null || value === null || hidden.includes(column) ? '' : `, found ${quoted(value)}`}`,
  }))
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
}

/** Drops inferred categories that only rejected rows had. */
function withoutUnseen(data: Column, column: ColumnSchema): Column {
  if (data.kind !== 'category' || column.declared.categories) return data
  const { categories } = observeColumn(data)
  if (categories.length === data.categories.length) return data
  const place = new Map(categories.map((category, code) => [category, code]))
  const moved = Int32Array.from(data.categories, (category) => place.get(category) ?? -1)
  return { kind: 'category', codes: data.codes.map((code) => (code < 0 ? -1 : moved[code]!)), categories }
}
