import type { FastifySchemaCompiler } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CONFIDENCE } from '../../serve/record-schema.ts'

const id = z.string().describe('Names this prediction; an outcome that arrives later refers to it.')
const warnings = z
  .array(z.object({ path: z.string(), message: z.string() }))
  .describe('Values that training never saw: scored all the same.')

export const ExplanationAnswer = z
  .object({
    score: z.string().describe('What base and contributions add up to, such as "softmax score of Dropout".'),
    base: z
      .number()
      .describe('The score without knowing the record; of a blend the mean score of its background rows.'),
    total: z.number().describe('base and all contributions together.'),
    backgroundRows: z
      .int()
      .optional()
      .describe('Of a blend: how many made-up rows, spread as those of training, the record is compared with.'),
    contributions: z
      .array(
        z.object({
          feature: z.string(),
          value: z
            .union([z.string(), z.number(), z.boolean(), z.null()])
            .describe('As sent; null where it is missing, and for texts, which are not sent back.'),
          contribution: z.number(),
          terms: z
            .array(z.object({ term: z.string(), contribution: z.number() }))
            .optional()
            .describe('Of a text, its own terms that move the score most, at most 10, largest first.'),
        }),
      )
      .describe('Largest influence first.'),
  })
  .describe('Only with `explain: true`.')

export const ClassPredictionAnswer = z.object({
  id,
  label: z.string(),
  confidence: z.number().describe(CONFIDENCE),
  probabilities: z.record(z.string(), z.number()),
  set: z
    .array(z.string())
    .nullable()
    .describe('Labels that hold the truth with the promised probability; null when nothing is promised.'),
  warnings,
  explanation: ExplanationAnswer.optional(),
})

export const ValuePredictionAnswer = z.object({
  id,
  value: z.number(),
  interval: z
    .array(z.number())
    .length(2)
    .nullable()
    .describe('Bounds that hold the truth with the promised probability; null when nothing is promised.'),
  warnings,
  explanation: ExplanationAnswer.optional(),
})

export const ClusterPredictionAnswer = z.object({
  id,
  cluster: z.int().describe('From 0; the number means nothing by itself.'),
  probabilities: z.array(z.number()).optional().describe('Of each cluster, in their order; mixtures have them.'),
  distances: z
    .array(z.number())
    .optional()
    .describe('To the centre of each cluster, in the columns that the clusterer sees; k-means has them.'),
  warnings,
  explanation: ExplanationAnswer.optional(),
})

export const ModelAnswer = z.object({
  name: z.string(),
  version: z.int(),
  alias: z.string().nullable().describe('null when asked for by number'),
})

/** Documents the body; requests are read by `readPredictRequest`, records by the model's own reader. */
export const PredictBody = z.strictObject({
  records: z.array(z.record(z.string(), z.unknown())).describe("Objects with the columns of the model's signature."),
  explain: z.boolean().optional().describe('Add the contributions to each prediction. Default: false.'),
  onError: z
    .enum(['refuse', 'partial'])
    .optional()
    .describe(
      '`refuse` (default): one bad record refuses the request, with every fault named. `partial`: good records are answered, bad ones carry their errors.',
    ),
})

/** Bodies of the hot routes are read by hand; their schema documents them. */
export const bodyByHand: FastifySchemaCompiler<unknown> = ({ schema, ...route }) =>
  route.httpPart === 'body'
    ? (value: unknown) => ({ value })
    : validatorCompiler({ schema: schema as z.ZodType, ...route })
