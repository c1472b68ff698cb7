import { isPlainObject } from '../predict-request.ts'
import { CsvError, csvRows } from '../protocols/csv-records.ts'

/**
 * The values of a column in a body of any of the scoring protocols, before it is known which version will read it: records, instances, a data
 * frame split or in records, columns, tensors, one flat object, a CSV text. What is no body of theirs has none; whoever reads it says what is wrong.
 */
export function idsInBody(body: unknown, column: string): string[] {
  if (typeof body === 'string') return inCsv(body, column)
  if (!isPlainObject(body)) return []
  for (const form of ['records', 'dataframe_records', 'instances'])
    if (Array.isArray(body[form])) return body[form].flatMap((record) => inRecord(record, column))
  const { dataframe_split: split, inputs } = body
  if (isPlainObject(split)) return inSplit(split, column)
  if (Array.isArray(inputs)) {
    const tensor = inputs.find((input) => isPlainObject(input) && input['name'] === column)
    if (isPlainObject(tensor)) return Array.isArray(tensor['data']) ? tensor['data'].flat().flatMap(idOf) : []
    return inputs.flatMap((record) => inRecord(record, column))
  }
  if (isPlainObject(inputs)) return [inputs[column]].flat().flatMap(idOf)
  return inRecord(body, column)
}

function inRecord(record: unknown, column: string): string[] {
  if (!isPlainObject(record)) return []
  if (Object.hasOwn(record, column)) return idOf(record[column])
  // Blanks around a key do not count where records are read.
  const spelt = Object.keys(record).find((key) => key.trim() === column)
  return spelt === undefined ? [] : idOf(record[spelt])
}

function inSplit(split: Record<string, unknown>, column: string): string[] {
  const { columns, data } = split
  if (!Array.isArray(columns) || !Array.isArray(data)) return []
  const at = columns.indexOf(column)
  return at < 0 ? [] : data.flatMap((row: unknown) => (Array.isArray(row) ? idOf(row[at]) : []))
}

function inCsv(text: string, column: string): string[] {
  try {
    const [header = [], ...rows] = csvRows(text)
    const at = header.findIndex((name) => name.trim() === column)
    return at < 0 ? [] : rows.flatMap((cells) => idOf(cells[at]?.trim()))
  } catch (error) {
    if (error instanceof CsvError) return []
    throw error
  }
}

/** A number and the text of it name the same person. */
function idOf(value: unknown): string[] {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? [String(value)] : []
}
