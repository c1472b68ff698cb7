import { z } from 'zod'
import { ColumnSchema } from '../table/schema.ts'

/** What goes into a model and what comes out: the contract of a version, of its HTTP schema, of its form. */
export const ModelSignature = z.object({
  task: z.enum(['classification', 'regression']),
  target: z.object({
    name: z.string(),
    classes: z.array(z.string()).describe('Labels in the order of the probabilities; empty for regression.'),
  }),
  /** Columns that a request must or may carry, in order. */
  inputs: z.array(ColumnSchema),
  /** Further columns of the training data (target, id): a request may carry them, and they are not read. */
  ignored: z.array(z.string()).optional(),
  /** An example made from training statistics (medians and modes), never a person's row. */
  example: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})
export type ModelSignature = z.output<typeof ModelSignature>
