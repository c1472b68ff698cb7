import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { BellwetherError } from '../errors.ts'
import { isRoutePermission, type Permission, type RoutePermission } from '../security/permissions.ts'
import { isConfined, LOOPBACK, may, type Principal } from '../security/principal.ts'
import type { TypedApp } from './route-types.ts'

/** Where a request names the model that it is about; see security/permissions.ts. */
export type RouteScope =
  | { readonly param: string }
  | 'default-model'
  | 'handler'
  | ((request: FastifyRequest) => string | null)

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route has one; a route without stops the server at start. */
    permission?: RoutePermission
    scope?: RouteScope
    /**
     * The schema for the API's document, made when somebody reads that: for routes whose handlers check their input themselves, so that a start
     * need not make it.
     */
    document?: () => object
  }
  interface FastifyRequest {
    /** Who asks; the owner of this machine while authentication is off. Null on a public route for who gave no key. */
    principal: Principal | null
  }
}

export interface AccessOptions {
  /**
   * Finds out who asks. Null: nobody in particular. It throws where what was given is no good.
   * @throws UNAUTHENTICATED, TOO_MANY_ATTEMPTS, AUTH_UNAVAILABLE
   */
  readonly authenticate: (request: FastifyRequest) => Principal | null | Promise<Principal | null>
  readonly defaultModel: () => Promise<string>
  /** Asked once it is known who asks, or that the credential is no good, before permissions. @throws RATE_LIMITED */
  readonly limitRate?: (request: FastifyRequest, reply: FastifyReply, principal: Principal | null) => void
  /** Told of whatever kept a request from its handler, before it is answered. */
  readonly onRefused?: (request: FastifyRequest, reply: FastifyReply, error: unknown) => void
}

/** A route as it was declared, for the list of routes and who may use them. */
export interface DeclaredRoute {
  readonly method: string
  readonly url: string
  readonly permission: RoutePermission
  readonly scoped: boolean
}

/**
 * Default-deny: each route has to declare its permission, and each request has to hold it. Call it before any route is added.
 * @returns the routes that were declared, once the app is ready
 * @throws INTERNAL, when the app becomes ready, for routes that declare none
 */
export function requirePermissions(app: FastifyInstance, options: AccessOptions): () => readonly DeclaredRoute[] {
  const added: { readonly method: string; readonly url: string; readonly route: RouteOptions }[] = []
  app.decorateRequest('principal', null)
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) added.push({ method, url: route.url, route })
  })
  app.addHook('onReady', async () => {
    const open = added.filter(({ route }) => !isRoutePermission(route.config?.permission))
    if (open.length > 0)
      throw new BellwetherError(
        'INTERNAL',
        `Routes without a declared permission: ${open.map(({ method, url }) => `${method} ${url}`).join(', ')}.`,
        { hint: 'Declare `config: { permission: … }` on each (src/security/permissions.ts).' },
      )
  })

  const admit = (request: FastifyRequest, reply: FastifyReply, principal: Principal | null): void | Promise<void> => {
    request.principal = principal
    options.limitRate?.(request, reply, principal)
    const { permission, scope } = request.routeOptions.config
    if (permission === 'public') return
    if (!permission) throw new BellwetherError('INTERNAL', 'The route declares no permission.')
    if (!principal) throw new BellwetherError('UNAUTHENTICATED', 'This needs an API key or a token.')
    if (principal === LOOPBACK) return
    if (scope === 'default-model' && isConfined(principal))
      return options.defaultModel().then((model) => requirePermission(principal, permission, model))
    requirePermission(principal, permission, modelBeforeBody(request, scope))
  }

  /** A credential that is no good counts for its address, as none does: a wrong key is no way around the address's rate. */
  const strange = (request: FastifyRequest, reply: FastifyReply, error: unknown): never => {
    if (error instanceof BellwetherError && error.code === 'UNAUTHENTICATED') options.limitRate?.(request, reply, null)
    throw error
  }
  const whoAsks = (request: FastifyRequest, reply: FastifyReply) => {
    try {
      const found = options.authenticate(request)
      return found instanceof Promise ? found.catch((error: unknown) => strange(request, reply, error)) : found
    } catch (error) {
      return strange(request, reply, error)
    }
  }

  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) return done()
    const refuse = (error: unknown) => {
      options.onRefused?.(request, reply, error)
      done(error as Error)
    }
    try {
      const found = whoAsks(request, reply)
      const admitted =
        found instanceof Promise ? found.then((who) => admit(request, reply, who)) : admit(request, reply, found)
      if (admitted === undefined) done()
      else admitted.then(() => done(), refuse)
    } catch (error) {
      refuse(error)
    }
  })

  app.addHook('preHandler', (request, reply, done) => {
    const { permission, scope } = request.routeOptions.config
    if (typeof scope !== 'function' || !request.principal || request.principal === LOOPBACK) return done()
    try {
      requirePermission(request.principal, permission as Permission, scope(request))
      done()
    } catch (error) {
      options.onRefused?.(request, reply, error)
      done(error as Error)
    }
  })

  return () =>
    added.map(({ method, url, route }) => ({
      method,
      url,
      permission: route.config?.permission as RoutePermission,
      scoped: route.config?.scope !== undefined,
    }))
}

/** The model as far as it is known before the body: undefined where that comes later. */
function modelBeforeBody(request: FastifyRequest, scope: RouteScope | undefined): string | null | undefined {
  if (scope === undefined) return null
  if (typeof scope === 'object') return (request.params as Record<string, string>)[scope.param] ?? null
  return undefined
}

/** Whether who asks may do something with a model; for handlers that look for themselves, such as those of lists. */
export function mayUse(request: FastifyRequest, permission: Permission, model: string): boolean {
  return request.principal !== null && may(request.principal, permission, model)
}

/** @throws FORBIDDEN */
export function requirePermission(
  principal: Principal,
  permission: Permission,
  model: string | null | undefined,
): void {
  if (may(principal, permission, model)) return
  if (!may(principal, permission, undefined))
    throw new BellwetherError('FORBIDDEN', `This needs the permission "${permission}".`)
  throw new BellwetherError(
    'FORBIDDEN',
    model === null
      ? `This is about all models, and the permission "${permission}" is given for some only.`
      : `The permission "${permission}" is given for other models only.`,
    {
      hint: 'Ask an administrator for a key or a role that is for this model, or for all; docs/security.md says what one for some models sees.',
    },
  )
}

/** Adds routes that cannot declare a permission themselves, as those of somebody else's plugin: all of them get the same one. */
export async function declareRoutes(
  app: TypedApp,
  config: { readonly permission: RoutePermission; readonly scope?: RouteScope },
  add: (scope: TypedApp) => PromiseLike<unknown>,
): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...config }
    })
    await add(scope as unknown as TypedApp)
  })
}
