import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { LOOPBACK } from '../../security/principal.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import { idsInBody } from '../../serve/traffic/ids-in-body.ts'
import type { Caller, Route } from '../../serve/traffic/traffic.ts'
import { toPublicError } from '../error-reply.ts'
import type { RouteContext } from '../route-types.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who answers, where that was for the model's traffic to say. */
    dealt: Route | null
  }
}

/** What sticky keys are dealt with: the same in every process that serves a home, so that a key keeps its version; by chance where nothing is kept. */
export function dealingSecret(homeSecret: KeyObject | undefined): KeyObject {
  return createSecretKey(
    homeSecret === undefined ? randomBytes(32) : createHmac('sha256', homeSecret).update('traffic').digest(),
  )
}

/** Says on every answer that was scored which version gave it: not all protocols have a place for it. */
export function nameVersions(app: FastifyInstance): void {
  app.decorateRequest('dealt', null)
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { scored } = request
    if (scored !== null) reply.header('x-bellwether-model', `${scored.model}/${scored.version}`)
    done()
  })
}

/**
 * Has a request answered that names a model and neither version nor alias: by its champion, or by the canary that the plan of traffic gives it.
 * Where a canary fails and the champion can answer, the champion's answer goes out and the failure counts against the canary; where neither can,
 * it is the request that is at fault.
 * @param answer Called once, and once more where a canary failed.
 */
export async function throughTraffic<Answer>(
  request: FastifyRequest,
  model: string,
  { traffic }: Pick<RouteContext, 'traffic'>,
  answer: (served: ServedModel) => Promise<Answer>,
): Promise<Answer> {
  const route = await traffic.route(model, new RequestCaller(request))
  request.dealt = route
  const { served, champion } = route
  if (served === champion) return answer(champion)
  try {
    return await answer(served)
  } catch (error) {
    request.dealt = { ...route, served: champion }
    const instead = await answer(champion)
    traffic.failed(route)
    const { code } = toPublicError(error, request)
    request.log.warn({ model, version: served.version, code }, 'the canary failed; the champion answered')
    return instead
  }
}

/** One for each request: a class, so that the hot path makes no closures. */
class RequestCaller implements Caller {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  header(name: string): string | null {
    const value = this.#request.headers[name.toLowerCase()]
    return (Array.isArray(value) ? value[0] : value) || null
  }

  key(): string | null {
    const { principal } = this.#request
    return principal === null || principal === LOOPBACK ? null : (principal.keyId ?? principal.actor)
  }

  ids(column: string): readonly string[] {
    return idsInBody(this.#request.body, column)
  }
}
