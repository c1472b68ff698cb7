import { z } from 'zod'

/**
 * How MLflow's clients write values (protobuf's JSON): whole numbers as numbers or as texts, numbers that are not finite as texts, null for
 * what is not set, and one value alone where a query string could have more.
 */

/** Not set: left out or null. */
export const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish()

export const text = z.string()
export const requiredText = z.string().min(1)

const LONG = /^[+-]?\d{1,19}$/
export const long = z.union([
  z.number().refine((value) => Number.isSafeInteger(value), 'expected a whole number'),
  z.string().regex(LONG).transform(Number).refine(Number.isSafeInteger),
])

const DOUBLE = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]?Infinity|[+-]?inf|nan)$/
export const double = z.union([
  z.number(),
  z
    .string()
    .max(400)
    .regex(DOUBLE)
    .transform((value) => Number(value.replace(/inf$/, 'Infinity').replace('nan', 'NaN'))),
])

export const bool = z.union([
  z.boolean(),
  z.enum(['true', 'false', 'True', 'False']).transform((value) => value.toLowerCase() === 'true'),
])

/** A repeated field; in a query string one value is not a list. */
export const texts = z.union([z.array(z.string()), z.string().transform((value) => [value])])
/** The same in a body, where a text is no list. */
export const listOfTexts = z.array(z.string())

/** An enum's name, or its number in the protocol. */
export function enumeration<const Names extends readonly string[]>(names: Names, first = 1) {
  return z.union([
    z.enum(names as unknown as [Names[number], ...Names[number][]]),
    z
      .union([z.number().int(), z.string().regex(/^\d+$/).transform(Number)])
      .refine((value) => names[value - first] !== undefined)
      .transform((value) => names[value - first] as Names[number]),
  ])
}

export const keyValue = z.object({ key: requiredText, value: optional(text) }).transform(({ key, value }) => ({
  key,
  value: value ?? '',
}))
export const keyValues = z.array(keyValue)
export const metricInput = z.object({
  key: requiredText,
  value: double,
  timestamp: long,
  step: optional(long),
  model_id: optional(text),
  dataset_name: optional(text),
  dataset_digest: optional(text),
})

export const viewType = optional(enumeration(['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL']))
export const runStatus = enumeration(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'])
