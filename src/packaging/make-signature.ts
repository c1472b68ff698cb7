import type { ColumnProfile, TableProfile } from '../table/profile.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import { ClusteringSignature, type ModelSignature, PredictingSignature } from './signature.ts'

/** What the signatures of all tasks are made of. */
export interface InputParts {
  /** Has at least the input columns. */
  readonly schema: TableSchema
  /** Of the training rows. */
  readonly profile: TableProfile
  /** Columns that the features read. */
  readonly inputs: readonly string[]
  /** Further columns of the training data: a row of the file may be sent as it is. */
  readonly ignored?: readonly string[]
}

export interface SignatureParts extends InputParts {
  /** Name of the target: a column, or the expression that gives it. */
  readonly target: string
  readonly task: PredictingSignature['task']
  /** Labels in the order of the probabilities; empty for regression. */
  readonly classes: readonly string[]
}

export type ClusteringParts = InputParts & Pick<ClusteringSignature, 'clusters' | 'beside'>

type ExampleValue = ModelSignature['example'][string]

/**
 * The signature of a model. Its example is put together column by column from statistics of the training rows: it is valid, typical, and
 * nobody's row.
 */
export function makeSignature({ target, task, classes, ...parts }: SignatureParts): PredictingSignature {
  return PredictingSignature.parse({ task, target: { name: target, classes }, ...inputsOf(parts) })
}

/** The signature of a clustering; its example as `makeSignature` has it. */
export function makeClusteringSignature({ clusters, beside, ...parts }: ClusteringParts): ClusteringSignature {
  return ClusteringSignature.parse({ task: 'clustering', target: null, clusters, beside, ...inputsOf(parts) })
}

function inputsOf({ schema, profile, inputs, ignored = [] }: InputParts): Record<string, unknown> {
  const columns = new Map(schema.columns.map((column) => [column.name, column]))
  const profiles = new Map(profile.columns.map((column) => [column.name, column]))
  const chosen = inputs.map((name) => columns.get(name)).filter((column) => column !== undefined)
  return {
    inputs: chosen,
    ignored: ignored.filter((name) => !inputs.includes(name)),
    example: Object.fromEntries(chosen.map((column) => [column.name, exampleValue(column, profiles.get(column.name))])),
  }
}

function exampleValue(column: ColumnSchema, profile: ColumnProfile | undefined): ExampleValue {
  switch (column.kind) {
    case 'number':
      return exampleNumber(column, profile)
    case 'date':
      return exampleDate(column, profile)
    case 'category':
      return exampleCategory(column, profile)
    case 'text':
      return 'text'
  }
}

/** The median, a whole number where the column has whole numbers. */
function exampleNumber({ dataType, declared }: ColumnSchema, profile: ColumnProfile | undefined): number | null {
  const median = profile?.distribution?.quantiles.p50
  if (median === undefined && !declared.required) return null
  const value = within(median ?? 0, declared)
  return dataType === 'integer' ? wholeWithin(value, declared) : value
}

function within(
  value: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: ColumnSchema['declared'],
): number {
  return Math.min(Math.max(value, min), max)
}

function wholeWithin(
  value: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: ColumnSchema['declared'],
): number {
  const rounded = Math.round(value)
  if (rounded > max) return Math.floor(max)
  return rounded < min ? Math.ceil(min) : rounded + 0 // + 0 turns -0 into 0
}

const DAY_MS = 24 * 60 * 60 * 1000

/** The day of the median; with its time where the day alone would be earlier than allowed. */
function exampleDate({ declared }: ColumnSchema, profile: ColumnProfile | undefined): string | null {
  const median = profile?.distribution?.quantiles.p50
  if (median === undefined && !declared.required) return null
  const value = within(median ?? 0, declared)
  const day = Math.floor(value / DAY_MS) * DAY_MS
  return day < (declared.min ?? Number.NEGATIVE_INFINITY)
    ? new Date(value).toISOString()
    : new Date(day).toISOString().slice(0, 10)
}

/** The most frequent category; of equals, the first. As JSON writes it: codes as numbers, booleans as booleans. */
function exampleCategory(
  { dataType, declared, observed }: ColumnSchema,
  profile: ColumnProfile | undefined,
): ExampleValue {
  let mode: { value: string; count: number } | undefined
  for (const category of profile?.categories ?? []) {
    if (category.count > (mode?.count ?? 0)) mode = category
  }
  const text = mode?.value ?? (declared.required ? (declared.categories?.[0] ?? observed.categories[0]) : undefined)
  if (text === undefined) return null
  if (dataType === 'boolean') return text === 'true'
  return dataType === 'integer' || dataType === 'float' ? Number(text) : text
}
