import { resolve, validate } from './json-schema-check.ts'

type Json = Readonly<Record<string, unknown>>

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/**
 * Checks the structure of an OpenAPI 3.1 document: what the specification requires of each object, that references lead
 * somewhere, that ids are unique, that path parameters and templates agree, and that examples fit their schemas.
 * @see https://spec.openapis.org/oas/v3.1.1
 * @returns every fault; empty for a valid document
 */
export function openApiFaults(document: Json): string[] {
  const faults: string[] = []
  const need = (condition: unknown, message: string) => {
    if (!condition) faults.push(message)
  }
  need(/^3\.1\.\d+$/.test(String(document['openapi'])), 'openapi is no 3.1 version')
  const info = document['info'] as Json | undefined
  need(typeof info?.['title'] === 'string' && typeof info['version'] === 'string', 'info needs title and version')
  const operationIds = new Set<unknown>()
  for (const [path, item] of Object.entries(document['paths'] as Record<string, Json>)) {
    need(path.startsWith('/'), `${path} does not start with a slash`)
    for (const [method, operation] of Object.entries(item) as [string, Json][]) {
      if (!METHODS.has(method)) {
        faults.push(`${path}: ${method} is no method`)
        continue
      }
      const at = `${method} ${path}`
      need(
        typeof operation['operationId'] === 'string' && !operationIds.has(operation['operationId']),
        `${at}: operationId is missing or not unique`,
      )
      operationIds.add(operation['operationId'])
      need(
        /^[A-Za-z][A-Za-z0-9]*$/.test(String(operation['operationId'])),
        `${at}: operationId ${operation['operationId']} is no word`,
      )
      const templates = Array.from(path.matchAll(/\{([^}]+)\}/g), ([, name]) => name)
      const parameters = (operation['parameters'] ?? []) as Json[]
      const inPath = parameters.filter((parameter) => parameter['in'] === 'path')
      need(
        JSON.stringify(templates.toSorted()) === JSON.stringify(inPath.map(({ name }) => name as string).toSorted()),
        `${at}: path parameters do not agree with the path`,
      )
      for (const parameter of parameters) {
        need(
          parameter['in'] !== 'path' || parameter['required'] === true,
          `${at}: path parameter ${parameter['name']} is not required`,
        )
        need(parameter['schema'], `${at}: parameter ${parameter['name']} has no schema`)
        faults.push(...schemaFaults(parameter['schema'], document, `${at} ${parameter['name']}`))
      }
      const responses = operation['responses'] as Record<string, Json> | undefined
      need(responses && Object.keys(responses).length > 0, `${at}: no responses`)
      for (const [status, response] of Object.entries(responses ?? {})) {
        need(/^[1-5]\d\d$/.test(status), `${at}: ${status} is no status`)
        need(typeof response['description'] === 'string', `${at} ${status}: no description`)
        faults.push(...contentFaults(response['content'], document, `${at} ${status}`))
      }
      const body = operation['requestBody'] as Json | undefined
      if (body) {
        need(isObject(body['content']), `${at}: the body has no content`)
        faults.push(...contentFaults(body['content'], document, `${at} body`))
      }
    }
  }
  for (const [name, schema] of Object.entries(
    ((document['components'] as Json | undefined)?.['schemas'] ?? {}) as Json,
  )) {
    need(/^[a-zA-Z0-9._-]+$/.test(name), `component ${name} is no name`)
    faults.push(...schemaFaults(schema, document, `component ${name}`))
  }
  return faults
}

function contentFaults(content: unknown, document: Json, at: string): string[] {
  return Object.values((content ?? {}) as Record<string, Json>).flatMap((media) => [
    ...schemaFaults(media['schema'], document, at),
    ...(media['example'] === undefined ? [] : validate(media['example'], media['schema'], document, `${at} example`)),
  ])
}

/** Whether a schema is one: types that exist, references that lead somewhere, examples that fit; in all of its parts. */
function schemaFaults(schema: unknown, document: Json, at: string): string[] {
  if (typeof schema === 'boolean') return []
  if (!isObject(schema)) return [`${at}: no schema`]
  const faults: string[] = []
  if (typeof schema['$ref'] === 'string' && resolve(schema['$ref'], document) === undefined)
    faults.push(`${at}: ${schema['$ref']} leads nowhere`)
  for (const type of [schema['type'] ?? []].flat()) {
    if (!['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'].includes(type as string))
      faults.push(`${at}: ${type} is no type`)
  }
  if (schema['enum'] !== undefined && !(Array.isArray(schema['enum']) && schema['enum'].length > 0))
    faults.push(`${at}: an enum without values`)
  if (schema['required'] !== undefined && !Array.isArray(schema['required'])) faults.push(`${at}: required is no list`)
  if ('nullable' in schema) faults.push(`${at}: nullable is of OpenAPI 3.0`)
  for (const example of (schema['examples'] ?? []) as unknown[])
    faults.push(...validate(example, schema, document, `${at} example`))
  for (const keyword of ['properties', '$defs']) {
    for (const [name, part] of Object.entries((schema[keyword] ?? {}) as Json))
      faults.push(...schemaFaults(part, document, `${at}.${name}`))
  }
  for (const keyword of ['anyOf', 'allOf', 'oneOf', 'prefixItems']) {
    for (const part of (schema[keyword] ?? []) as unknown[])
      faults.push(...schemaFaults(part, document, `${at}/${keyword}`))
  }
  for (const keyword of ['items', 'additionalProperties', 'propertyNames']) {
    if (schema[keyword] !== undefined) faults.push(...schemaFaults(schema[keyword], document, `${at}/${keyword}`))
  }
  return faults
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
