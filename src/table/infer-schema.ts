import { sortCategories } from './code-point-order.ts'
import type { ColumnKind } from './column.ts'
import { looksLikeCodes } from './infer-codes.ts'
import { parseIsoDate } from './parse-date.ts'
import { isWhole, parseNumber } from './parse-number.ts'
import type { RawColumn, RawTable } from './raw-table.ts'
import type { ColumnSchema, DataType, TableSchema } from './schema.ts'

/** What the project file declares of a column; `data.columns` of it fits. */
export interface ColumnDeclaration {
  readonly kind?: ColumnKind | undefined
  readonly dataType?: DataType | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly categories?: readonly (string | number | boolean)[] | Readonly<Record<string, string>> | undefined
  /** Meaning of codes; other codes are allowed. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly required?: boolean | undefined
  readonly unit?: string | undefined
  readonly description?: string | undefined
  readonly dateFormat?: string | undefined
  readonly ignore?: boolean | undefined
}

/** What columns are for, where that decides their kind. */
export interface ColumnRoles {
  /** Kept as text, whatever it looks like. */
  readonly id?: string | null
  readonly target?: string | null
  /** `category` for classification, `number` for regression; inferred where left out. */
  readonly targetKind?: 'category' | 'number' | undefined
}

/** A column with at least this share of numbers (dates) is one, and the other cells are faults; below it, it is text. */
const TYPED_SHARE = 0.9
/** Fewer numbers than this among words are no number column. */
const TYPED_MIN = 10

/**
 * The schema of a table: declared where the project file declares, inferred from the cells elsewhere. `observed` is
 * filled by `validateTable`, from the rows that are accepted.
 *
 * - Numbers: all cells parse; or at least 90 % do and there are ten of them: the words are then faults of their rows.
 *   `integer` when the source writes no value with a fraction.
 * - Categories: `true`/`false` (any case); whole numbers that are codes (`looksLikeCodes`); digits with a leading zero or too
 *   long for a double (postcodes, account numbers); texts with few different values: at most 20, or at most 1,000 that
 *   come five times each on average and are no longer than 60 characters.
 * - Dates: ISO 8601, by the same shares as numbers.
 * - Text: every other column. An all-missing column is a number.
 *
 * `ignore`d columns are left out. Category values are trimmed; whole numbers lose signs and zeros that do not count
 * (`33.0` is `33`), so that CSV, Parquet and JSON name a category alike.
 */
export function inferSchema(
  raw: RawTable,
  declared: Readonly<Record<string, ColumnDeclaration>> = {},
  roles: ColumnRoles = {},
): TableSchema {
  const columns = raw.columns
    .filter((column) => !own(declared, column.name)?.ignore)
    .map((column) => inferColumn(raw, column, own(declared, column.name) ?? {}, roles))
  return { columns }
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function inferColumn(
  raw: RawTable,
  column: RawColumn,
  declaration: ColumnDeclaration,
  roles: ColumnRoles,
): ColumnSchema {
  const facts = factsOf(raw, column)
  const kind = declaredKind(column.name, declaration, roles) ?? inferKind(column.name, facts)
  const categories = declaredCategories(declaration)
  const dataType = declaration.dataType ?? inferDataType(kind, facts, categories)
  return {
    name: column.name,
    kind,
    dataType,
    ...declaredParts(declaration, dataType),
    observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
  }
}

/** What of a column's schema follows from its declaration alone. */
function declaredParts(
  declaration: ColumnDeclaration,
  dataType: DataType,
): Pick<ColumnSchema, 'declared' | 'labels' | 'dateFormat' | 'unit' | 'description'> {
  const categories = declaredCategories(declaration)
  const labels =
    declaration.labels ??
    (declaration.categories && !isList(declaration.categories) ? declaration.categories : undefined)
  return {
    declared: {
      ...(declaration.min === undefined ? {} : { min: declaration.min }),
      ...(declaration.max === undefined ? {} : { max: declaration.max }),
      ...(categories === undefined ? {} : { categories: distinctCanonical(categories, dataType) }),
      ...(declaration.dataType === undefined ? {} : { dataType: declaration.dataType }),
      required: declaration.required ?? false,
    },
    ...(labels === undefined ? {} : { labels: canonicalLabels(labels as Readonly<Record<string, string>>, dataType) }),
    ...(declaration.dateFormat === undefined ? {} : { dateFormat: declaration.dateFormat }),
    ...(declaration.unit === undefined ? {} : { unit: declaration.unit }),
    ...(declaration.description === undefined ? {} : { description: declaration.description }),
  }
}

/**
 * The schema of the same content under another project's declarations. One dataset version may have been read under several: ranges,
 * labels and descriptions are no part of its content, so it keeps those of its first reading.
 */
export function redeclareSchema(
  schema: TableSchema,
  declared: Readonly<Record<string, ColumnDeclaration>>,
): TableSchema {
  return {
    columns: schema.columns.map(({ name, kind, dataType, observed }) => ({
      name,
      kind,
      dataType,
      ...declaredParts(own(declared, name) ?? {}, dataType),
      observed,
    })),
  }
}

/** The text that stands for a category value; the same value has one text whatever the file's format. */
export function canonicalCategory(text: string, dataType: DataType, decimal: '.' | ',' = '.'): string {
  const trimmed = text.trim()
  if (dataType === 'boolean') return trimmed.toLowerCase()
  if (dataType !== 'integer' && dataType !== 'float') return trimmed
  const value = parseNumber(trimmed, decimal)
  return Number.isNaN(value) ? trimmed : String(value)
}

function distinctCanonical(values: readonly string[], dataType: DataType): string[] {
  return [...new Set(values.map((value) => canonicalCategory(value, dataType)))]
}

function canonicalLabels(labels: Readonly<Record<string, string>>, dataType: DataType): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([code, label]) => [canonicalCategory(code, dataType), label]))
}

/** Declared categories as text: a list keeps its order; a map of codes is ordered as inferred ones are. */
function declaredCategories(declaration: ColumnDeclaration): string[] | undefined {
  const { categories } = declaration
  if (categories === undefined) return undefined
  return isList(categories) ? categories.map(String) : sortCategories(Object.keys(categories))
}

function isList(value: NonNullable<ColumnDeclaration['categories']>): value is readonly (string | number | boolean)[] {
  return Array.isArray(value)
}

function declaredKind(name: string, declaration: ColumnDeclaration, roles: ColumnRoles): ColumnKind | null {
  if (declaration.kind) return declaration.kind
  if (declaration.categories || declaration.labels) return 'category'
  if (declaration.dateFormat || declaration.dataType === 'date') return 'date'
  if (declaration.dataType === 'boolean') return 'category'
  if (name === roles.target && roles.targetKind) return roles.targetKind
  if (declaration.min !== undefined || declaration.max !== undefined) return 'number'
  if (declaration.dataType === 'integer' || declaration.dataType === 'float') return 'number'
  return name === roles.id ? 'text' : null
}

/** What the cells of a column are, counted by row. */
interface ColumnFacts {
  readonly type: RawColumn['type']
  readonly nPresent: number
  readonly nDistinct: number
  readonly nNumbers: number
  readonly nBooleans: number
  readonly nDates: number
  /** Digits that a number would not keep: leading zeros, or more than a double holds. */
  readonly nDigitTexts: number
  readonly allWhole: boolean
  readonly writtenAsFractions: boolean
  readonly wholes: ReadonlyMap<number, number>
  readonly meanLength: number
}

function factsOf(raw: RawTable, column: RawColumn): ColumnFacts {
  const counts = countTexts(raw, column)
  const wholes = new Map<number, number>()
  let [nPresent, nNumbers, nBooleans, nDates, nDigitTexts, length] = [0, 0, 0, 0, 0, 0]
  let allWhole = true
  let writtenAsFractions = column.type === 'float'
  const isText = column.type === 'text'
  for (const [text, count] of counts) {
    nPresent += count
    length += text.length * count
    const value = parseNumber(text, isText ? raw.decimal : '.')
    if (!Number.isNaN(value)) {
      nNumbers += count
      if (isText && /^[+-]?0\d|^[+-]?\d{16}/.test(text) && (/^[+-]?0\d+$/.test(text) || !isWhole(value)))
        nDigitTexts += count
      if (isText && /[^\d+-]/.test(text)) writtenAsFractions = true
      if (isWhole(value)) wholes.set(value, (wholes.get(value) ?? 0) + count)
      else allWhole = false
    } else if (isText) {
      if (/^(?:true|false)$/i.test(text)) nBooleans += count
      else if (!Number.isNaN(parseIsoDate(text))) nDates += count
    }
  }
  return {
    type: column.type,
    nPresent,
    nDistinct: counts.size,
    nNumbers,
    nBooleans,
    nDates,
    nDigitTexts,
    allWhole,
    writtenAsFractions,
    wholes,
    meanLength: nPresent === 0 ? 0 : length / nPresent,
  }
}

/** Rows by trimmed text, without missing values. */
function countTexts(raw: RawTable, column: RawColumn): Map<string, number> {
  const counts = new Map<string, number>()
  if (column.type !== 'text') {
    const byValue = new Map<number, number>()
    for (const value of column.values) if (!Number.isNaN(value)) byValue.set(value, (byValue.get(value) ?? 0) + 1)
    for (const [value, count] of byValue) counts.set(String(value), count)
    return counts
  }
  const missing = new Set(raw.missing)
  for (const value of column.values) {
    if (value === null) continue
    const text = value.trim()
    if (!missing.has(text)) counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return counts
}

function inferKind(name: string, facts: ColumnFacts): ColumnKind {
  if (facts.type === 'boolean') return 'category'
  if (facts.type === 'date') return 'date'
  if (facts.nPresent === 0) return 'number'
  if (facts.nBooleans === facts.nPresent) return 'category'
  if (facts.nDigitTexts > 0 && facts.nNumbers === facts.nPresent && !facts.writtenAsFractions)
    return categoryOrText(facts)
  if (mostly(facts.nNumbers, facts.nPresent)) {
    if (!facts.allWhole || !looksLikeCodes(name, facts.wholes, facts.writtenAsFractions)) return 'number'
    return 'category'
  }
  if (mostly(facts.nDates, facts.nPresent)) return 'date'
  return categoryOrText(facts)
}

function mostly(n: number, nPresent: number): boolean {
  return n === nPresent || (n >= TYPED_MIN && n >= TYPED_SHARE * nPresent)
}

function categoryOrText(facts: ColumnFacts): ColumnKind {
  if (facts.nDistinct <= 20) return 'category'
  return facts.nDistinct <= 1000 && facts.nPresent >= 5 * facts.nDistinct && facts.meanLength <= 60
    ? 'category'
    : 'text'
}

function inferDataType(kind: ColumnKind, facts: ColumnFacts, categories: readonly string[] | undefined): DataType {
  switch (kind) {
    case 'date':
      return 'date'
    case 'text':
      return 'string'
    case 'number':
      return facts.writtenAsFractions || !facts.allWhole ? 'float' : 'integer'
    case 'category':
      return categoryDataType(facts, categories)
  }
}

function categoryDataType(facts: ColumnFacts, categories: readonly string[] | undefined): DataType {
  const numbers = categories?.map((value) => parseNumber(value))
  if (facts.type === 'boolean' || (facts.nPresent > 0 && facts.nBooleans === facts.nPresent)) return 'boolean'
  const written = facts.nPresent > 0 && facts.nNumbers === facts.nPresent && facts.nDigitTexts === 0
  if (categories?.every((value) => value === 'true' || value === 'false') && facts.nPresent === 0) return 'boolean'
  if (numbers ? numbers.some(Number.isNaN) : !written) return 'string'
  if (numbers ? numbers.every(isWhole) : facts.allWhole) return 'integer'
  return 'float'
}
