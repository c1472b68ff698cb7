import type { FastifyInstance } from 'fastify'
import { BellwetherError } from '../errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler makes its answers coarser by itself, because it streams them. */
    coarsensItself?: boolean
  }
}

/** What answers say beyond the label or value. */
const BESIDE_THE_LABEL = new Set([
  'probabilities',
  'distances',
  'confidence',
  'explanation',
  'explanations',
  'contributions',
])

/**
 * Makes predictions coarser for keys that are made so, whatever the protocol: a model is harder to copy from rounded answers, or
 * from labels alone. What cannot be made coarser, because it is bytes already, is not sent. Others' answers are not touched.
 */
export function coarsenAnswers(app: FastifyInstance): void {
  const done = new WeakSet<object>()
  app.addHook('preSerialization', (request, reply, payload, next) => {
    const limit = request.principal?.probabilities ?? null
    if (limit === null || request.routeOptions.config.permission !== 'models:predict') return next(null, payload)
    done.add(request)
    next(null, reply.statusCode >= 400 ? payload : coarsened(payload, limit))
  })
  app.addHook('onSend', (request, reply, payload, next) => {
    const limit = request.principal?.probabilities ?? null
    if (limit === null || request.routeOptions.config.permission !== 'models:predict') return next(null, payload)
    if (request.routeOptions.config.coarsensItself === true) return next(null, payload)
    if (done.has(request) || reply.statusCode >= 400 || isEmpty(payload)) return next(null, payload)
    next(new BellwetherError('FORBIDDEN', 'This form of answer is not for keys whose probabilities are limited.'))
  })
}

const isEmpty = (payload: unknown) => typeof payload === 'string' && payload.trim() === ''

/**
 * A copy with every number rounded to so many decimals; or, where probabilities are withheld, without what is said beside the
 * label, and with null for every number between 0 and 1.
 */
export function coarsened(value: unknown, limit: number | 'withheld'): unknown {
  if (typeof value === 'number') {
    if (limit !== 'withheld') return Number.isFinite(value) ? Number(value.toFixed(limit)) : value
    return value > 0 && value < 1 ? null : value
  }
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)))
    return Array.from(value as ArrayLike<unknown>, (one) => coarsened(one, limit))
  if (typeof value !== 'object' || value === null) return value
  // A tensor of the Open Inference Protocol has its name beside its numbers.
  if (limit === 'withheld' && 'name' in value && value.name === 'distances' && 'data' in value)
    return { ...value, data: Array.from(value.data as ArrayLike<unknown>, () => null) }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => limit !== 'withheld' || !BESIDE_THE_LABEL.has(name))
      .map(([name, one]) => [name, coarsened(one, limit)]),
  )
}
