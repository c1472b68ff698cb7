import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { BellwetherError } from '../../errors.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import { invalid, isPlainObject } from '../../serve/predict-request.ts'
import { mainAnswer } from '../../serve/prediction.ts'
import { readInvocation } from '../../serve/protocols/invocations.ts'
import { inferOutputs, readInferRequest, tensorsOf } from '../../serve/protocols/open-inference.ts'
import { VERSION } from '../../version.ts'
import { toPublicError } from '../error-reply.ts'
import { readyModels } from '../readiness.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { bodyByHand, ExplanationAnswer } from '../routes/predict-schemas.ts'
import { scoreAllRecords } from '../scoring.ts'
import { throughTraffic } from '../traffic/through-traffic.ts'

const Facts = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.int()).describe('-1: any number.'),
})
const Parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const Data = z.array(z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.unknown())]))
const InferBody = z.object({
  id: z.string().optional(),
  parameters: Parameters.optional(),
  inputs: z
    .array(
      z.object({
        name: z.string(),
        shape: z.array(z.int().nonnegative()),
        datatype: z.string(),
        parameters: Parameters.optional(),
        data: Data,
      }),
    )
    .describe('One tensor a column, of shape [n] or [n, 1]; or one of shape [n, d] with all columns in order.'),
  outputs: z.array(z.object({ name: z.string(), parameters: Parameters.optional() })).optional(),
})
const InferAnswer = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string(),
  outputs: z.array(
    z.object({
      name: z.string(),
      shape: z.array(z.int()),
      datatype: z.string(),
      parameters: Parameters.optional(),
      data: Data,
    }),
  ),
})
const Metadata = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(Facts),
  outputs: z.array(Facts),
})
const ErrorText = z.object({ error: z.string() })
const FAILURES = Object.fromEntries(
  [400, 401, 403, 404, 413, 415, 422, 429, 500, 503].map((status) => [status, ErrorText]),
) as Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 500 | 503, typeof ErrorText>

/** Open Inference Protocol V2 (KServe, MLServer, Triton) and the older V1 of KServe. */
export async function openInferenceRoutes(
  app: TypedApp,
  context: RouteContext & { readonly isClosing: () => boolean },
): Promise<void> {
  const { cache, stores, limits, newId } = context
  const tags = ['protocols']

  app.setErrorHandler((error, request, reply) => {
    const known = toPublicError(error, request)
    request.errorCode = known.code
    if (known.status >= 500) request.log.error({ err: known.cause ?? error, code: known.code }, 'request failed inside')
    return reply
      .code(known.status)
      .type('application/json; charset=utf-8')
      .send({ error: textOf(known) })
  })

  app.get(
    '/v2',
    {
      config: { permission: 'public' },
      schema: {
        tags,
        operationId: 'v2Server',
        summary: 'What answers here',
        response: {
          200: z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) }),
          ...FAILURES,
        },
      },
    },
    async () => ({ name: 'bellwether', version: VERSION, extensions: ['model_repository'] }),
  )
  app.get(
    '/v2/health/live',
    {
      config: { permission: 'public' },
      schema: {
        tags,
        operationId: 'v2Live',
        summary: 'The process answers',
        response: { 200: z.object({ live: z.boolean() }), ...FAILURES },
      },
    },
    async () => ({ live: true }),
  )
  const Ready = z.object({ ready: z.boolean() })
  app.get(
    '/v2/health/ready',
    {
      config: { permission: 'public' },
      schema: {
        tags,
        operationId: 'v2Ready',
        summary: 'The models answer their own examples',
        response: { ...FAILURES, 200: Ready, 503: z.union([Ready, ErrorText]) },
      },
    },
    async (_, reply) => {
      const { ready, faults } = await readyModels(context)
      const isReady = !context.isClosing() && faults.length === 0 && ready.length > 0
      return reply.code(isReady ? 200 : 503).send({ ready: isReady })
    },
  )
  app.post(
    '/v2/repository/index',
    {
      config: { permission: 'models:read' },
      schema: {
        tags,
        operationId: 'v2Index',
        summary: 'Models and their versions',
        body: z.object({ ready: z.boolean().optional() }),
        response: {
          200: z.array(z.object({ name: z.string(), version: z.string(), state: z.string(), reason: z.string() })),
          ...FAILURES,
        },
      },
    },
    async () => {
      const { models } = await cache.registered()
      return models
        .filter(({ aliases }) => Object.hasOwn(aliases, 'champion'))
        .map(({ name, aliases }) => ({ name, version: String(aliases['champion']), state: 'READY', reason: '' }))
    },
  )

  const ModelReady = z.object({ name: z.string(), ready: z.boolean() })
  for (const versioned of [false, true]) {
    const path = versioned ? '/v2/models/:name/versions/:version' : '/v2/models/:name'
    const params: z.ZodType<{ name: string; version?: string | undefined }> = versioned
      ? z.object({ name: z.string(), version: z.string() })
      : z.object({ name: z.string() })
    const suffix = versioned ? 'Version' : ''
    const config = { permission: 'models:predict', scope: { param: 'name' } } as const
    app.get(
      path,
      {
        config: { permission: 'models:read', scope: { param: 'name' } },
        schema: {
          tags,
          operationId: `v2Model${suffix}`,
          summary: 'Inputs and outputs of a model',
          params,
          response: { 200: Metadata, ...FAILURES },
        },
      },
      async ({ params: { name, version } }) => {
        const served = await resolve(name, version)
        const versions = await stores.models.versions(name)
        return {
          name,
          versions: versions.map((each) => String(each.version)).reverse(),
          platform: `bellwether_${served.scorer.manifest.estimator}`,
          ...tensorsOf(served.scorer.signature),
        }
      },
    )
    app.get(
      `${path}/ready`,
      {
        config,
        schema: {
          tags,
          operationId: `v2ModelReady${suffix}`,
          summary: 'The model answers its own example',
          params,
          response: { 200: ModelReady, ...FAILURES },
        },
      },
      async ({ params: { name, version } }) => {
        const served = await resolve(name, version)
        served.scorer.smoke(newId)
        return { name, ready: true }
      },
    )
    app.post(
      `${path}/infer`,
      {
        config,
        validatorCompiler: bodyByHand,
        schema: {
          tags,
          operationId: `v2Infer${suffix}`,
          summary: 'Predictions for tensors',
          params,
          body: InferBody,
          response: { 200: InferAnswer, ...FAILURES },
        },
      },
      async (request) => {
        const { name, version } = request.params as { name: string; version?: string }
        return version === undefined
          ? throughTraffic(request, name, context, (served) => infer(request, served))
          : infer(request, await resolve(name, version))
      },
    )
  }

  await v1Routes(app, context, resolve)

  async function infer(request: FastifyRequest, served: ServedModel) {
    const { signature } = served.scorer
    const { id, records, outputs } = readInferRequest(request.body, signature, limits.records)
    const predictions = await scoreAllRecords(request, served, records, context)
    return {
      model_name: served.name,
      model_version: String(served.version),
      id: id ?? newId(),
      outputs: inferOutputs(predictions, signature, outputs),
    }
  }

  async function resolve(name: string, version: string | undefined): Promise<ServedModel> {
    return cache.resolve(name, version === undefined ? { alias: 'champion' } : { version: versionNumber(version) })
  }
}

const V1Instances = z.object({ instances: z.array(z.record(z.string(), z.unknown())) })

/** KServe's older protocol: rows in, labels or numbers out. */
async function v1Routes(
  app: TypedApp,
  context: RouteContext,
  resolve: (name: string, version: undefined) => Promise<ServedModel>,
): Promise<void> {
  const tags = ['protocols']
  const params = z.object({ name: z.string() })
  const config = { permission: 'models:predict', scope: { param: 'name' } } as const
  app.get(
    '/v1/models',
    {
      config: { permission: 'models:read' },
      schema: {
        tags,
        operationId: 'v1Models',
        summary: 'Names of the models',
        response: { 200: z.object({ models: z.array(z.string()) }), ...FAILURES },
      },
    },
    async () => ({ models: (await context.cache.registered()).models.map(({ name }) => name) }),
  )
  app.get(
    '/v1/models/:name',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags,
        operationId: 'v1Model',
        summary: 'Whether a model is ready',
        params,
        response: { 200: z.object({ name: z.string(), ready: z.boolean() }), ...FAILURES },
      },
    },
    async ({ params: { name } }) => {
      await resolve(name, undefined)
      return { name, ready: true }
    },
  )
  const read = (request: FastifyRequest, served: ServedModel) =>
    readInvocation(instancesOf(request.body), served.scorer.signature, context.limits.records)
  app.post(
    '/v1/models/:name([^:/]+)::predict',
    {
      config,
      validatorCompiler: bodyByHand,
      schema: {
        tags,
        operationId: 'v1Predict',
        summary: 'Predictions for rows',
        params,
        body: V1Instances,
        response: { 200: z.object({ predictions: z.array(z.union([z.string(), z.number()])) }), ...FAILURES },
      },
    },
    async (request) =>
      throughTraffic(request, request.params.name, context, async (served) => {
        const predictions = await scoreAllRecords(request, served, read(request, served).records, context)
        return { predictions: predictions.map(mainAnswer) }
      }),
  )
  app.post(
    '/v1/models/:name([^:/]+)::explain',
    {
      config,
      validatorCompiler: bodyByHand,
      schema: {
        tags,
        operationId: 'v1Explain',
        summary: 'Predictions with reasons',
        params,
        body: V1Instances,
        response: { 200: z.object({ explanations: z.array(ExplanationAnswer) }), ...FAILURES },
      },
    },
    async (request) =>
      throughTraffic(request, request.params.name, context, async (served) => {
        const predictions = await scoreAllRecords(request, served, read(request, served).records, context, true)
        return { explanations: predictions.flatMap(({ explanation }) => explanation ?? []) }
      }),
  )
}

/** Only `instances`: what else MLflow's protocol takes is not part of this one. */
function instancesOf(body: unknown): unknown {
  if (!isPlainObject(body)) return body
  return Object.hasOwn(body, 'instances') ? { instances: body['instances'] } : {}
}

function versionNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw invalid([{ path: 'version', message: 'expected a whole number' }])
}

/** One text, with the first faults by name. */
function textOf({ message, details }: BellwetherError): string {
  if (details.length < 2) return message
  return details
    .slice(0, 20)
    .map((detail) => `${detail.path}: ${detail.message}`)
    .join('; ')
}
