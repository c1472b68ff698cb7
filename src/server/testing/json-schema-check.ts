/**
 * A small validator of JSON Schema 2020-12, with the keywords that our documents use and no others: a keyword that it does not
 * know is a fault of the schema, so that nothing passes by being overlooked.
 */
type Schema = Readonly<Record<string, unknown>>

const ANNOTATIONS = new Set([
  'description',
  'title',
  'examples',
  'example',
  'default',
  'x-unit',
  '$schema',
  'readOnly',
  'format',
  'id',
  '$id',
])

/** @returns every way in which the value is not what the schema says; empty when it fits */
export function validate(value: unknown, schema: unknown, root: unknown, at = '$'): string[] {
  if (schema === true) return []
  if (typeof schema !== 'object' || schema === null) return [`${at}: the schema is no object`]
  const faults: string[] = []
  for (const [keyword, argument] of Object.entries(schema as Schema)) {
    if (ANNOTATIONS.has(keyword)) continue
    const check = KEYWORDS[keyword]
    if (!check) faults.push(`${at}: unknown keyword "${keyword}"`)
    else faults.push(...check(value, argument, { schema: schema as Schema, root, at }))
  }
  return faults
}

/** Follows `#/a/b`. */
export function resolve(reference: string, root: unknown): unknown {
  const parts = reference.replace(/^#\//, '').split('/')
  return parts.reduce<unknown>(
    (place, part) => (place as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  )
}

interface Place {
  readonly schema: Schema
  readonly root: unknown
  readonly at: string
}

type Check = (value: unknown, argument: unknown, place: Place) => string[]

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: isObject,
}

const fault = (bad: boolean, at: string, message: string): string[] => (bad ? [`${at}: ${message}`] : [])

const KEYWORDS: Readonly<Record<string, Check>> = {
  $ref: (value, reference, { root, at }) => {
    const target = resolve(reference as string, root)
    return target === undefined ? [`${at}: ${reference} leads nowhere`] : validate(value, target, root, at)
  },
  type: (value, types, { at }) =>
    fault(![types].flat().some((type) => TYPES[type as string]?.(value)), at, `is no ${types}`),
  enum: (value, values, { at }) => fault(!(values as unknown[]).includes(value), at, 'is not one of the values'),
  const: (value, constant, { at }) => fault(value !== constant, at, `is not ${constant}`),
  minimum: (value, limit, { at }) =>
    fault(typeof value === 'number' && value < (limit as number), at, `is below ${limit}`),
  maximum: (value, limit, { at }) =>
    fault(typeof value === 'number' && value > (limit as number), at, `is above ${limit}`),
  exclusiveMinimum: (value, limit, { at }) =>
    fault(typeof value === 'number' && value <= (limit as number), at, `is not above ${limit}`),
  minLength: (value, limit, { at }) =>
    fault(typeof value === 'string' && value.length < (limit as number), at, 'is too short'),
  maxLength: (value, limit, { at }) =>
    fault(typeof value === 'string' && value.length > (limit as number), at, 'is too long'),
  pattern: (value, pattern, { at }) =>
    fault(typeof value === 'string' && !new RegExp(pattern as string, 'u').test(value), at, 'does not match'),
  minItems: (value, limit, { at }) =>
    fault(Array.isArray(value) && value.length < (limit as number), at, 'has too few items'),
  maxItems: (value, limit, { at }) =>
    fault(Array.isArray(value) && value.length > (limit as number), at, 'has too many items'),
  prefixItems: (value, schemas, { root, at }) =>
    Array.isArray(value)
      ? (schemas as unknown[]).flatMap((schema, i) =>
          i < value.length ? validate(value[i], schema, root, `${at}[${i}]`) : [],
        )
      : [],
  items: (value, schema, { schema: { prefixItems }, root, at }) => {
    if (!Array.isArray(value)) return []
    const from = Array.isArray(prefixItems) ? prefixItems.length : 0
    return value
      .slice(from)
      .flatMap((item, i) =>
        schema === false ? [`${at}: has more items than allowed`] : validate(item, schema, root, `${at}[${i + from}]`),
      )
  },
  properties: (value, schemas, { root, at }) =>
    isObject(value)
      ? Object.entries(schemas as Schema).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? validate(value[name], schema, root, `${at}.${name}`) : [],
        )
      : [],
  required: (value, names, { at }) =>
    isObject(value)
      ? (names as string[]).filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}.${name}: is missing`)
      : [],
  additionalProperties: (value, schema, { schema: { properties }, root, at }) => {
    if (!isObject(value)) return []
    const others = Object.keys(value).filter((name) => !Object.hasOwn((properties ?? {}) as Schema, name))
    return others.flatMap((name) =>
      schema === false
        ? [`${at}.${name}: is not allowed`]
        : isObject(schema)
          ? validate(value[name], schema, root, `${at}.${name}`)
          : [],
    )
  },
  propertyNames: (value, schema, { root, at }) =>
    isObject(value) ? Object.keys(value).flatMap((name) => validate(name, schema, root, `${at} (name)`)) : [],
  anyOf: (value, schemas, { root, at }) => {
    const tried = (schemas as unknown[]).map((schema) => validate(value, schema, root, at))
    return tried.some((faults) => faults.length === 0)
      ? []
      : [`${at}: fits none of ${tried.length} (${tried.map((faults) => faults[0]).join(' | ')})`]
  },
  oneOf: (value, schemas, { root, at }) => {
    const tried = (schemas as unknown[]).map((schema) => validate(value, schema, root, at))
    const fitting = tried.filter((faults) => faults.length === 0).length
    if (fitting === 1) return []
    return [
      fitting === 0
        ? `${at}: fits none of ${tried.length} (${tried.map((faults) => faults[0]).join(' | ')})`
        : `${at}: fits ${fitting} of ${tried.length}, expected one`,
    ]
  },
}
