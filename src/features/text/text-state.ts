import { z } from 'zod'
import { byCodePoint } from '../../table/code-point-order.ts'
import { CountOptions, HashingOptions, TfidfOptions } from './text-options.ts'

const FORMAT = { format: z.literal('bellwether-text'), version: z.literal(1) }

/** Terms, each once: a term twice would take the columns behind it out of place. */
const Names = z
  .array(z.string().min(1))
  .min(1)
  .refine((names) => names.every((name, i) => i === 0 || byCodePoint(names[i - 1]!, name) < 0), {
    message: 'the terms do not ascend by code point',
  })

const Idf = z
  .custom<Float64Array>((value) => value instanceof Float64Array, 'expected a Float64Array')
  .refine((idf) => idf.every((value) => Number.isFinite(value) && value > 0), { message: 'a weight is not above 0' })

const CountState = z.strictObject({ ...FORMAT, type: z.literal('count'), options: CountOptions, names: Names })
export type CountState = z.output<typeof CountState>

const TfidfState = z
  .strictObject({ ...FORMAT, type: z.literal('tfidf'), options: TfidfOptions, names: Names, idf: Idf.nullable() })
  .refine(({ names, idf }) => idf === null || idf.length === names.length, { message: 'weights and terms do not fit' })
  .refine(({ options, idf }) => options.useIdf === (idf !== null), { message: 'weights and `useIdf` do not fit' })
export type TfidfState = z.output<typeof TfidfState>

const HashingState = z.strictObject({ ...FORMAT, type: z.literal('hashing'), options: HashingOptions })
export type HashingState = z.output<typeof HashingState>

/** State of a fitted vectoriser: typed arrays and JSON, as `packaging/` keeps it. */
export const TextState = z.discriminatedUnion('type', [CountState, TfidfState, HashingState])
export type TextState = z.output<typeof TextState>
