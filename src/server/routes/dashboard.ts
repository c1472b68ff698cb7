import { existsSync } from 'node:fs'
import path from 'node:path'
import fastifyStatic, { type FastifyStaticOptions } from '@fastify/static'
import { declareRoutes } from '../access.ts'
import type { TypedApp } from '../route-types.ts'
import { PAGE_POLICY } from '../security-hooks.ts'

/** Names with a hash of their content, as the build makes them: they never change. */
const HASHED = /-[\w-]{8,}\.[a-z0-9]+$/

/** `/`: the built dashboard, by the list of its files as it is at start; a path in a request never reaches the file system. */
export async function dashboardRoutes(app: TypedApp, { folder }: { readonly folder: string }): Promise<void> {
  if (!existsSync(path.join(folder, 'index.html'))) {
    app.get('/', { config: { permission: 'public' }, schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(NOT_BUILT),
    )
    return
  }
  const files = {
    root: path.resolve(folder),
    wildcard: false,
    cacheControl: false,
    setHeaders(reply, file) {
      reply.header('content-security-policy', PAGE_POLICY)
      reply.header('cache-control', HASHED.test(file) ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  } satisfies FastifyStaticOptions
  // Pages and scripts hold nobody's data: what they show they have to ask for.
  await declareRoutes(app, { permission: 'public' }, (scope) => scope.register(fastifyStatic, files))
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Bellwether</title><meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<h1>Bellwether is running</h1>
<p>The dashboard has not been built. Run <code>npm run build:dashboard</code>, then start the server again.</p>
<p>The API works without it: <a href="/docs/">its guide</a>, <a href="/openapi.json">OpenAPI</a>, <a href="/health/ready">readiness</a>.</p>
</body>
</html>
`
