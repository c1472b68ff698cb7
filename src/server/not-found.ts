import type { FastifyInstance } from 'fastify'
import { BellwetherError } from '../errors.ts'

/**
 * Answers what no route matches: 405 with `Allow` where the path has another method, else 404. Call it before the routes are
 * added: it notes each one.
 */
export function answerUnmatched(app: FastifyInstance): void {
  const routes: { readonly url: string; readonly methods: readonly string[]; pattern?: RegExp }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*' || url === '/*') return
    routes.push({ url, methods: Array.isArray(method) ? method : [method] })
  })
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    const matching = routes.filter((route) => {
      // Made for the first stray request: a start has no time for five hundred.
      route.pattern ??= patternOf(route.url)
      return route.pattern.test(path)
    })
    const methods = new Set(matching.flatMap((route) => route.methods))
    if (methods.size === 0 || methods.has(request.method))
      throw new BellwetherError('ROUTE_NOT_FOUND', 'There is nothing at this path.')
    const allowed = [...methods].sort().join(', ')
    reply.header('allow', allowed)
    throw new BellwetherError('METHOD_NOT_ALLOWED', `This path takes ${allowed}.`)
  })
}

/** The paths that a route such as `/models/:name/*` matches; linear in the path's length. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => {
    if (part === '*') return '.*'
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}$`)
}
