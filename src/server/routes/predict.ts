import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import { invalid, isPlainObject, readPredictRequest } from '../../serve/predict-request.ts'
import { type FailedPrediction, isFailed, mainAnswer, type Prediction } from '../../serve/prediction.ts'
import { jsonType } from '../../table/records-value.ts'
import { defaultModelName } from '../default-model.ts'
import { protocolOf } from '../metrics.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { keepScored, scoreRecords } from '../scoring.ts'
import { throughTraffic } from '../traffic/through-traffic.ts'
import { ErrorAnswer, errorAnswers } from './api-schemas.ts'
import {
  bodyByHand,
  ClassPredictionAnswer,
  ClusterPredictionAnswer,
  ModelAnswer,
  PredictBody,
  ValuePredictionAnswer,
} from './predict-schemas.ts'

const PredictAnswer = z.object({
  model: ModelAnswer,
  predictions: z.array(
    z.union([ClassPredictionAnswer, ValuePredictionAnswer, ClusterPredictionAnswer, z.object({ error: ErrorAnswer })]),
  ),
})

interface RecordsAnswer {
  readonly model: z.output<typeof ModelAnswer>
  readonly predictions: readonly (Prediction | FailedPrediction)[]
}

const FlatAnswer = z.object({
  prediction: z.union([z.string(), z.number()]).describe('The label, the number, or the cluster.'),
  confidence: z
    .number()
    .nullable()
    .describe('Probability of the label or cluster; null for a number, and for clusters without probabilities.'),
  id: z.string(),
  model: ModelAnswer,
})

const PREDICT_ERRORS = errorAnswers(
  'INVALID_INPUT',
  'MODEL_NOT_FOUND',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'CANNOT_SERVE',
  'MODEL_UNAVAILABLE',
)

/** Our own protocol: records in, predictions out; and the flat form for one record. */
export async function predictRoutes(app: TypedApp, context: RouteContext): Promise<void> {
  const { cache } = context
  const tags = ['predict']
  const answer = { 200: PredictAnswer, ...PREDICT_ERRORS }

  app.post(
    '/api/v1/models/:name/predict',
    {
      config: { permission: 'models:predict', scope: { param: 'name' } },
      validatorCompiler: bodyByHand,
      schema: {
        tags,
        operationId: 'predict',
        summary: "Predictions of a model's champion",
        params: z.object({ name: z.string() }),
        body: PredictBody,
        response: answer,
      },
    },
    async (request) =>
      throughTraffic(request, request.params.name, context, (served) => answerRecords(request, served, context)),
  )

  app.post(
    '/api/v1/models/:name/versions/:version/predict',
    {
      config: { permission: 'models:predict', scope: { param: 'name' } },
      validatorCompiler: bodyByHand,
      schema: {
        tags,
        operationId: 'predictByVersion',
        summary: 'Predictions of one version',
        params: z.object({ name: z.string(), version: z.coerce.number().int().min(1).max(2_147_483_647) }),
        body: PredictBody,
        response: answer,
      },
    },
    async (request) =>
      answerRecords(request, await cache.resolve(request.params.name, { version: request.params.version }), context),
  )

  app.post(
    '/api/v1/models/:name/aliases/:alias/predict',
    {
      config: { permission: 'models:predict', scope: { param: 'name' } },
      validatorCompiler: bodyByHand,
      schema: {
        tags,
        operationId: 'predictByAlias',
        summary: 'Predictions of the version behind an alias',
        params: z.object({ name: z.string(), alias: z.string() }),
        body: PredictBody,
        response: answer,
      },
    },
    async (request) =>
      answerRecords(request, await cache.resolve(request.params.name, { alias: request.params.alias }), context),
  )

  app.post(
    '/predict/v2',
    {
      config: { permission: 'models:predict', scope: 'default-model' },
      validatorCompiler: bodyByHand,
      schema: {
        tags,
        operationId: 'predictDefault',
        summary: "Predictions of the default model's champion",
        body: PredictBody,
        response: answer,
      },
    },
    async (request) =>
      throughTraffic(request, await defaultModelName(context), context, (served) =>
        answerRecords(request, served, context),
      ),
  )

  for (const [path, operationId] of [
    ['/predict', 'predictFlat'],
    ['/predict/v1', 'predictFlatV1'],
  ] as const) {
    app.post(
      path,
      {
        config: { permission: 'models:predict', scope: 'default-model' },
        validatorCompiler: bodyByHand,
        schema: {
          tags,
          operationId,
          summary: 'One record, flat, for the default model',
          body: z
            .record(z.string(), z.unknown())
            .describe("One object with the columns of the default model's signature."),
          response: { 200: FlatAnswer, ...PREDICT_ERRORS },
        },
      },
      async (request) =>
        throughTraffic(request, await defaultModelName(context), context, (served) =>
          answerFlat(request, served, context),
        ),
    )
  }
}

async function answerRecords(
  request: FastifyRequest,
  served: ServedModel,
  context: RouteContext,
): Promise<RecordsAnswer> {
  const asked = readPredictRequest(request.body, context.limits.records)
  const predictions = await scoreRecords(request, served, asked, context)
  return { model: modelOf(served), predictions }
}

async function answerFlat(
  request: FastifyRequest,
  served: ServedModel,
  context: RouteContext,
): Promise<z.output<typeof FlatAnswer>> {
  const record: unknown = request.body
  if (!isPlainObject(record))
    throw invalid([{ path: 'body', message: `expected one flat object, came ${jsonType(record)}` }])
  try {
    const started = performance.now()
    const scored = context.metrics.scoring(served.name, served.version, protocolOf(request.routeOptions.url))
    const span = request.trace?.child(`score ${served.name}`, {
      'bellwether.model.version': served.version,
      'bellwether.records': 1,
    })
    let answers: (Prediction | FailedPrediction)[]
    try {
      answers = served.scorer.score([record], { explain: false, newId: context.newId })
    } finally {
      scored()
      span?.end()
    }
    const [prediction] = answers
    if (!prediction || isFailed(prediction)) throw new BellwetherError('INTERNAL', 'One record has one prediction.')
    await keepScored(request, served, [record], [prediction], performance.now() - started, context)
    return {
      prediction: mainAnswer(prediction),
      confidence: confidenceOf(prediction),
      id: prediction.id,
      model: modelOf(served),
    }
  } catch (error) {
    throw error instanceof BellwetherError ? withFlatPaths(error) : error
  }
}

function confidenceOf(prediction: Prediction): number | null {
  if ('label' in prediction) return prediction.confidence
  return 'cluster' in prediction ? (prediction.probabilities?.[prediction.cluster] ?? null) : null
}

/** `records[0].Course` is `Course` to who sent one flat object. */
function withFlatPaths(error: BellwetherError): BellwetherError {
  if (error.details.length === 0) return error
  const details = error.details.map(({ path, message }) => ({
    path: path.replace(/^records\[0\]\.?/, '') || 'body',
    message,
  }))
  const message = error.message.replace(/^records\[0\]\.?/, '').replace(/^:/, 'body:')
  return new BellwetherError(error.code, message, { details, hint: error.hint })
}

function modelOf({ name, version, alias }: ServedModel): z.output<typeof ModelAnswer> {
  return { name, version, alias }
}
