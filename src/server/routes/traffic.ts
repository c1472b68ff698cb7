import { z } from 'zod'
import type { RegisteredModel } from '../../track/model-registry.ts'
import { CHAMPION, TrafficPlan } from '../../track/traffic-plan.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const Name = z.object({ name: z.string() })
const reason = z.string().trim().min(1).max(1000).describe('Why; kept in the ledger.')
const count = z.int().nonnegative()

const TrafficAnswer = z.object({
  model: z.string(),
  plan: TrafficPlan.nullable().describe('null: the champion answers everything.'),
  from: z
    .enum(['registry', 'project'])
    .nullable()
    .describe("Where the plan is from; the champion's project file says it until it is set here."),
  variants: z
    .array(
      z.object({
        alias: z.string(),
        version: z.int().nullable().describe('null: the alias points at nothing, and its share is the champion’s.'),
        percent: z.number(),
        requests: count.describe('In the window of `plan.stop`, of this server.'),
        failed: count.describe('Requests that it failed and the champion answered.'),
        latencyP95Ms: z.number().nullable(),
        compared: count.describe('Records whose answers were compared with the champion’s.'),
        disagreed: count,
      }),
    )
    .describe('Who answers.'),
  shadows: z
    .array(
      z.object({
        alias: z.string(),
        version: z.int().nullable(),
        records: count.describe('Records that it was shown and answered, since the plan holds, by this server.'),
        agreed: count,
        failed: count,
        meanDistance: z
          .number()
          .nullable()
          .describe('Total variation of the probabilities, 0 to 1; of numbers, the absolute difference.'),
        meanLatencyMs: z.number().nullable(),
      }),
    )
    .describe('Who is asked in the background.'),
  dropped: count.describe('Records that were not shown to a shadow: too many waited, or it could not be loaded.'),
})
type TrafficAnswer = z.output<typeof TrafficAnswer>

const NOTHING_SEEN = { requests: 0, failed: 0, latencyP95Ms: null, compared: 0, disagreed: 0 }

/** `/api/v1/models/{name}/traffic`: who answers a model's requests. */
export async function trafficRoutes(
  app: TypedApp,
  { stores: { models }, cache, traffic, clock }: RouteContext,
): Promise<void> {
  const tags = ['models']
  const path = '/api/v1/models/:name/traffic'

  app.get(
    path,
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'getTraffic',
        summary: "Who answers a model's requests, and how its versions compare",
        params: Name,
        response: { 200: TrafficAnswer, ...errorAnswers('MODEL_NOT_FOUND', 'MODEL_UNAVAILABLE') },
      },
    },
    async ({ params: { name } }) => answerFor(await models.model(name)),
  )

  app.put(
    path,
    {
      config: { permission: 'models:promote', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'setTraffic',
        summary: "Deal a model's requests over its aliases, and show them to shadows",
        description: 'The versions are loaded first: one that cannot be loaded changes nothing.',
        params: Name,
        body: TrafficPlan.safeExtend({ reason }),
        response: {
          200: TrafficAnswer,
          ...errorAnswers(
            'ALIAS_NOT_FOUND',
            'MODEL_UNAVAILABLE',
            'INVALID_INPUT',
            'UNSUPPORTED_MEDIA_TYPE',
            'BODY_TOO_LARGE',
          ),
        },
      },
    },
    async ({ params: { name }, body: { reason: why, ...plan }, principal }) => {
      await models.model(name)
      await cache.refresh()
      await traffic.warm(name, plan)
      return change(name, plan, why, principal?.actor)
    },
  )

  app.delete(
    path,
    {
      config: { permission: 'models:promote', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'removeTraffic',
        summary: 'Forget the plan: the champion answers, or whom its project file names',
        params: Name,
        querystring: z.strictObject({ reason: reason.default('removed over HTTP') }),
        response: { 200: TrafficAnswer, ...errorAnswers('MODEL_NOT_FOUND', 'MODEL_UNAVAILABLE', 'INVALID_INPUT') },
      },
    },
    async ({ params: { name }, query, principal }) => change(name, null, query.reason, principal?.actor),
  )

  async function change(
    model: string,
    plan: TrafficPlan | null,
    why: string,
    actor = 'api:unknown',
  ): Promise<TrafficAnswer> {
    const changed = await models.setTraffic({ model, plan, actor, reason: why, now: clock() })
    await cache.refresh()
    return answerFor(changed)
  }

  async function answerFor({ name, aliases }: RegisteredModel): Promise<TrafficAnswer> {
    if (!Object.hasOwn(aliases, CHAMPION))
      return { model: name, plan: null, from: null, variants: [], shadows: [], dropped: 0 }
    const view = await traffic.view(name)
    const weights = view.plan?.weights ?? { [CHAMPION]: 100 }
    const versionOf = (alias: string) => (Object.hasOwn(aliases, alias) ? aliases[alias]! : null)
    return {
      model: name,
      plan: view.plan,
      from: view.from,
      variants: Object.entries(weights).map(([alias, percent]) => {
        const version = versionOf(alias)
        const seen = view.variants.find((each) => each.version === version)
        return { ...NOTHING_SEEN, ...seen, alias, version, percent }
      }),
      shadows: (view.plan?.shadow ?? []).map((alias) => {
        const version = versionOf(alias)
        const seen = view.shadows.find((each) => each.alias === alias && each.version === version)
        return { records: 0, agreed: 0, failed: 0, meanDistance: null, meanLatencyMs: null, ...seen, alias, version }
      }),
      dropped: view.dropped,
    }
  }
}
