import { z } from 'zod'
import { DatePart, TextMeasure } from './feature-options.ts'
import { TextState } from './text/text-state.ts'

const finite = z.number()
const Clip = z.strictObject({ low: finite, high: finite })
const Scaling = z.strictObject({ center: finite, scale: finite })
const Steps = z.strictObject({ clip: Clip.nullable(), impute: finite.nullable(), scale: Scaling.nullable() })

const DateMeasure = z.strictObject({
  kind: z.literal('date'),
  part: DatePart,
  /** Latest date among the training rows, in milliseconds; `ageInDays` counts back from it. */
  reference: finite,
})
export type DateMeasure = z.output<typeof DateMeasure>

const Measure = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('value') }),
  DateMeasure,
  z.strictObject({ kind: z.literal('text'), measure: TextMeasure }),
])

const NumbersState = z
  .strictObject({
    type: z.literal('numbers'),
    source: z.string(),
    measures: z.array(Measure).min(1),
    steps: z.array(Steps),
    indicator: z.boolean(),
  })
  .refine((state) => state.steps.length <= state.measures.length && (state.steps.length > 0 || state.indicator), {
    message: 'steps and measures do not fit',
  })
export type NumbersState = z.output<typeof NumbersState>

const Int32 = z.custom<Int32Array<ArrayBuffer>>((value) => value instanceof Int32Array, 'expected an Int32Array')
const Float64 = z.custom<Float64Array<ArrayBuffer>>((value) => value instanceof Float64Array, 'expected a Float64Array')

const SlotsState = z
  .strictObject({
    type: z.literal('slots'),
    source: z.string(),
    categories: z.array(z.string()),
    /** Matrix column of each category, of missing, of unknown ones; -1 sets none. Shape (nCategories + 2). */
    slots: Int32,
    names: z.array(z.string()).min(1),
  })
  .refine(
    ({ slots, categories, names }) =>
      slots.length === categories.length + 2 && slots.every((slot) => slot >= -1 && slot < names.length),
    { message: 'slots do not fit the categories and names' },
  )
export type SlotsState = z.output<typeof SlotsState>

const ValuesState = z
  .strictObject({
    type: z.literal('values'),
    encode: z.enum(['ordinal', 'target', 'native']),
    source: z.string(),
    categories: z.array(z.string()),
    /** Number of each category, of missing, of unknown ones, one matrix column after the other. Shape (nColumns * (nCategories + 2)). */
    values: Float64,
    /** The last column tells where the source is missing. */
    names: z.array(z.string()).min(1),
  })
  .refine(({ values, categories, names }) => values.length === names.length * (categories.length + 2), {
    message: 'values do not fit the categories and names',
  })
export type ValuesState = z.output<typeof ValuesState>

const ExpressionStateSchema = z.strictObject({
  text: z.string(),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['number', 'category', 'date', 'text']),
      dataType: z.enum(['integer', 'float', 'string', 'boolean', 'date']),
    }),
  ),
})

/** Terms of a text column; `text` is the vectoriser's own state. */
const TermsState = z.strictObject({ type: z.literal('terms'), source: z.string(), text: TextState })
export type TermsState = z.output<typeof TermsState>

/** Blocks of terms stand behind all others, as their columns do in the matrix. */
export const BlockState = z.discriminatedUnion('type', [NumbersState, SlotsState, ValuesState, TermsState])
export type BlockState = z.output<typeof BlockState>

/** State of fitted features: typed arrays and JSON, as `packaging/` keeps it. */
export const FeaturesState = z.strictObject({
  format: z.literal('bellwether-features'),
  version: z.literal(1),
  encoding: z.enum(['linear', 'tree']),
  inputs: z.array(z.string()),
  derived: z.array(z.strictObject({ name: z.string(), expression: ExpressionStateSchema })),
  blocks: z.array(BlockState),
})
export type FeaturesState = z.output<typeof FeaturesState>
