import { BellwetherError, type ErrorCode } from '../../errors.ts'

/** By SQLSTATE, or its class (the first two characters): https://www.postgresql.org/docs/current/errcodes-appendix.html */
const STATES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '08': ['DATABASE_UNREACHABLE', 'the connection was lost'],
  '57P01': ['DATABASE_UNREACHABLE', 'the server is shutting down'],
  '57P02': ['DATABASE_UNREACHABLE', 'the server crashed'],
  '57P03': ['DATABASE_UNREACHABLE', 'the server is starting up or shutting down'],
  '57P05': ['DATABASE_UNREACHABLE', 'the server ended an idle session'],
  '25P03': ['DATABASE_UNREACHABLE', 'the server ended a session that did nothing inside a transaction'],
  '53300': ['DATABASE_UNREACHABLE', 'the server has no connection left'],
  '53100': ['STORAGE_FULL', 'no space is left'],
  '53': ['DATABASE_UNREACHABLE', 'the server is short of resources'],
  '55P03': ['HOME_LOCKED', 'another process has been writing for too long'],
  '57014': ['HOME_LOCKED', 'a statement took longer than its time limit'],
  '40': ['HOME_LOCKED', 'another process wrote at the same time'],
  '25006': ['HOME_READ_ONLY', 'it can only be read'],
  '28': ['HOME_DENIED', 'the server refused the user or the password'],
  '42501': ['HOME_DENIED', 'this user has not the rights that it needs'],
  '3D000': ['HOME_NOT_FOUND', 'the server has no such database'],
  '3F000': ['HOME_NOT_FOUND', 'the database has no such schema'],
  '22021': ['INVALID_INPUT', 'a text holds what the database can not'],
  '22003': ['INVALID_INPUT', 'a number is out of range'],
  '22P02': ['INVALID_INPUT', 'a value is of another type than its column'],
  '54': ['INVALID_INPUT', 'a text is too long for the database'],
  '58': ['STORAGE_FAILED', 'its disk failed'],
  XX001: ['HOME_CORRUPT', 'its data are damaged'],
  XX002: ['HOME_CORRUPT', 'an index is damaged'],
}

const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // a socket in the file system
])

/** What the driver says, without a code, of a connection that ended or never came about. */
const LOST = /connection (?:terminated|ended)|terminat\w+ due to|timeout exceeded when trying to connect|not queryable/i

/**
 * What PostgreSQL or the driver said, as one clear error. Messages and causes name the place (without its password) and the SQLSTATE, and
 * never the SQL or its values, which the server's own messages quote.
 */
export function postgresError(error: unknown, place: string): BellwetherError {
  if (error instanceof BellwetherError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  const state = typeof code === 'string' ? code : ''
  if (SYSTEM_CODES.has(state)) return failure('DATABASE_UNREACHABLE', place, 'no connection', state)
  if (state === '' && typeof message === 'string' && LOST.test(message))
    return failure('DATABASE_UNREACHABLE', place, 'the connection was lost', 'by the driver')
  if (/^(?:CERT|ERR_TLS|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(state))
    return failure('DATABASE_UNREACHABLE', place, 'its TLS certificate was refused', state)
  const known = STATES[state] ?? STATES[state.slice(0, 2)]
  if (known) return failure(known[0], place, known[1], state)
  if (state !== '') return failure('INTERNAL', place, 'it refused a statement', state)
  // The driver's own complaints (an unknown authentication method, TLS that the server has not) carry no values.
  return new BellwetherError('DATABASE_UNREACHABLE', `${place}: ${String(message).slice(0, 200)}.`)
}

/** Whether a fresh connection may do better. */
export function isLost(error: unknown, place: string): boolean {
  return postgresError(error, place).code === 'DATABASE_UNREACHABLE'
}

function failure(code: ErrorCode, place: string, what: string, detail: string): BellwetherError {
  return new BellwetherError(code, `${place}: ${what} (PostgreSQL ${detail}).`)
}
