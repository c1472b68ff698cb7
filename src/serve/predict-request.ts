import { BellwetherError, type ErrorDetail } from '../errors.ts'
import { jsonType } from '../table/records-value.ts'

/** What becomes of a batch with bad records: refused whole, with every fault named; or the good ones are answered and the bad ones carry their faults. */
export type OnError = 'refuse' | 'partial'

export interface PredictRequest {
  readonly records: readonly unknown[]
  readonly explain: boolean
  readonly onError: OnError
}

const FIELDS = new Set(['records', 'explain', 'onError'])

/** Fields that are none, named in one answer. */
const MAX_FIELDS = 50

/** Faults named in one answer: a small body of empty records has hundreds of thousands, and an answer of many megabytes helps nobody. */
const MAX_DETAILS = 1000

/**
 * Reads the body of a predict request, but not the records in it. By hand rather than by a schema: this runs for every request.
 * @throws INVALID_INPUT with every fault
 */
export function readPredictRequest(body: unknown, maxRecords: number): PredictRequest {
  if (!isPlainObject(body)) {
    throw invalid([{ path: 'body', message: `expected an object such as {"records": [{…}]}, came ${jsonType(body)}` }])
  }
  const details: ErrorDetail[] = []
  const { records, explain = false, onError = 'refuse' } = body
  if (!Object.hasOwn(body, 'records'))
    details.push({ path: 'records', message: 'is missing; expected an array of objects' })
  else if (!Array.isArray(records))
    details.push({ path: 'records', message: `expected an array of objects, came ${jsonType(records)}` })
  else if (records.length > maxRecords) {
    details.push({
      path: 'records',
      message: `expected at most ${maxRecords} records in a request, came ${records.length}`,
    })
  }
  if (typeof explain !== 'boolean')
    details.push({ path: 'explain', message: `expected true or false, came ${jsonType(explain)}` })
  if (onError !== 'refuse' && onError !== 'partial')
    details.push({ path: 'onError', message: 'expected "refuse" or "partial"' })
  for (const field of Object.keys(body)) {
    if (FIELDS.has(field)) continue
    details.push({ path: shortName(field), message: 'is no field of a request; expected records, explain, onError' })
    // The next would say the same.
    if (details.length > MAX_FIELDS) break
  }
  if (details.length > 0) throw invalid(details)
  return { records: records as unknown[], explain: explain as boolean, onError: onError as OnError }
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** INVALID_INPUT; its message names the first fault and how many more there are, its details the first thousand. */
export function invalid(details: readonly ErrorDetail[]): BellwetherError {
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : ''
  const named =
    details.length <= MAX_DETAILS
      ? details
      : [
          ...details.slice(0, MAX_DETAILS),
          { path: 'body', message: `has ${details.length - MAX_DETAILS} more faults, which are not named` },
        ]
  return new BellwetherError('INVALID_INPUT', `${details[0]!.path}: ${details[0]!.message}${more}`, { details: named })
}

/** A field's name as the client wrote it, cut where nobody would call it a name. */
function shortName(field: string): string {
  return field.length > 100 ? `${field.slice(0, 100)}…` : field
}
