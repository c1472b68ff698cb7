import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { PredictionEntry, PredictionQuery } from '../../serve/prediction-log/prediction-log.ts'
import { mayUse } from '../access.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const time = z.coerce.number().int().nonnegative().describe('Milliseconds since 1970-01-01 UTC.')

const EntryAnswer = z.object({
  id: z.string(),
  time: z.number(),
  model: z.string(),
  version: z.int(),
  alias: z.string().nullable(),
  key: z.string().nullable().describe('Id of the API key that asked.'),
  request: z.string(),
  latencyMs: z.number(),
  features: z.record(z.string(), z.unknown()),
  answer: z.record(z.string(), z.unknown()),
})
const EntriesAnswer = z.object({
  predictions: z.array(EntryAnswer),
  more: z.boolean().describe('Whether there are more.'),
})

const ListQuery = z.strictObject({
  model: z.string().optional(),
  version: z.coerce.number().int().positive().optional(),
  since: time.optional(),
  until: time.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})
const PersonBody = z.strictObject({
  identifier: z
    .string()
    .regex(/\S/, 'not blank')
    .max(1000)
    .describe("The person's value of the project's id column; it goes into no log."),
})

/** `/api/v1/predictions`: what was answered, and what is erased of it. Sensitive columns are not shown here. */
export async function predictionRoutes(app: TypedApp, context: RouteContext): Promise<void> {
  const tags = ['predictions']
  const errors = errorAnswers('INVALID_INPUT', 'PREDICTIONS_NOT_KEPT', 'PREDICTION_LOG_BUSY')

  app.get(
    '/api/v1/predictions',
    {
      config: { permission: 'predictions:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'listPredictions',
        summary: 'Predictions that were given, oldest first',
        querystring: ListQuery,
        response: { 200: EntriesAnswer, ...errors },
      },
    },
    async (request) => {
      const { limit, ...query } = request.query
      return collect(definedOnly(query), limit, (model) => mayUse(request, 'predictions:read', model))
    },
  )
  app.post(
    '/api/v1/predictions/find',
    {
      config: { permission: 'predictions:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'findPredictions',
        summary: "A person's predictions",
        body: PersonBody,
        response: { 200: EntriesAnswer, ...errors },
      },
    },
    async (request) => {
      const person = log().everyPersonKey(request.body.identifier)
      return collect({ person }, 1000, (model) => mayUse(request, 'predictions:read', model))
    },
  )
  app.post(
    '/api/v1/predictions/erase',
    {
      config: { permission: 'predictions:erase' },
      schema: {
        tags,
        operationId: 'erasePredictions',
        summary: "Removes a person's predictions and their outcomes for good",
        body: PersonBody,
        response: { 200: z.object({ erased: z.int() }), ...errors },
      },
    },
    async (request) => {
      const person = log().everyPersonKey(request.body.identifier)
      const erased = await log().erase({ person })
      await context.stores.outcomes.erase(person)
      request.log.info({ erased }, "a person's predictions were erased")
      return { erased }
    },
  )

  function log() {
    if (context.predictionLog === null)
      throw new BellwetherError('PREDICTIONS_NOT_KEPT', 'This server keeps no log of predictions.')
    return context.predictionLog
  }

  async function collect(query: PredictionQuery, limit: number, mayRead: (model: string) => boolean) {
    const predictions: Omit<PredictionEntry, 'person' | 'sensitive'>[] = []
    for await (const { person: _, sensitive: __, ...entry } of log().entries(query)) {
      if (!mayRead(entry.model)) continue
      if (predictions.length === limit) return { predictions, more: true }
      predictions.push(entry)
    }
    return { predictions, more: false }
  }
}

function definedOnly(query: Partial<Record<string, string | number | undefined>>): PredictionQuery {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}
