import { ERRORS, type ErrorCode } from '../errors.ts'

/** Whose fault an error is, as operators count it. */
export const ERROR_CLASSES = ['input', 'model', 'limit', 'dependency', 'internal'] as const
export type ErrorClass = (typeof ERROR_CLASSES)[number]

const LIMIT: ReadonlySet<string> = new Set<ErrorCode>([
  'BODY_TOO_LARGE',
  'HEADERS_TOO_LARGE',
  'REQUEST_TIMEOUT',
  'RATE_LIMITED',
  'EXTRACTION_SUSPECTED',
  'OVERLOADED',
  'TOO_MANY_ATTEMPTS',
])
const MODEL: ReadonlySet<string> = new Set<ErrorCode>([
  'MODEL_UNAVAILABLE',
  'CANNOT_SERVE',
  'NOT_READY',
  'MODEL_STATE_INVALID',
])

/**
 * The class of an answer that is an error; null where it is none.
 * @param code Of our error table, where the answer has one; an answer of another protocol may have its own.
 */
export function errorClass(status: number, code: string | null): ErrorClass | null {
  if (status < 400) return null
  if (code !== null) {
    if (LIMIT.has(code)) return 'limit'
    if (MODEL.has(code) || code.startsWith('PACKAGE_')) return 'model'
  }
  if (status === 429 || status === 413 || status === 431 || status === 408) return 'limit'
  if (status < 500) return 'input'
  // What this process relies on: the store, the disk, an identity provider, another server.
  if (code !== null && Object.hasOwn(ERRORS, code) && code !== 'INTERNAL')
    return status === 500 && !code.startsWith('HOME_') ? 'internal' : 'dependency'
  return status === 502 || status === 503 || status === 504 || status === 507 ? 'dependency' : 'internal'
}
