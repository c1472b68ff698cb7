import type { FastifyError, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { BellwetherError, type ErrorCode } from '../errors.ts'
import { isConfined, type Principal } from '../security/principal.ts'
import { invalid } from '../serve/predict-request.ts'

/** Fastify's own errors that a client can cause, as ours. Their messages are ours too: Fastify's quote the path. */
const FASTIFY_ERRORS: Readonly<Record<string, { readonly code: ErrorCode; readonly message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'BODY_TOO_LARGE', message: 'The body is larger than this server takes.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'UNSUPPORTED_MEDIA_TYPE', message: 'The body has to be application/json.' },
  FST_ERR_CTP_EMPTY_TYPE: { code: 'UNSUPPORTED_MEDIA_TYPE', message: 'The body has to be application/json.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'MALFORMED_JSON', message: 'The body is empty; expected one JSON document.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'MALFORMED_REQUEST',
    message: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_BAD_URL: { code: 'MALFORMED_REQUEST', message: 'The path is not valid percent-encoding.' },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'ROUTE_NOT_FOUND',
    message: 'There is nothing at this path: a part of it is too long.',
  },
}

type WhoAsks = Pick<FastifyRequest, 'id'> & { readonly principal?: Principal | null }

/**
 * What a client is told of an error. Ours as they are; Fastify's and Zod's in our words; whatever else happened is INTERNAL
 * with the request's id and nothing more.
 */
export function toPublicError(error: unknown, { id: requestId, principal }: WhoAsks): BellwetherError {
  if (error instanceof BellwetherError) {
    // The store's message names every model that there is.
    if (error.code === 'MODEL_NOT_FOUND' && principal && isConfined(principal))
      return new BellwetherError('MODEL_NOT_FOUND', 'There is no model of this name.', { cause: error })
    const isClients = error.status < 500 && !Object.hasOwn(STATE_OF_STORE, error.code)
    return isClients || SAYS_ENOUGH.has(error.code) ? error : withoutMessage(error, requestId)
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'request')
    return invalid(
      error.validation.map(({ instancePath, message }) => ({
        path: [where, ...instancePath.split('/').filter(Boolean)].join('.'),
        message: message ?? 'not as expected',
      })),
    )
  }
  const { code, statusCode } = (error ?? {}) as Partial<FastifyError>
  const known = code === undefined ? undefined : FASTIFY_ERRORS[code]
  if (known) return new BellwetherError(known.code, known.message)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new BellwetherError('MALFORMED_REQUEST', 'The request could not be read.', { cause: error })
  }
  return internal(requestId, error)
}

/** Codes of the server's own state, whose messages name models only. */
const SAYS_ENOUGH: ReadonlySet<ErrorCode> = new Set(['MODEL_UNAVAILABLE', 'NOT_READY', 'OVERLOADED'])

/** What has become of the place where state is kept, in words that name no place. MLflow's clients show nothing but the message. */
const STATE_OF_STORE: { readonly [Code in ErrorCode]?: string } = {
  STORAGE_FULL: 'no space is left where this server keeps its state',
  STORAGE_FAILED: 'the disk failed where this server keeps its state',
  HOME_READ_ONLY: 'what this server keeps can only be read now',
  HOME_DENIED: 'this server may not reach what it keeps',
  HOME_LOCKED: 'another process has been writing for too long',
  HOME_CORRUPT: 'what this server keeps is damaged',
  HOME_NOT_FOUND: 'what this server keeps is no longer there',
  HOME_NOT_A_FOLDER: 'what this server keeps is no longer there',
  DATABASE_UNREACHABLE: 'the database does not answer',
  BLOB_STORE_UNREACHABLE: 'the object store does not answer',
  BLOB_CORRUPT: 'a stored file is damaged',
}

/** The code and its hint; the message may name a place on this machine, and stays in the log. */
function withoutMessage(error: BellwetherError, requestId: string): BellwetherError {
  const why = STATE_OF_STORE[error.code]
  return new BellwetherError(error.code, `The request failed${why ? `: ${why}` : ''}; its id is ${requestId}.`, {
    hint: error.hint,
    cause: error,
  })
}

function internal(requestId: string, cause: unknown): BellwetherError {
  return new BellwetherError('INTERNAL', `The request failed; its id is ${requestId}.`, { cause })
}
