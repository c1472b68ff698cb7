import type { ModelSignature } from '../../../../../src/packaging/signature.ts'
import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import type { FieldValue, InputRecord } from '../api/post-predict.ts'

/** What stands in the form: a text per input, empty where the value is not known. */
export type FormValues = Readonly<Record<string, string>>

/** The example of the signature as the form's first content. */
export function exampleValues(signature: ModelSignature): FormValues {
  return Object.fromEntries(
    signature.inputs.map((column) => [column.name, textOf(signature.example[column.name] ?? null)]),
  )
}

export function emptyValues(signature: ModelSignature): FormValues {
  return Object.fromEntries(signature.inputs.map((column) => [column.name, '']))
}

/** The record to send: each value in its column's JSON type; what is not known is said to be missing (null), not left out. */
export function toRecord(inputs: readonly ColumnSchema[], values: FormValues): InputRecord {
  const record: Record<string, FieldValue> = {}
  for (const column of inputs) {
    const text = values[column.name] ?? ''
    record[column.name] = text === '' ? null : jsonValue(column, text)
  }
  return record
}

/** A text that does not fit its column's type goes as it is: the server says what it expected. */
function jsonValue(column: ColumnSchema, text: string): FieldValue {
  if (column.dataType === 'integer' || column.dataType === 'float') {
    const number = Number(text)
    return text.trim() === '' || Number.isNaN(number) ? text : number
  }
  if (column.dataType === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function textOf(value: FieldValue): string {
  return value === null ? '' : String(value)
}

export interface Choice {
  readonly value: string
  readonly text: string
}

/** The choices of a field, or null where it is written: declared categories before those that training saw. */
export function choicesOf(column: ColumnSchema, current = ''): Choice[] | null {
  if (column.kind !== 'category' && column.dataType !== 'boolean') return null
  const known = column.declared.categories ?? column.observed.categories
  const codes =
    known.length > 0 ? [...known] : column.dataType === 'boolean' ? ['true', 'false'] : Object.keys(column.labels ?? {})
  if (codes.length === 0) return null
  if (current !== '' && !codes.includes(current)) codes.push(current)
  return codes.map((code) => ({ value: code, text: choiceText(column, code) }))
}

/** "Nursing (9500)" where the code has a meaning, else the code. */
export function choiceText(column: ColumnSchema | undefined, code: string): string {
  const meaning = column?.labels?.[code]
  if (meaning !== undefined && meaning !== code) return `${meaning} (${code})`
  if (column?.dataType === 'boolean' && (code === 'true' || code === 'false')) return code === 'true' ? 'Yes' : 'No'
  return code
}
