import type { ErrorDetail } from '../../../../../src/errors.ts'

export interface SortedErrors {
  /** Field name -> what is wrong with it. */
  readonly fields: ReadonlyMap<string, string>
  /** What belongs to no field of the form. */
  readonly rest: readonly ErrorDetail[]
}

/** Brings each of the server's details to its field: `records[0].Course`, or `records[0]["Course"]` for names that need it. */
export function sortErrors(details: readonly ErrorDetail[], names: readonly string[]): SortedErrors {
  const fields = new Map<string, string>()
  const rest: ErrorDetail[] = []
  for (const detail of details) {
    const name = fieldOf(detail.path)
    if (name === null || !names.includes(name)) rest.push(detail)
    else fields.set(name, fields.has(name) ? `${fields.get(name)} ${detail.message}` : detail.message)
  }
  return { fields, rest }
}

/** The field that a path names, or null. Names may hold dots, blanks and brackets: all that follows the record is the name. */
export function fieldOf(path: string): string | null {
  const rest = /^\/?records(?:\[0\]|\.0|\/0)(.+)$/s.exec(path)?.[1]
  if (rest === undefined) return null
  if (rest.startsWith('.') || rest.startsWith('/')) return rest.slice(1)
  try {
    const quoted: unknown = JSON.parse(rest)
    return Array.isArray(quoted) && quoted.length === 1 && typeof quoted[0] === 'string' ? quoted[0] : null
  } catch {
    return null
  }
}
