type Json = Readonly<Record<string, unknown>>
type Operation = Json & { readonly responses?: Readonly<Record<string, Json>>; readonly security?: unknown }

/** How a caller shows who it is; docs/security.md says how each is read. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key (`bw_…`), or an access token of the identity provider that the server is set to.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' },
  basic: {
    type: 'http',
    scheme: 'basic',
    description: 'An API key as the password, with any user name; for programs that know nothing else.',
  },
} as const

/** Any one of them. */
export const ANY_CREDENTIAL = Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] }))

const retryAfter = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } }

/** What every route can answer before its handler is asked. */
const BEFORE_HANDLERS: Readonly<Record<string, { readonly description: string; readonly headers?: Json }>> = {
  401: {
    description: 'The credential is missing or not valid.',
    headers: { 'WWW-Authenticate': { description: 'How to show one.', schema: { type: 'string' } } },
  },
  403: { description: 'Who asks may not do this, or the Host or the Origin is not allowed.' },
  429: { description: 'Too many requests, or too many wrong credentials.', headers: retryAfter },
  503: { description: 'Not now: the server is too busy, closing, or cannot reach what it needs.', headers: retryAfter },
}

const OUR_ERROR = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

/**
 * Adds to each operation the answers that come before its handler, in the shape in which its protocol says what is wrong, and
 * keeps what it says of them itself. Public routes have them too: a credential that is no good is refused there as well.
 */
export function withAccessAnswers(paths: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, extended(operation as Operation)])),
    ]),
  )
}

function extended(operation: Operation): Operation {
  const responses = operation.responses ?? {}
  const own = responses['400'] ?? responses['404'] ?? responses['403']
  const content = own?.['content'] ?? OUR_ERROR
  const added = Object.fromEntries(
    Object.entries(BEFORE_HANDLERS).map(([status, { description, headers }]) => {
      const said = responses[status]
      return [
        status,
        {
          content,
          ...said,
          description: !said || said['description'] === 'Default Response' ? description : said['description'],
          ...(headers ? { headers: { ...headers, ...(said?.['headers'] as Json | undefined) } } : {}),
        },
      ]
    }),
  )
  return { ...operation, responses: { ...responses, ...added } }
}
