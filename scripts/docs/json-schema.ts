import { code } from './markdown.ts'

/** What these pages read of a JSON Schema that Zod made. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
}

/** A type in words, such as "whole number from 2 to 100" or "list of texts". `many` gives the plural. */
export function typeInWords(schema: JsonSchema, many = false): string {
  if (schema.const !== undefined) return code(literal(schema.const))
  if (schema.enum) return schema.enum.map((value) => code(literal(value))).join(', ')
  if (schema.anyOf) return schema.anyOf.map((each) => typeInWords(each, many)).join(' or ')
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeInWords({ type }, many)).join(' or ')
  switch (schema.type) {
    case 'string':
      return many ? 'texts' : 'text'
    case 'boolean':
      return many ? 'true and false' : '`true`, `false`'
    case 'null':
      return '`null`'
    case 'integer':
      return `whole number${many ? 's' : ''}${bounds(schema)}`
    case 'number':
      return `number${many ? 's' : ''}${bounds(schema)}`
    case 'array':
      return `list${many ? 's' : ''} of ${schema.items?.properties ? 'sections' : typeInWords(schema.items ?? {}, true)}`
    case 'object':
      if (typeof schema.additionalProperties !== 'object') return many ? 'sections' : 'section'
      return `map${many ? 's' : ''} from name to ${typeInWords(schema.additionalProperties)}`
    default:
      return 'anything'
  }
}

/** A value as YAML and JSON write it. */
export function literal(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value)
}

function bounds(schema: JsonSchema): string {
  const { minimum, exclusiveMinimum, exclusiveMaximum } = schema
  // Zod's bound of every whole number says nothing.
  const maximum = schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  const words = [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
  ]
  return words.length ? ` ${words.join(' and ')}` : ''
}
