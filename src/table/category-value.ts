import type { ColumnSchema } from './schema.ts'

/** A category as JSON writes it: codes as numbers, booleans as booleans. */
export function categoryValue({ dataType }: Pick<ColumnSchema, 'dataType'>, text: string): string | number | boolean {
  if (dataType === 'boolean') return text === 'true'
  return dataType === 'integer' || dataType === 'float' ? Number(text) : text
}
