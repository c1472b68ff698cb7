import { z } from 'zod'
import type { BellwetherError, ErrorCode } from '../../errors.ts'
import { invalidParameter, shownValue } from '../../track/mlflow-rules.ts'

/** The name and the status that MLflow's clients know an error by; what is not here follows from our own status. */
const WIRE_CODES: Partial<Record<ErrorCode, readonly [code: string, status: number]>> = {
  ALREADY_EXISTS: ['RESOURCE_ALREADY_EXISTS', 400],
  NOT_ACTIVE: ['INVALID_PARAMETER_VALUE', 400],
  PARAM_CHANGED: ['INVALID_PARAMETER_VALUE', 400],
  // An alias that is not there is a bad parameter, as measured on MLflow's own server.
  ALIAS_NOT_FOUND: ['INVALID_PARAMETER_VALUE', 400],
  ROUTE_NOT_FOUND: ['ENDPOINT_NOT_FOUND', 404],
  METHOD_NOT_ALLOWED: ['ENDPOINT_NOT_FOUND', 404],
  BODY_TOO_LARGE: ['INVALID_PARAMETER_VALUE', 413],
}

const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  409: 'RESOURCE_CONFLICT',
  415: 'INVALID_PARAMETER_VALUE',
  416: 'INVALID_PARAMETER_VALUE',
  429: 'REQUEST_LIMIT_EXCEEDED',
  499: 'CANCELLED',
  501: 'NOT_IMPLEMENTED',
  503: 'TEMPORARILY_UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

export const WireError = z.object({ error_code: z.string(), message: z.string() })

/** An error as MLflow's clients read it: they go by `error_code`, not by the status. */
export function wireError(error: BellwetherError): { status: number; body: z.output<typeof WireError> } {
  const [code, status] = WIRE_CODES[error.code] ?? [BY_STATUS[error.status] ?? 'INTERNAL_ERROR', error.status]
  return { status, body: { error_code: code, message: error.message } }
}

/**
 * The first fault of an input in MLflow's words: what is missing, or what value was found where.
 * @param source The body as it was sent, so that 9.0 is shown as 9.0.
 */
export function inputError(error: z.ZodError, input: unknown, source: string | undefined): BellwetherError {
  const issue = error.issues[0]!
  const path = shownPath(issue.path)
  const value = valueAt(input, issue.path)
  const help = 'See the API docs for more information about request parameters.'
  if (value === undefined || value === null || value === '')
    return invalidParameter(path, `Missing value for required parameter '${path}'. ${help}`)
  const shown = (typeof value === 'number' && numberAsSent(source, issue.path)) || shownValue(value)
  return invalidParameter(
    path,
    `Invalid value ${shown} for parameter '${path}' supplied:  Hint: Value was of type '${typeName(value)}'. ${help}`,
  )
}

function shownPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('')
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const part of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}

class NumberSource {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

/** The reviver's third argument (ECMAScript: JSON.parse source text access) is not in TypeScript's library yet. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

function numberAsSent(source: string | undefined, path: readonly PropertyKey[]): string | null {
  if (source === undefined) return null
  const keep: Reviver = (_key, value, { source: text }) =>
    typeof value === 'number' && text !== undefined ? new NumberSource(text.slice(0, 60)) : value
  const found = valueAt(JSON.parse(source, keep as (key: string, value: unknown) => unknown), path)
  return found instanceof NumberSource ? found.source : null
}

/** Python's name for it, which is what MLflow's users see. */
function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return { string: 'str', boolean: 'bool' }[typeof value as string] ?? 'dict'
}
