import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import { formatNumber } from '../../../format/numbers.ts'

/** What a field allows and what training saw of it, in one line; empty when neither is known. */
export function hintOf(column: ColumnSchema): string {
  const { min, max } = column.declared
  const parts: string[] = []
  if (min !== undefined && max !== undefined) parts.push(`${show(min)} to ${show(max)}`)
  else if (min !== undefined) parts.push(`${show(min)} or more`)
  else if (max !== undefined) parts.push(`${show(max)} or less`)
  if (column.kind !== 'category' && column.observed.min !== null && column.observed.max !== null) {
    const write = column.kind === 'date' ? isoDate : show
    const [low, high] = [write(column.observed.min), write(column.observed.max)]
    parts.push(low === high ? `seen: ${low}` : `seen: ${low} to ${high}`)
  }
  return parts.join(' · ')
}

/** Numbers as they are typed: no thousands separators, no lost digits of a whole number. */
function show(value: number): string {
  return Number.isInteger(value) ? String(value) : formatNumber(value)
}

export function isoDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
