import { BellwetherError } from '../errors.ts'
import { wordsOf } from '../table/infer-codes.ts'
import { type ColumnRoles, inferSchema } from '../table/infer-schema.ts'
import { profileTable, type TableProfile } from '../table/profile.ts'
import type { RawTable } from '../table/raw-table.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import type { Table } from '../table/table.ts'
import type { DataOptions } from './data-options.ts'
import { canonicalHash } from './dataset-version.ts'
import { readPlace } from './sources/read-source.ts'
import type { DataPlace } from './table-source.ts'
import { columnNotFound, type Rejection, type ValidationReport, validateTable } from './validate.ts'

export interface LoadOptions {
  /** Where the table is. */
  readonly file: DataPlace
  readonly options: DataOptions
  /** What the task needs the target to be: `category` for classification, `number` for regression. */
  readonly targetKind?: ColumnRoles['targetKind']
  /** Set where `options.target` reads as an expression: unless a column bears that name, none has to, and no row must hold it. */
  readonly targetIsExpression?: boolean
  /** Whether an address of a private network may be fetched from. */
  readonly allowPrivate?: boolean
  readonly signal?: AbortSignal | undefined
}

/** An accepted table with all that makes it a dataset version. */
export interface LoadedDataset {
  readonly table: Table
  readonly schema: TableSchema
  readonly profile: TableProfile
  /** `sha256:<hex>` of the content, `canonicalHash`. */
  readonly id: string
  readonly nRows: number
  readonly nRejected: number
  readonly rejected: readonly Rejection[]
  readonly report: ValidationReport
  /** Names of the file's columns in its order, for `rejectsToCsv`. */
  readonly fileColumns: readonly string[]
  /** What a person should know before training on it, in sentences; never a row's value. */
  readonly warnings: readonly string[]
  /** The place as given. */
  readonly source: DataPlace
}

/**
 * Reads, types and validates a file as the project declares it. Rows without a target are rejected as others that break the
 * schema.
 * @throws what `readTable` and `validateTable` throw; COLUMN_NOT_FOUND for a target or a declared column that the file lacks
 */
export async function loadDataset(load: LoadOptions): Promise<LoadedDataset> {
  const { options } = load
  const raw = await readPlace(load.file, options.read, load)
  // A column of that very name comes first: `pass/fail` may be one.
  const isColumn = load.targetIsExpression !== true || raw.columns.some(({ name }) => name === options.target)
  const target = isColumn ? options.target : null
  checkNames(raw, options, target)
  const schema = inferSchema(raw, options.columns, {
    id: options.id,
    target,
    targetKind: load.targetKind,
  })
  const validated = validateTable(raw, schema, {
    policy: options.rejects,
    hidden: [...options.sensitive, ...(options.id === null ? [] : [options.id])],
    required: target === null ? [] : [target],
  })
  return {
    table: validated.table,
    schema: validated.schema,
    profile: profileTable(validated.table, validated.schema),
    id: canonicalHash(validated.table, validated.schema),
    nRows: validated.table.nRows,
    nRejected: validated.report.nRejected,
    rejected: validated.rejected,
    report: validated.report,
    fileColumns: raw.columns.map((column) => column.name),
    warnings: [
      ...raw.notes,
      ...columnWarnings(validated.schema, options, validated.table.nRows),
      ...rejectWarnings(validated.report),
    ],
    source: load.file,
  }
}

/** @throws COLUMN_NOT_FOUND */
function checkNames(raw: RawTable, options: DataOptions, target: string | null): void {
  const names = new Set(raw.columns.map((column) => column.name))
  const check = (name: string, role: string) => {
    if (!names.has(name)) throw columnNotFound(raw, name, role)
  }
  if (target !== null) check(target, 'target column')
  if (options.id !== null) check(options.id, 'id column')
  if (options.time !== null) check(options.time, 'time column')
  for (const name of options.sensitive) check(name, 'sensitive column')
  for (const [name, column] of Object.entries(options.columns))
    if (!column.ignore && !column.optional) check(name, 'declared column')
  for (const [name, role] of [
    [target, 'data.target'],
    [options.id, 'data.id'],
    [options.time, 'data.time'],
  ] as const) {
    if (name === null || !Object.hasOwn(options.columns, name) || !options.columns[name]?.ignore) continue
    throw new BellwetherError('PROJECT_INVALID', `data.columns.${name} is ignored, and ${role} names it.`, {
      details: [{ path: `data.columns.${name}.ignore`, message: `${role} needs the column` }],
    })
  }
}

function columnWarnings(schema: TableSchema, options: DataOptions, nRows: number): string[] {
  const warnings: string[] = []
  for (const column of schema.columns) {
    const { name, observed, labels } = column
    if (name === options.id) continue
    const unlabelled = labels ? observed.categories.filter((code) => !Object.hasOwn(labels, code)).length : 0
    if (unlabelled > 0) {
      warnings.push(
        `Column "${name}": ${unlabelled} of its ${observed.categories.length} codes have no label in the project file. ` +
          'Are its codes the ones that the labels are for?',
      )
    }
    if (observed.distinct === 0)
      warnings.push(`Column "${name}" is missing in every row; nothing can be learnt from it.`)
    else if (observed.distinct === 1 && observed.missing === 0) {
      warnings.push(`Column "${name}" has the same value in every row; nothing can be learnt from it.`)
    } else if (looksLikeId(column, nRows)) {
      warnings.push(
        `Column "${name}" has another value in each row and a name like an identifier's; declare it as data.id or ignore it.`,
      )
    }
  }
  return warnings
}

/** A name such as `id`, `student_id`, `userId`, with as many values as rows. */
function looksLikeId({ name, kind, observed }: ColumnSchema, nRows: number): boolean {
  if (nRows < 20 || observed.distinct !== nRows || kind === 'date') return false
  return wordsOf(name).some((word) => word === 'id' || word === 'uuid' || word === 'guid')
}

function rejectWarnings({ nRejected, nSource, byRule }: ValidationReport): string[] {
  if (nRejected === 0) return []
  const rules = Object.entries(byRule).map(([rule, count]) => `${rule} ${count}`)
  return [
    `${nRejected} of ${nSource} rows were rejected (faults: ${rules.join(', ')}); the rejects file names each with its reason.`,
  ]
}
