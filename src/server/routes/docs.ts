import fastifySwaggerUi, { type FastifySwaggerUiOptions } from '@fastify/swagger-ui'
import type { FastifyRequest } from 'fastify'
import { declareRoutes, mayUse } from '../access.ts'
import type { OpenApiDocument } from '../openapi/document.ts'
import type { TypedApp } from '../route-types.ts'

/** The guide's own scripts and styles come from this server; it sets styles inline and draws its icons from `data:`. */
const GUIDE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

/** `/openapi.json`, and `/docs`, which shows it to people; works without a network. */
export async function docsRoutes(
  app: TypedApp,
  { document }: { readonly document: (maySee: (model: string) => boolean) => Promise<OpenApiDocument> },
): Promise<void> {
  const documentFor = (request: FastifyRequest) => document((model) => mayUse(request, 'models:read', model))
  app.get(
    '/openapi.json',
    { config: { permission: 'models:read', scope: 'handler' }, schema: { hide: true } },
    async (request) => documentFor(request),
  )

  // The guide reads its own copy at /docs/json, made without waiting: the hook before it has waited.
  const made = new WeakMap<object, OpenApiDocument>()
  const guide = {
    routePrefix: '/docs',
    staticCSP: GUIDE_POLICY,
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      deepLinking: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
    },
    theme: { title: 'Bellwether API' },
    uiHooks: {
      preHandler: async (request: FastifyRequest) => {
        made.set(request, await documentFor(request))
      },
    },
    transformSpecification: (_document, request) => ({ ...made.get(request) }),
    transformSpecificationClone: false,
  } satisfies FastifySwaggerUiOptions
  await declareRoutes(app, { permission: 'models:read', scope: 'handler' }, (scope) =>
    scope.register(fastifySwaggerUi, guide),
  )
}
