import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { OUTCOME_STATUSES, type Outcome } from '../../serve/outcomes/outcome-store.ts'
import { recordOutcomes } from '../../serve/outcomes/record-outcomes.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const MAX_OUTCOMES = 10_000

const time = z.int().nonnegative().describe('Milliseconds since 1970-01-01 UTC.')
const GivenOutcome = z.strictObject({
  predictionId: z.string().min(1).max(100).optional().describe('The `id` of the prediction.'),
  person: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe("In place of it: the person's value of the project's id column; it goes into no log."),
  time: time.optional().describe("With `person`: the person's newest prediction at or before this time; default: now."),
  label: z.string().max(1000).optional().describe('What it was, of a classification.'),
  value: z.number().optional().describe('What it was, of a regression.'),
  observedTime: time
    .optional()
    .describe('When it was so; the newest observation counts. Default: when it is received.'),
})
const OutcomesBody = z.strictObject({
  outcomes: z.array(GivenOutcome).min(1).max(MAX_OUTCOMES),
  onError: z
    .enum(['refuse', 'partial'])
    .default('refuse')
    .describe('`refuse`: one at fault refuses all, with every fault named. `partial`: the others are kept.'),
})
const Result = z.union([
  z.object({
    predictionId: z.string(),
    status: z
      .enum(OUTCOME_STATUSES)
      .describe(
        'recorded: the first; corrected: another than before; confirmed: the same, observed later; unchanged: known already; late: older than what is known, kept as history.',
      ),
  }),
  z.object({ error: z.enum(['INVALID_INPUT', 'OUTCOME_UNKNOWN']), path: z.string(), message: z.string() }),
])
const KeptOutcome = z.object({
  predictionId: z.string(),
  model: z.string(),
  version: z.int(),
  predictionTime: z.number(),
  label: z.string().optional(),
  value: z.number().optional(),
  observedTime: z.number(),
  receivedTime: z.number(),
  source: z.string().describe('Who said so.'),
})
const queryTime = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const ListQuery = z.strictObject({
  version: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  since: queryTime.optional().describe('Of predictions from this time on.'),
  until: queryTime.optional().describe('Of predictions before this time.'),
  afterTime: queryTime.optional().describe('`predictionTime` of the last one of the page before; with `afterId`.'),
  afterId: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/** `/api/v1/models/{name}/outcomes`: what became of those who were predicted. */
export async function outcomeRoutes(app: TypedApp, context: RouteContext): Promise<void> {
  const { stores, predictionLog, clock } = context
  const tags = ['outcomes']
  const params = z.object({ name: z.string() })

  app.post(
    '/api/v1/models/:name/outcomes',
    {
      config: { permission: 'outcomes:write', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'recordOutcomes',
        summary: 'Says what became of those who were predicted',
        description: 'Idempotent: the same again changes nothing. Corrections and late outcomes keep the history.',
        params,
        body: OutcomesBody,
        response: {
          200: z.object({ results: z.array(Result) }),
          ...errorAnswers('INVALID_INPUT', 'MODEL_NOT_FOUND', 'OUTCOME_UNKNOWN', 'PREDICTIONS_NOT_KEPT'),
        },
      },
    },
    async (request) => {
      if (predictionLog === null)
        throw new BellwetherError('PREDICTIONS_NOT_KEPT', 'This server keeps no log of predictions.')
      const { name: model } = await stores.models.model(request.params.name)
      const { outcomes, onError } = request.body
      const source = request.principal?.actor ?? 'api'
      const deps = { model, log: predictionLog, outcomes: stores.outcomes, models: stores.models, blobs: stores.blobs }
      const results = await recordOutcomes(outcomes, onError, { ...deps, clock, source })
      return {
        results: results.map((result) =>
          'fault' in result
            ? { error: result.unknown ? ('OUTCOME_UNKNOWN' as const) : ('INVALID_INPUT' as const), ...result.fault }
            : result,
        ),
      }
    },
  )

  app.get(
    '/api/v1/models/:name/outcomes',
    {
      config: { permission: 'predictions:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'listOutcomes',
        summary: 'The outcome that counts of each prediction, by the time of the prediction',
        params,
        querystring: ListQuery,
        response: {
          200: z.object({ outcomes: z.array(KeptOutcome) }),
          ...errorAnswers('INVALID_INPUT', 'MODEL_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { name: model } = await stores.models.model(request.params.name)
      const { version, since, until, afterTime, afterId, limit } = request.query
      const found = await stores.outcomes.current({
        model,
        limit,
        ...(version === undefined ? {} : { version }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(afterTime === undefined ? {} : { after: { predictionTime: afterTime, predictionId: afterId ?? '' } }),
      })
      return { outcomes: found.map(shown) }
    },
  )

  app.get(
    '/api/v1/models/:name/outcomes/:prediction',
    {
      config: { permission: 'predictions:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'outcomeHistory',
        summary: 'Every outcome of a prediction, in the order in which they came',
        params: z.object({ name: z.string(), prediction: z.string().max(100) }),
        response: {
          200: z.object({ outcomes: z.array(KeptOutcome) }),
          ...errorAnswers('INVALID_INPUT', 'MODEL_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { name: model } = await stores.models.model(request.params.name)
      const history = await stores.outcomes.history(request.params.prediction)
      return { outcomes: history.filter((outcome) => outcome.model === model).map(shown) }
    },
  )
}

/** Without what stands for the person. */
function shown({ person: _, truth, ...outcome }: Outcome): z.output<typeof KeptOutcome> {
  return { ...outcome, ...truth }
}
