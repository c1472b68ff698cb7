import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import { invalid } from '../../serve/predict-request.ts'
import { invocationAnswer, invocationErrorCode, readInvocation } from '../../serve/protocols/invocations.ts'
import { defaultModelName } from '../default-model.ts'
import { toPublicError } from '../error-reply.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { bodyByHand } from '../routes/predict-schemas.ts'
import { scoreAllRecords } from '../scoring.ts'
import { throughTraffic } from '../traffic/through-traffic.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

const Row = z.record(z.string(), z.unknown())
const InvocationBody = z
  .union([
    z.strictObject({
      dataframe_split: z.object({
        columns: z.array(z.string()),
        data: z.array(z.array(z.unknown())),
        index: z.array(z.unknown()).optional(),
      }),
      params: Row.optional(),
    }),
    z.strictObject({ dataframe_records: z.array(Row), params: Row.optional() }),
    z.strictObject({ instances: z.array(z.union([Row, z.array(z.unknown())])), params: Row.optional() }),
    z.strictObject({ inputs: z.union([Row, z.array(z.unknown())]), params: Row.optional() }),
  ])
  .describe(
    'Exactly one of dataframe_split, dataframe_records, instances (rows), inputs (columns); or a CSV text with a header.',
  )

const InvocationAnswer = z.object({
  predictions: z
    .array(z.union([z.string(), z.number(), z.array(z.number())]))
    .describe(
      'A label, a number or a cluster for each row; with params.predict_method "predict_proba" the probabilities of the classes or clusters.',
    ),
})

const InvocationError = z.object({
  error_code: z.string().describe("MLflow's name for what is wrong."),
  message: z.string().describe('Names every place at fault, and no value.'),
})

const FAILURES = {
  400: InvocationError,
  401: InvocationError,
  403: InvocationError,
  404: InvocationError,
  413: InvocationError,
  415: z.string(),
  422: InvocationError,
  429: InvocationError,
  500: InvocationError,
  503: InvocationError,
}

/** MLflow's scoring protocol, for programs that call `mlflow models serve` today. */
export async function invocationRoutes(app: TypedApp, context: RouteContext): Promise<void> {
  app.setErrorHandler((error, request, reply) => {
    const known = toPublicError(error, request)
    request.errorCode = known.code
    if (known.status >= 500) request.log.error({ err: known.cause ?? error, code: known.code }, 'request failed inside')
    if (known.status === 415) return reply.code(415).type('text/plain; charset=utf-8').send(`${known.message}\n`)
    return reply
      .code(known.status)
      .type('application/json; charset=utf-8')
      .send({ error_code: invocationErrorCode(known), message: wholeMessage(known) })
  })
  app.addContentTypeParser(
    'text/csv',
    { parseAs: 'buffer' },
    async (request: { headers: { 'content-type'?: string | undefined } }, body: Buffer) => {
      const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(request.headers['content-type'] ?? '')?.[1]
      if (charset !== undefined && !/^utf-?8$/i.test(charset))
        throw new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'The charset of the body has to be utf-8.')
      try {
        return utf8.decode(body)
      } catch {
        throw invalid([{ path: 'body', message: 'is not valid UTF-8' }])
      }
    },
  )

  const route = (summary: string, operationId: string) => ({
    tags: ['protocols'],
    operationId,
    summary,
    description: "MLflow's scoring protocol. `text/csv` is taken too.",
    body: InvocationBody,
    response: { 200: InvocationAnswer, ...FAILURES },
  })

  app.post(
    '/invocations',
    {
      config: { permission: 'models:predict', scope: 'default-model' },
      validatorCompiler: bodyByHand,
      schema: route("Predictions of the default model's champion, as MLflow's server gives them", 'invocations'),
    },
    async (request) =>
      throughTraffic(request, await defaultModelName(context), context, (served) => answer(request, served)),
  )
  app.post(
    '/api/v1/models/:name/invocations',
    {
      config: { permission: 'models:predict', scope: { param: 'name' } },
      validatorCompiler: bodyByHand,
      schema: {
        ...route("Predictions of a model's champion, as MLflow's server gives them", 'modelInvocations'),
        params: z.object({ name: z.string() }),
      },
    },
    async (request) => throughTraffic(request, request.params.name, context, (served) => answer(request, served)),
  )
  app.get(
    '/ping',
    {
      config: { permission: 'public' },
      schema: {
        tags: ['protocols'],
        operationId: 'ping',
        summary: 'The default model answers',
        response: { 200: z.string().describe('A line end.'), 404: InvocationError, 503: InvocationError },
      },
    },
    async (_, reply) => {
      await context.cache.resolve(await defaultModelName(context), { alias: 'champion' })
      reply.type('application/json; charset=utf-8')
      // The serialiser would make a JSON text of it; MLflow's server sends the bare line end.
      return reply.serializer((text: string) => text).send('\n')
    },
  )

  async function answer(request: Parameters<typeof scoreAllRecords>[0], served: ServedModel) {
    const { signature } = served.scorer
    const { records, method } = readInvocation(request.body, signature, context.limits.records)
    return invocationAnswer(await scoreAllRecords(request, served, records, context), signature, method)
  }
}

/** The first faults by name; clients show the message and nothing else. */
function wholeMessage({ message, details }: BellwetherError): string {
  if (details.length < 2) return message
  return details
    .slice(0, 20)
    .map((detail) => `${detail.path}: ${detail.message}`)
    .join('; ')
}
