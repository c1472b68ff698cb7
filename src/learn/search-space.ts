import { z } from 'zod'

const number = z.number()

/** A distribution that a search draws one option's value from. */
export const Distribution = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('choice'),
      values: z
        .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
        .min(1)
        .readonly(),
    })
    .describe('One of the values, each as likely.'),
  z
    .strictObject({ type: z.literal('uniform'), low: number, high: number })
    .describe('A number between the bounds, each as likely.'),
  z
    .strictObject({ type: z.literal('logUniform'), low: number.positive(), high: number.positive() })
    .describe('A number whose logarithm is uniform.'),
  z
    .strictObject({ type: z.literal('int'), low: z.int(), high: z.int(), log: z.boolean().optional() })
    .describe('A whole number from low to high, both included; with log, its logarithm is uniform.'),
])
export type Distribution = z.output<typeof Distribution>

/** Option name -> distribution. Options that are left out keep their default. */
export type SearchSpace = Readonly<Record<string, Distribution>>
