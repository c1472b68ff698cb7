import { z } from 'zod'

const rule = (check: z.ZodType<number>, value: number, description: string) =>
  check.nullable().default(value).describe(`${description} null: not looked at.`)

/** Who asks a model as one who copies it: what is looked for, and what is done. */
export const ExtractionSettings = z.strictObject({
  watch: z.boolean().default(true).describe('Whether callers are watched.'),
  refuse: z
    .boolean()
    .default(false)
    .describe('Whether a caller who raised an alert gets 429 for predictions until the window has passed.'),
  windowMinutes: z.int().min(6).max(1440).default(60).describe('How far back is looked; it slides in sixths.'),
  minRecords: z.int().min(100).default(200).describe('Different records from which on anything is said.'),
  oneFieldShare: rule(
    z.number().min(0.1).max(1),
    0.5,
    'Share of records that differ in one field from one before (`one-field-sweep`).',
  ),
  evenness: rule(
    z.number().min(0),
    0.5,
    'How much rather, in nats a record, fields come from even draws than from the training data (`random-probing`).',
  ),
  normality: rule(
    z.number().min(0.1).max(0.99),
    0.65,
    'Normality of the distances to earlier records, below which they are made up (`unnatural-distances`).',
  ),
  distinctRecords: rule(z.int().min(100), 100_000, 'Different records in the window (`many-records`).'),
  limitShare: rule(
    z.number().min(0.1).max(1),
    0.9,
    'Share of the rate that a caller has, used for half of the window (`near-the-limit`).',
  ),
})
export type ExtractionSettings = z.output<typeof ExtractionSettings>
