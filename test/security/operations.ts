// biome-ignore lint/suspicious/noExplicitAny: a schema of a document is looked into at will
type Schema = any

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly required?: boolean
  readonly schema: Schema
}

export interface Operation {
  readonly method: string
  /** As the document writes it: `/api/v1/models/{name}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** Of a JSON body; null where there is none. */
  readonly body: Schema | null
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Schema>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

/** A request to send: the path is as it goes over the wire. */
export interface MadeRequest {
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly operation: string
}

export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Operation => {
      const body = operation.requestBody?.content?.['application/json']?.schema ?? null
      return {
        method: method.toUpperCase(),
        path,
        parameters: operation.parameters ?? [],
        body: body === null ? null : resolved(body, document),
      }
    }),
  )
}

/** A value that the schema takes, near enough to get past the first check: its example, else one of each kind. */
export function sampleOf(
  schema: Schema,
  document: OpenApi,
  known: (name: string) => unknown,
  name = '',
  depth = 0,
): unknown {
  const given = resolved(schema, document)
  const wanted = known(name)
  if (wanted !== undefined && typesOf(given).includes('string')) return wanted
  if (given.const !== undefined) return given.const
  if (given.enum) return given.enum[0]
  if (given.examples?.length > 0) return given.examples[0]
  if (given.default !== undefined) return given.default
  const choices = given.anyOf ?? given.oneOf ?? given.allOf
  if (choices) return sampleOf(choices[0], document, known, name, depth + 1)
  const [type] = typesOf(given)
  if (type === 'object' || given.properties) {
    const entries = Object.entries(given.properties ?? {})
    return Object.fromEntries(
      entries
        .slice(0, 60)
        .flatMap(([key, each]) => (depth > 4 ? [] : [[key, sampleOf(each, document, known, key, depth + 1)]])),
    )
  }
  if (type === 'array') return depth > 4 ? [] : [sampleOf(given.items ?? {}, document, known, name, depth + 1)]
  if (type === 'integer' || type === 'number') return Math.max(given.minimum ?? 1, 1)
  if (type === 'boolean') return true
  return type === 'null' ? null : 'text'
}

function typesOf(schema: Schema): string[] {
  return Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : ['string']
}

function resolved(schema: Schema, document: OpenApi): Schema {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? '')?.[1]
  return name ? (document.components?.schemas?.[name] ?? {}) : (schema ?? {})
}

/** A place in a request where a text stands. */
export type Place =
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'body'; readonly path: readonly (string | number)[] }
  | { readonly kind: 'key'; readonly path: readonly (string | number)[] }

/** Every parameter, and every member and text of the body; a body's object may also be given a member of the attacker's name. */
export function placesOf(operation: Operation, body: unknown): Place[] {
  const places: Place[] = operation.parameters
    .filter((parameter) => parameter.in === 'path' || parameter.in === 'query')
    .map(({ name }) => ({ kind: 'parameter', name }))
  const walk = (value: unknown, path: readonly (string | number)[]): void => {
    if (path.length > 6 || places.length > 80) return
    if (Array.isArray(value)) {
      for (const [i, each] of value.entries()) walk(each, [...path, i])
    } else if (typeof value === 'object' && value !== null) {
      places.push({ kind: 'key', path })
      for (const [key, each] of Object.entries(value)) walk(each, [...path, key])
    } else places.push({ kind: 'body', path })
  }
  if (operation.body !== null) walk(body, [])
  return places
}

/** The request with a text at one place, everything else as in the sample. */
export function attacked(
  operation: Operation,
  sample: { readonly parameters: Readonly<Record<string, unknown>>; readonly body: unknown },
  place: Place,
  payload: unknown,
): MadeRequest {
  const parameters: Record<string, unknown> = { ...sample.parameters }
  let body = sample.body
  if (place.kind === 'parameter') parameters[place.name] = payload
  else if (place.kind === 'body') body = replaced(body, place.path, () => payload)
  else
    body = replaced(body, place.path, (found) =>
      Object.fromEntries([
        ...Object.entries(found as object),
        [typeof payload === 'object' ? JSON.stringify(payload) : String(payload), payload],
      ]),
    )
  const query = operation.parameters
    .filter(
      ({ in: where, name, required }) =>
        where === 'query' && (required || (place.kind === 'parameter' && place.name === name)),
    )
    .map(({ name }) => `${encode(name)}=${encode(parameters[name])}`)
  const path = operation.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encode(parameters[name] ?? 'text'))
  return {
    method: operation.method,
    path: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    ...(operation.body === null || operation.method === 'GET' ? {} : { body: JSON.stringify(body) }),
    operation: `${operation.method} ${operation.path}`,
  }
}

/** Percent-encoded, lone surrogates as the bytes that no UTF-8 has. */
function encode(value: unknown): string {
  // `String` of an object runs what a made-up object calls `toString`.
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  try {
    return encodeURIComponent(text)
  } catch {
    return '%ED%A0%80'
  }
}

function replaced(
  value: unknown,
  [first, ...rest]: readonly (string | number)[],
  make: (found: unknown) => unknown,
): unknown {
  if (first === undefined) return make(value)
  if (Array.isArray(value)) return value.map((each, i) => (i === first ? replaced(each, rest, make) : each))
  return Object.fromEntries(
    Object.entries(value as object).map(([key, each]) => [key, key === first ? replaced(each, rest, make) : each]),
  )
}
