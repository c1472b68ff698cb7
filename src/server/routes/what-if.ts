import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import { actionableOf, WHAT_IF_NOTE, whatIf } from '../../serve/what-if/what-if.ts'
import { WhatIfRequest } from '../../serve/what-if/what-if-request.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { traced } from '../tracing.ts'
import { errorAnswers } from './api-schemas.ts'
import { ModelAnswer } from './predict-schemas.ts'

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
const Outcome = z
  .union([
    z.object({ label: z.string(), probabilities: z.record(z.string(), z.number()) }),
    z.object({ value: z.number() }),
  ])
  .describe('What the model says.')
const cost = z.number().describe('As the project weighs it; 1 is a change over the whole range of a field.')
const direction = z.enum(['any', 'up', 'down']).describe('Which way the value may go from where it is.')
const unit = z.string().nullable()

const WhatIfAnswerSchema = z.object({
  model: ModelAnswer,
  outcome: Outcome,
  target: z
    .union([z.string(), z.null(), z.object({ min: z.number().optional(), max: z.number().optional() })])
    .describe('What was wanted; null for any label other than the present one.'),
  reached: z.boolean().describe('Whether the record is there already.'),
  fields: z
    .array(
      z.object({
        field: z.string(),
        unit,
        current: Scalar.describe('As sent; null where it is missing.'),
        direction,
        options: z.array(z.object({ value: Scalar, cost, outcome: Outcome, reaches: z.boolean() })),
      }),
    )
    .describe('How the answer changes with each field alone.'),
  smallest: z
    .object({
      changes: z.array(z.object({ field: z.string(), from: Scalar, to: Scalar, cost })),
      cost,
      outcome: Outcome,
    })
    .nullable()
    .describe('The cheapest change that reaches what was wanted; null when none was found or none is needed.'),
  search: z.object({
    asked: z.int().describe('Changes that the model was asked about.'),
    exhaustive: z.boolean().describe('Whether every change that would have been cheaper was tried.'),
    maxFields: z.int(),
  }),
  note: z.string(),
})

const ActionableAnswer = z.object({
  model: ModelAnswer,
  fields: z.array(
    z.object({
      field: z.string(),
      unit,
      direction,
      cost: z.number(),
      values: z.array(z.union([z.string(), z.number(), z.boolean()])).describe('Those that are tried.'),
    }),
  ),
  note: z.string(),
})

const ERRORS = errorAnswers(
  'INVALID_INPUT',
  'MODEL_NOT_FOUND',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'CANNOT_SERVE',
  'NOT_ACTIONABLE',
  'MODEL_UNAVAILABLE',
)

/** What a model would say if something were different: of what its project says that people can change. */
export async function whatIfRoutes(app: TypedApp, { cache }: RouteContext): Promise<void> {
  const tags = ['predict']
  const config = { permission: 'models:predict', scope: { param: 'name' } } as const
  const body = WhatIfRequest
  const response = { 200: WhatIfAnswerSchema, ...ERRORS }
  const description =
    'Asks about one record, which is not kept in the prediction log. The smallest change is the cheapest one over the allowed values; the answer says whether all cheaper ones were tried.'

  app.get(
    '/api/v1/models/:name/what-if',
    {
      config,
      schema: {
        tags,
        operationId: 'getActionable',
        summary: 'What may be changed in a what-if',
        params: z.object({ name: z.string() }),
        response: { 200: ActionableAnswer, ...errorAnswers('MODEL_NOT_FOUND', 'MODEL_UNAVAILABLE') },
      },
    },
    async (request) => {
      const served = await cache.resolve(request.params.name, { alias: 'champion' })
      return {
        model: modelOf(served),
        fields: actionableOf(served.scorer).map(({ column, values, direction, cost }) => ({
          field: column.name,
          unit: column.unit ?? null,
          direction,
          cost,
          values: [...values],
        })),
        note: WHAT_IF_NOTE,
      }
    },
  )
  app.post(
    '/api/v1/models/:name/what-if',
    {
      config,
      schema: {
        tags,
        operationId: 'whatIf',
        summary: 'How the answer would change, and the smallest change that moves it',
        description,
        params: z.object({ name: z.string() }),
        body,
        response,
      },
    },
    async (request) => answer(request, await cache.resolve(request.params.name, { alias: 'champion' })),
  )
  app.post(
    '/api/v1/models/:name/versions/:version/what-if',
    {
      config,
      schema: {
        tags,
        operationId: 'whatIfByVersion',
        summary: 'The same, of one version',
        description,
        params: z.object({ name: z.string(), version: z.coerce.number().int().min(1).max(2_147_483_647) }),
        body,
        response,
      },
    },
    async (request) => answer(request, await cache.resolve(request.params.name, { version: request.params.version })),
  )
  app.post(
    '/api/v1/models/:name/aliases/:alias/what-if',
    {
      config,
      schema: {
        tags,
        operationId: 'whatIfByAlias',
        summary: 'The same, of the version behind an alias',
        description,
        params: z.object({ name: z.string(), alias: z.string() }),
        body,
        response,
      },
    },
    async (request) => answer(request, await cache.resolve(request.params.name, { alias: request.params.alias })),
  )

  async function answer(request: FastifyRequest & { body: WhatIfRequest }, served: ServedModel) {
    const { body: asked } = request
    // Hundreds of answers around one record are the quickest way to copy a model.
    if (request.principal?.probabilities === 'withheld')
      throw new BellwetherError('FORBIDDEN', 'A what-if is not for keys whose probabilities are withheld.')
    const found = await traced(request, `what-if ${served.name}`, { 'bellwether.model.version': served.version }, () =>
      whatIf(served.scorer, asked, nextTurn),
    )
    request.log.debug(
      { model: served.name, version: served.version, asked: found.search.asked },
      'a what-if was answered',
    )
    return { model: modelOf(served), ...found }
  }
}

function modelOf({ name, version, alias }: ServedModel): z.output<typeof ModelAnswer> {
  return { name, version, alias }
}
