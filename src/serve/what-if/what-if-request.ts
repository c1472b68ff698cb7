import { z } from 'zod'

/** Body of a what-if request. The record itself is read by the model's own reader. */
export const WhatIfRequest = z.strictObject({
  record: z.record(z.string(), z.unknown()).describe("One object with the columns of the model's signature."),
  target: z
    .union([
      z.string().max(1000),
      z
        .strictObject({ min: z.number().optional(), max: z.number().optional() })
        .refine(({ min, max }) => min !== undefined || max !== undefined, { error: 'expected min, max or both' })
        .refine(({ min, max }) => min === undefined || max === undefined || min <= max, {
          error: 'expected min to be at most max',
        }),
    ])
    .optional()
    .describe(
      'Where the answer should move: a label (by default any other than the present one), or for a number its bounds.',
    ),
  fields: z
    .array(z.string().max(1000))
    .min(1)
    .max(1000)
    .optional()
    .describe('Of the actionable fields, those that may be changed. Default: all.'),
  maxFields: z.int().min(1).max(5).default(3).describe('How many fields the smallest change may touch.'),
})
export type WhatIfRequest = z.output<typeof WhatIfRequest>
