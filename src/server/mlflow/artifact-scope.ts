import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { RoutePermission } from '../../security/permissions.ts'
import { checkArtifactPath, invalidParameter } from '../../track/mlflow-rules.ts'
import { answerWireError } from './mlflow-routes.ts'
import { WireError } from './wire-errors.ts'

type Query = Readonly<Record<string, string | string[] | undefined>>

export interface ArtifactRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** The first is documented; the others are the same. */
  readonly urls: readonly string[]
  readonly operationId: string
  readonly summary: string
  readonly permission: RoutePermission
  readonly query?: readonly string[]
  /** It takes a file. */
  readonly upload?: boolean
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
}

/** Makes a scope whose bodies are files: bytes of any type and length, which handlers read as a stream. Errors are MLflow's. */
export function takeFiles(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => answerWireError(error, request, reply))
  app.setSerializerCompiler(() => (value) => JSON.stringify(value, null, 2))
  app.setValidatorCompiler(() => (value) => ({ value }))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

export function addArtifactRoutes(app: FastifyInstance, routes: readonly ArtifactRoute[]): void {
  for (const route of routes) {
    const { method, urls, permission, upload = false, handle } = route
    for (const [index, url] of urls.entries()) {
      app.route({
        method,
        url,
        bodyLimit: Number.MAX_SAFE_INTEGER,
        config: { permission, upload, document: () => schemaOf(route, url, index > 0) },
        handler: handle,
      })
    }
  }
}

/** For the document: what comes in is read by the handler. */
function schemaOf({ operationId, summary, query }: ArtifactRoute, url: string, hide: boolean): object {
  const params = [...Array.from(url.matchAll(/:(\w+)/g), ([, name]) => name!), ...(url.endsWith('*') ? ['*'] : [])]
  const texts = (names: readonly string[], schema: z.ZodType) =>
    z.object(Object.fromEntries(names.map((name) => [name, schema])))
  return {
    tags: ['mlflow'],
    hide,
    operationId,
    summary,
    ...(query ? { querystring: texts(query, z.string().optional()) } : {}),
    ...(params.length > 0 ? { params: texts(params, z.string()) } : {}),
    response: {
      200: { description: 'The bytes, or a document.', content: { '*/*': { schema: z.unknown() } } },
      400: WireError,
      404: WireError,
    },
  }
}

/** The artifact's path in an address. @throws INVALID_INPUT */
export function wildcard(request: FastifyRequest): string {
  return artifactPath((request.params as { '*': string })['*'])
}

/** @throws INVALID_INPUT for what is no path of a file */
export function artifactPath(given: string): string {
  const path = checkArtifactPath(given)
  if (path === '') throw invalidParameter('path', 'Invalid path')
  return path
}

/** A parameter of the query; the last one where it is repeated. */
export function one(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Query)[name]
  return Array.isArray(value) ? value.at(-1) : value
}
