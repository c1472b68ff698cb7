import type { ClusteringSignature, ModelSignature } from '../packaging/signature.ts'
import { categoryValue } from '../table/category-value.ts'
import type { ColumnSchema } from '../table/schema.ts'

/** A JSON Schema (2020-12, as in OpenAPI 3.1). */
export type JsonSchema = { readonly [key: string]: unknown }

/** Categories that a description names; the rest is counted. */
const MAX_NAMED = 40

/**
 * The schema of one record. What the project declares of a column is a constraint; what training saw is description and example
 * only, because a value outside of it is scored all the same.
 */
export function recordSchema({ inputs, ignored = [], example }: ModelSignature): JsonSchema {
  const required = inputs.filter((column) => !mayBeAbsent(column)).map(({ name }) => name)
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(inputs.map((column) => [column.name, columnSchema(column, example[column.name])])),
      ...Object.fromEntries(ignored.map((name) => [name, { description: 'May be sent, and is not read.' }])),
    },
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    examples: [example],
  }
}

function columnSchema(column: ColumnSchema, example: unknown): JsonSchema {
  const { declared, unit } = column
  const types = jsonTypes(column)
  const values = declared.categories?.map((text) => categoryValue(column, text))
  return {
    type: declared.required ? types : [...types, 'null'],
    ...(values ? { enum: declared.required ? values : [...values, null] } : {}),
    ...(column.kind === 'number' && declared.min !== undefined ? { minimum: declared.min } : {}),
    ...(column.kind === 'number' && declared.max !== undefined ? { maximum: declared.max } : {}),
    description: describe(column),
    ...(example === undefined || example === null ? {} : { examples: [example] }),
    ...(unit === undefined ? {} : { 'x-unit': unit }),
  }
}

/** As the record reader has it: a key may be left out where training saw missing values. */
function mayBeAbsent({ declared, observed }: ColumnSchema): boolean {
  return observed.missing > 0 && !declared.required
}

function jsonTypes({ kind, dataType, declared }: ColumnSchema): string[] {
  if (kind === 'text' || kind === 'date') return ['string']
  // Whole numbers are a must where they are declared; where they were merely seen, a fraction is scored with a warning.
  if (kind === 'number') return [declared.dataType === 'integer' ? 'integer' : 'number']
  switch (dataType) {
    case 'integer':
      return ['integer']
    case 'float':
      return ['number']
    case 'boolean':
      return ['boolean']
    default:
      return ['string']
  }
}

function describe(column: ColumnSchema): string {
  const { kind, declared, observed, labels, unit, description } = column
  const sentences: string[] = []
  if (description) sentences.push(description.endsWith('.') ? description : `${description}.`)
  if (unit) sentences.push(`In ${unit}.`)
  if (kind === 'date') sentences.push('A date in ISO 8601.')
  if (kind === 'category') {
    const codes = declared.categories ?? observed.categories
    const named = codes
      .slice(0, MAX_NAMED)
      .map((code) => (labels && Object.hasOwn(labels, code) ? `${code} (${labels[code]})` : code))
    const rest = codes.length > MAX_NAMED ? ` and ${codes.length - MAX_NAMED} more` : ''
    if (codes.length > 0)
      sentences.push(`${declared.categories ? 'One of' : 'Seen in training'}: ${named.join(', ')}${rest}.`)
  } else if (observed.min !== null && observed.max !== null) {
    const show = (value: number) => (kind === 'date' ? new Date(value).toISOString().slice(0, 10) : String(value))
    sentences.push(`Seen in training: ${show(observed.min)} to ${show(observed.max)}.`)
  }
  if (!declared.required)
    sentences.push(
      mayBeAbsent(column)
        ? 'May be null or left out: filled in as in training.'
        : 'May be null: filled in as in training.',
    )
  return sentences.join(' ')
}

/** What `confidence` is, wherever an answer is described. */
export const CONFIDENCE =
  'Probability of the label; another class may have more where the model weighs classes to decide (`decision`), see `probabilities`.'

/** The schema of one answer: the labels by name, each with its probability. */
export function predictionSchema(signature: ModelSignature, explanation: JsonSchema): JsonSchema {
  const warnings = {
    type: 'array',
    description: 'Values that training never saw: scored all the same.',
    items: {
      type: 'object',
      properties: { path: { type: 'string' }, message: { type: 'string' } },
      required: ['path', 'message'],
    },
  }
  const id = { type: 'string', description: 'Names this prediction; an outcome that arrives later refers to it.' }
  if (signature.task === 'clustering') return clusterSchema(signature, { id, warnings, explanation })
  const { task, target } = signature
  if (task === 'regression') {
    return {
      type: 'object',
      properties: {
        id,
        value: { type: 'number', description: `${target.name}, predicted.` },
        interval: {
          type: ['array', 'null'],
          items: { type: 'number' },
          minItems: 2,
          maxItems: 2,
          description: 'Bounds that hold the truth with the promised probability; null when nothing is promised.',
        },
        warnings,
        explanation,
      },
      required: ['id', 'value', 'interval', 'warnings'],
    }
  }
  const label = { type: 'string', enum: target.classes }
  const probability = { type: 'number', minimum: 0, maximum: 1 }
  return {
    type: 'object',
    properties: {
      id,
      label: { ...label, description: `${target.name}, predicted.` },
      confidence: { ...probability, description: CONFIDENCE },
      probabilities: {
        type: 'object',
        properties: Object.fromEntries(target.classes.map((name) => [name, probability])),
        required: target.classes,
        additionalProperties: false,
      },
      set: {
        type: ['array', 'null'],
        items: label,
        description:
          'Labels that hold the truth with the promised probability, most probable first; null when nothing is promised.',
      },
      warnings,
      explanation,
    },
    required: ['id', 'label', 'confidence', 'probabilities', 'set', 'warnings'],
  }
}

function clusterSchema(
  { clusters, beside }: ClusteringSignature,
  { id, warnings, explanation }: Readonly<Record<'id' | 'warnings' | 'explanation', JsonSchema>>,
): JsonSchema {
  const each = { minItems: clusters, maxItems: clusters }
  return {
    type: 'object',
    properties: {
      id,
      cluster: {
        type: 'integer',
        minimum: 0,
        maximum: clusters - 1,
        description: 'The cluster that the record belongs to.',
      },
      [beside]:
        beside === 'probabilities'
          ? {
              type: 'array',
              items: { type: 'number', minimum: 0, maximum: 1 },
              ...each,
              description: 'Of each cluster, in their order.',
            }
          : {
              type: 'array',
              items: { type: 'number', minimum: 0 },
              ...each,
              description: 'To the centre of each cluster, in their order.',
            },
      warnings,
      explanation,
    },
    required: ['id', 'cluster', beside, 'warnings'],
  }
}
