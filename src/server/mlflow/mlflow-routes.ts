import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { Permission } from '../../security/permissions.ts'
import type { RegistryActor } from '../../track/mlflow-stores.ts'
import { toPublicError } from '../error-reply.ts'
import { inputError, WireError, wireError } from './wire-errors.ts'

/** What a route is asked for, beside its input. */
export interface Call {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly now: number
  /** Who changes something, for the ledger. */
  readonly by: RegistryActor
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** A call of MLflow's protocol. */
export interface MlflowRoute {
  readonly method: Method
  /** After `/api/2.0`; `:name` and a last `*` are parts of the input. Its twin for MLflow's user interface: twin-paths.ts. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly permission: Permission
  readonly input: z.ZodObject
  /** Names of the answer's members, for the document. */
  readonly answers: readonly string[]
  readonly handle: (input: never, call: Call) => Promise<object>
}

/** Keeps an input's type between its schema and its handler. */
export function mlflowRoute<Input extends z.ZodObject>(
  route: Omit<MlflowRoute, 'input' | 'handle'> & {
    readonly input: Input
    readonly handle: (input: z.output<Input>, call: Call) => Promise<object>
  },
): MlflowRoute {
  return route as MlflowRoute
}

/** Adds calls to a scope that has `useMlflowWire`. */
export function addMlflowRoutes(app: FastifyInstance, routes: readonly MlflowRoute[], clock: () => number): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: `/api/2.0${route.path}`,
      config: { permission: route.permission, document: () => schemaOf(route) },
      handler: async (request, reply) => {
        const given = route.method === 'GET' ? request.query : (request.body ?? {})
        const input = withOldNames({ ...(given as object), ...(request.params as object) })
        const parsed = route.input.safeParse(input)
        if (!parsed.success) throw inputError(parsed.error, input, sources.get(request))
        const now = clock()
        return route.handle(parsed.data as never, { request, reply, now, by: { actor: actorOf(request), now } })
      },
    })
  }
}

/** For the document: what comes in is read by the handler. */
function schemaOf(route: MlflowRoute): object {
  const named = Array.from(route.path.matchAll(/:(\w+)/g), ([, name]) => name!)
  const params = route.path.endsWith('*') ? [...named, '*'] : named
  const { shape } = route.input
  const rest = z.object(Object.fromEntries(Object.entries(shape).filter(([name]) => !params.includes(name))))
  return {
    tags: ['mlflow'],
    operationId: route.operationId,
    summary: route.summary,
    ...(params.length > 0 ? { params: z.object(Object.fromEntries(params.map((name) => [name, z.string()]))) } : {}),
    ...(route.method === 'GET' ? { querystring: rest } : { body: rest }),
    response: {
      200: z.object(Object.fromEntries(route.answers.map((name) => [name, z.unknown().optional()]))),
      400: WireError,
      404: WireError,
    },
  }
}

/** The texts of bodies, for messages that quote a number as it was sent. */
const sources = new WeakMap<FastifyRequest, string>()

/** Old clients say run_uuid for run_id; newer ones say both. */
function withOldNames(input: Record<string, unknown>): Record<string, unknown> {
  if ((input['run_id'] === undefined || input['run_id'] === null) && input['run_uuid'] !== undefined)
    return { ...input, run_id: input['run_uuid'] }
  return input
}

export function actorOf(request: FastifyRequest): string {
  const principal = (request as { principal?: { readonly actor: string } | null }).principal
  return principal?.actor ?? 'mlflow-client'
}

/** Makes a scope read and answer as MLflow's protocol has it: lenient JSON in, two spaces of indent out, its own errors. */
export function useMlflowWire(app: FastifyInstance): void {
  app.setValidatorCompiler(() => (value) => ({ value }))
  app.setSerializerCompiler(() => (value) => JSON.stringify(value, null, 2))
  app.setErrorHandler((error, request, reply) => answerWireError(error, request, reply))
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('remove', 'remove')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    // What is no JSON counts as an empty request, and the answer says what it misses.
    void parse(request, body, (error, value) => {
      if (!error) sources.set(request, body)
      const twice = typeof value === 'string' ? parsedAgain(value) : value
      done(null, error || twice === null || typeof twice !== 'object' ? {} : twice)
    })
  })
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume()
    done(
      new BellwetherError('INVALID_INPUT', "Bad Request. Content-Type must be one of ['application/json']."),
      undefined,
    )
  })
}

/** Old clients send a document inside a text. */
function parsedAgain(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

export function answerWireError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toPublicError(error, request)
  request.errorCode = known.code
  if (known.status >= 500) request.log.error({ err: known.cause ?? error, code: known.code }, 'request failed inside')
  const { status, body } = wireError(known)
  if (status === 401) reply.header('www-authenticate', 'Basic realm="mlflow"')
  void reply
    .code(status)
    .type('application/json')
    .serializer((value: unknown) => JSON.stringify(value, null, 2))
    .send(body)
}
