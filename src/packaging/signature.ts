import { z } from 'zod'
import { ColumnSchema } from '../table/schema.ts'

const shared = {
  /** Columns that a request must or may carry, in order. */
  inputs: z.array(ColumnSchema),
  /** Further columns of the training data (target, id): a request may carry them, and they are not read. */
  ignored: z.array(z.string()).optional(),
  /** An example made from training statistics (medians and modes), never a person's row. */
  example: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
}

/** Of a model that predicts a target. */
export const PredictingSignature = z.object({
  task: z.enum(['classification', 'regression']),
  target: z.object({
    name: z.string(),
    classes: z.array(z.string()).describe('Labels in the order of the probabilities; empty for regression.'),
  }),
  ...shared,
})
export type PredictingSignature = z.output<typeof PredictingSignature>

/** Of a model that says which cluster a row belongs to. */
export const ClusteringSignature = z.object({
  task: z.literal('clustering'),
  target: z.null(),
  clusters: z.int().min(1).describe('Number of clusters; an answer is a number from 0 to one less.'),
  beside: z
    .enum(['distances', 'probabilities'])
    .describe('What is said of each cluster beside the answer: the distance to its centre, or its probability.'),
  ...shared,
})
export type ClusteringSignature = z.output<typeof ClusteringSignature>

/** What goes into a model and what comes out: the contract of a version, of its HTTP schema, of its form. */
export const ModelSignature = z.discriminatedUnion('task', [PredictingSignature, ClusteringSignature])
export type ModelSignature = z.output<typeof ModelSignature>
