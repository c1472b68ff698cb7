import type { ErrorDetail } from '../errors.ts'
import type { Column } from './column.ts'
import { nearest } from './nearest.ts'
import { LayoutCache } from './record-layout.ts'
import { jsonType, type Reading, readCategory, readDate, readNumber, readText } from './records-value.ts'
import type { ColumnSchema } from './schema.ts'
import { makeTable, type Table } from './table.ts'

export interface RecordOptions {
  /** JSON path of the list, as `records`; a record's faults are at `records[0].Course`. Empty for one flat object. */
  readonly path?: string
  /** Keys that are accepted and not read: target, id, sensitive columns. */
  readonly ignored?: readonly string[]
}

/** Unknown keys of one record that are named; a body of half a million keys is not worth an answer as long. */
const MAX_UNKNOWN = 50

/** A table made of records, and what was found in each. */
export interface RecordReading {
  /** A row per record that is not at fault, in their order. */
  readonly table: Table
  /** For each row of the table, the index of its record; shape (table.nRows). */
  readonly rows: Uint32Array
  /** Faults of each record, empty for a good one; shape (nRecords). */
  readonly faults: readonly (readonly ErrorDetail[])[]
  /** Warnings of each record; shape (nRecords). */
  readonly warnings: readonly (readonly ErrorDetail[])[]
  /** The faults of all records, in their order. */
  readonly allFaults: readonly ErrorDetail[]
}

/** Reads records by columns that are known beforehand. Pure; made once per model version and used for each request. */
export type RecordReader = (records: readonly unknown[]) => RecordReading

/**
 * JSON records as a table. For a single request; `compileRecordReader` keeps what does not change between requests.
 * @see compileRecordReader for the rules
 */
export function recordsToTable(
  records: readonly unknown[],
  columns: readonly ColumnSchema[],
  options: RecordOptions = {},
): RecordReading {
  return compileRecordReader(columns, options)(records)
}

/**
 * A reader of JSON records, strict on types and on what the project declares, lenient on what training merely did not see:
 *
 * - An **absent key** is a fault, unless the column had missing values in training and is not declared `required`.
 * - **null** is a missing value: a fault where `required` is declared, a warning where training saw no missing value.
 * - A value of another JSON type, outside the declared range or categories is a **fault**; outside the range or the
 *   categories seen in training a **warning**.
 * - Blanks around a key do not count, as they do not in a file's header.
 * - An **unknown key** is a fault, with the nearest column named; `ignored` keys are passed over.
 *
 * Messages say what was expected and the JSON type that came, never the value.
 */
export function compileRecordReader(columns: readonly ColumnSchema[], options: RecordOptions = {}): RecordReader {
  const known = new Set([...columns.map((column) => column.name), ...(options.ignored ?? [])])
  const names = columns.map((column) => column.name)
  const fields = columns.map(compileField)
  const base = options.path ?? 'records'
  const layouts = new LayoutCache(known, names)
  return (records) => {
    const faults: ErrorDetail[][] = []
    const warnings: ErrorDetail[][] = []
    const kept: number[] = []
    const writers = fields.map((field) => field.writer(records.length))
    for (const [i, given] of records.entries()) {
      const layout = isRecord(given) ? layouts.of(given) : null
      const record = isRecord(given) && layout === null ? trimmedKeys(given) : given
      const at = base === '' ? '' : `${base}[${i}]`
      const found: ErrorDetail[] = []
      const noted: ErrorDetail[] = []
      if (layout !== null) {
        const values = Object.values(given as object) as unknown[]
        for (let f = 0; f < fields.length; f++)
          readValue(fields[f]!, writers[f]!, kept.length, values[layout[f]!], at, found, noted)
      } else if (isRecord(record)) {
        for (let f = 0; f < fields.length; f++)
          readField(fields[f]!, writers[f]!, kept.length, record, at, found, noted)
        unknownKeys(record, known, names, at, found)
      } else found.push({ path: at || '$', message: `expected an object of fields, got ${jsonType(record)}` })
      faults.push(found)
      warnings.push(noted)
      if (found.length === 0) kept.push(i)
    }
    const table = makeTable(
      writers.map((writer, f) => [names[f]!, writer.column(kept.length)]),
      kept.length,
    )
    return { table, rows: Uint32Array.from(kept), faults, warnings, allFaults: faults.flat() }
  }
}

/** The path of a field: `records[0].Course`, or `records[0]["Tuition fees up to date"]` where the name is no plain word. */
export function fieldPath(at: string, name: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `${at}[${JSON.stringify(name)}]`
  return at === '' ? name : `${at}.${name}`
}

/** The record with blanks around its keys taken away, as they are from a file's header; the record itself where there are none. */
function trimmedKeys(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let blank = false
  for (const key of Object.keys(record)) blank ||= key !== key.trim()
  return blank ? Object.fromEntries(Object.entries(record).map(([key, value]) => [key.trim(), value])) : record
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Writes one column's values row by row. A row that turns out to be at fault is overwritten by the next. */
interface Writer {
  set(row: number, value: unknown): { fault?: string; warning?: string } | null
  setMissing(row: number): void
  column(nRows: number): Column
}

interface Field {
  readonly name: string
  readonly absentAllowed: boolean
  readonly nullFault: boolean
  readonly nullWarning: boolean
  readonly writer: (capacity: number) => Writer
}

function compileField(column: ColumnSchema): Field {
  const { required } = column.declared
  const sawMissing = column.observed.missing > 0
  return {
    name: column.name,
    absentAllowed: sawMissing && !required,
    nullFault: required,
    nullWarning: !sawMissing,
    writer: writerOf(column),
  }
}

function readField(
  field: Field,
  writer: Writer,
  row: number,
  record: Readonly<Record<string, unknown>>,
  at: string,
  faults: ErrorDetail[],
  warnings: ErrorDetail[],
): void {
  const value = Object.hasOwn(record, field.name) ? record[field.name] : undefined
  readValue(field, writer, row, value, at, faults, warnings)
}

/** @param value undefined where the record has no such key. */
function readValue(
  field: Field,
  writer: Writer,
  row: number,
  value: unknown,
  at: string,
  faults: ErrorDetail[],
  warnings: ErrorDetail[],
): void {
  if (value === undefined || value === null) {
    writer.setMissing(row)
    if (value === undefined) {
      if (!field.absentAllowed)
        faults.push({ path: fieldPath(at, field.name), message: 'missing: the field is required' })
    } else if (field.nullFault)
      faults.push({ path: fieldPath(at, field.name), message: 'a value is required, got null' })
    else if (field.nullWarning) {
      warnings.push({ path: fieldPath(at, field.name), message: 'null, and training saw no missing value here' })
    }
    return
  }
  const remark = writer.set(row, value)
  if (remark === null) return
  if (remark.fault !== undefined) faults.push({ path: fieldPath(at, field.name), message: remark.fault })
  if (remark.warning !== undefined) warnings.push({ path: fieldPath(at, field.name), message: remark.warning })
}

function unknownKeys(
  record: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  names: readonly string[],
  at: string,
  faults: ErrorDetail[],
): void {
  let more = 0
  for (const key of Object.keys(record)) {
    if (known.has(key)) continue
    if (faults.length >= names.length + MAX_UNKNOWN) {
      more++
      continue
    }
    const near = nearest(key, names)
    const name = key.length > 100 ? `${key.slice(0, 100)}…` : key
    faults.push({
      path: fieldPath(at, name),
      message: near === null ? 'unknown field' : `unknown field; did you mean ${JSON.stringify(near)}?`,
    })
  }
  if (more > 0) faults.push({ path: at || '$', message: `${more} more unknown fields` })
}

function writerOf(column: ColumnSchema): (capacity: number) => Writer {
  switch (column.kind) {
    case 'number':
      return (capacity) => numberWriter('number', capacity, (value) => readNumber(value, column))
    case 'date':
      return (capacity) => numberWriter('date', capacity, (value) => readDate(value, column))
    case 'category':
      return categoryWriter(column)
    case 'text':
      return textWriter
  }
}

function numberWriter(kind: 'number' | 'date', capacity: number, read: (value: unknown) => Reading<number>): Writer {
  const values = new Float64Array(capacity)
  return {
    set(row, value) {
      const reading = read(value)
      if ('fault' in reading) return reading
      values[row] = reading.value
      return reading.warning === undefined ? null : { warning: reading.warning }
    },
    setMissing(row) {
      values[row] = Number.NaN
    },
    column: (nRows) => ({ kind, values: nRows === capacity ? values : values.slice(0, nRows) }),
  }
}

function textWriter(capacity: number): Writer {
  const values = new Array<string | null>(capacity).fill(null)
  return {
    set(row, value) {
      const reading = readText(value)
      if ('fault' in reading) return reading
      values[row] = reading.value
      return null
    },
    setMissing(row) {
      values[row] = null
    },
    column: (nRows) => ({ kind: 'text', values: values.slice(0, nRows) }),
  }
}

/** Categories keep the schema's codes; ones that training did not see come after them, in the order of the records. */
function categoryWriter(column: ColumnSchema): (capacity: number) => Writer {
  const categories = column.declared.categories ?? column.observed.categories
  const codeOf = new Map(categories.map((category, code) => [category, code]))
  /** JSON values that need no further look: known to the schema and seen in training. */
  const plain = new Map<unknown, number>()
  for (const category of column.observed.categories) {
    const code = codeOf.get(category)
    if (code === undefined) continue
    plain.set(category, code)
    if (column.dataType === 'integer' || column.dataType === 'float') plain.set(Number(category), code)
    if (column.dataType === 'boolean') plain.set(category === 'true', code)
  }
  return (capacity) => {
    const codes = new Int32Array(capacity)
    let unseen: Map<string, number> | null = null
    return {
      set(row, value) {
        const code = plain.get(value)
        if (code !== undefined) {
          codes[row] = code
          return null
        }
        const reading = readCategory(value, column)
        if ('fault' in reading) return reading
        codes[row] = codeOf.get(reading.value) ?? unseenCode(reading.value)
        return reading.warning === undefined ? null : { warning: reading.warning }
      },
      setMissing(row) {
        codes[row] = -1
      },
      column: (nRows) => ({
        kind: 'category',
        codes: nRows === capacity ? codes : codes.slice(0, nRows),
        categories: unseen === null ? categories : [...categories, ...unseen.keys()],
      }),
    }

    function unseenCode(category: string): number {
      unseen ??= new Map()
      let code = unseen.get(category)
      if (code === undefined) {
        code = categories.length + unseen.size
        unseen.set(category, code)
      }
      return code
    }
  }
}
