import { z } from 'zod'

/** `cloudEvents` of the server's settings. */
export const CloudEventSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .describe('Where events are posted. The address must be public, unless `allowPrivate`.'),
  mode: z
    .enum(['structured', 'batch'])
    .default('structured')
    .describe('structured: one event in a post; batch: up to `batchSize` of them, as a JSON array.'),
  events: z
    .array(z.enum(['request', 'response']))
    .min(1)
    .default(['request', 'response'])
    .describe('What is sent of each request that was scored.'),
  source: z
    .string()
    .min(1)
    .max(500)
    .default('bellwether')
    .describe('`source` of the events: which installation this is.'),
  namespace: z.string().max(253).default('').describe('`namespace` of the events, as KServe has it.'),
  headersFromEnv: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().min(1))
    .default({})
    .describe('Headers, with the environment variables that hold their values, such as a token.'),
  allowPrivate: z.boolean().default(false).describe('Whether the address may be of a private network.'),
  batchSize: z.int().min(1).max(1000).default(100).describe('Events in a post of a batch.'),
  timeoutMs: z.int().min(100).max(300_000).default(10_000).describe('For one post.'),
  attempts: z.int().min(1).max(20).default(6).describe('Posts of the same events before they are dropped.'),
  queueBytes: z
    .int()
    .min(64 * 1024)
    .default(16 * 1024 * 1024)
    .describe('Events that may wait, by their size; those beyond are dropped.'),
})
export type CloudEventSettings = z.output<typeof CloudEventSettings>
