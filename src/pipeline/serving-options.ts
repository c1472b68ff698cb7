import { z } from 'zod'
import { ActionableOptions } from '../packaging/actionable/actionable-options.ts'
import { TrafficPlan } from '../track/traffic-plan.ts'

/** `serving.predictionLog` of the project file. */
export const PredictionLogOptions = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether predictions are kept.'),
  durability: z
    .enum(['window', 'request'])
    .default('window')
    .describe('window: on disk within 200 ms, answers do not wait; request: on disk before the answer goes out.'),
  retentionDays: z.int().min(1).max(36_500).default(365).describe('Days after which predictions are removed.'),
  sensitive: z
    .enum(['drop', 'hash', 'encrypt'])
    .default('drop')
    .describe(
      'What becomes of sensitive columns that a request carries: dropped (fairness in production then needs outcomes with groups); keyed hashes; encrypted, where an encryption key is set.',
    ),
})
export type PredictionLogOptions = z.output<typeof PredictionLogOptions>

/** The `serving` section of the project file; a version's package carries it. */
export const ServingOptions = z.strictObject({
  predictionLog: PredictionLogOptions.prefault({}).describe('What is kept of predictions.'),
  cloudEvents: z
    .boolean()
    .default(true)
    .describe("Whether predictions go to the collector that the server's settings name, where they name one."),
  actionable: ActionableOptions.default({}).describe(
    'Columns that people can do something about, such as hours of tutoring: what a what-if may change, and how far.',
  ),
  traffic: TrafficPlan.optional().describe(
    "Who answers the model's requests, until `bellwether models traffic` says otherwise; left out: the champion.",
  ),
})
export type ServingOptions = z.output<typeof ServingOptions>
