import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { routeLabel } from './metrics.ts'

type Attributes = Readonly<Record<string, string | number>>

/** A span that has begun. */
export interface TraceSpan {
  /** Id of its trace, 32 hexadecimal digits; undefined where it is not to be told. */
  readonly traceId?: string
  child(name: string, attributes: Attributes): TraceSpan
  set(attributes: Attributes): void
  end(failure?: string): void
}

/** Where traces go; `openTelemetry` of open-telemetry.ts makes one. */
export interface Tracing {
  /** Begins the span of a request, below the caller's where `traceparent` names one. */
  begin(name: string, attributes: Attributes, headers: Readonly<Record<string, unknown>>): TraceSpan
  /** Sends what is left. */
  close(): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The request's span; null where nothing is traced. */
    trace: TraceSpan | null
  }
}

/** Whether the environment asks for traces, by the variables of OpenTelemetry. */
export function tracesAsked(environment: Readonly<Record<string, string | undefined>>): boolean {
  const of = (name: string) => environment[name] || undefined
  if (of('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || of('OTEL_TRACES_EXPORTER') === 'none') return false
  return Boolean(
    of('OTEL_EXPORTER_OTLP_ENDPOINT') ??
      of('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ??
      (of('OTEL_TRACES_EXPORTER')?.split(',').includes('otlp') || undefined),
  )
}

const current = new AsyncLocalStorage<TraceSpan>()

/** Id of the trace of the request that is dealt with now; undefined where nothing is traced. */
export function currentTrace(): string | undefined {
  return current.getStore()?.traceId
}

/** A span for each request; what it asks of the stores and of models becomes its children. Call it before other hooks. */
export function traceRequests(app: FastifyInstance, tracing: Tracing | null): void {
  app.decorateRequest('trace', null)
  if (!tracing) return
  app.addHook('onRequest', (request, reply, done) => {
    const route = routeLabel(request.routeOptions.url)
    const attributes = {
      'http.request.method': request.method,
      'http.route': route,
      'url.scheme': request.protocol,
      'bellwether.request_id': request.id,
    }
    const span = tracing.begin(`${request.method} ${route}`, attributes, request.headers)
    request.trace = span
    reply.raw.once('close', () => {
      span.set({ 'http.response.status_code': reply.statusCode })
      span.end(reply.statusCode >= 500 ? (request.errorCode ?? String(reply.statusCode)) : undefined)
    })
    current.run(span, done)
  })
  // Once more: the body's events come from the connection, and know nothing of the request.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.trace) current.run(request.trace, done)
    else done()
  })
}

/** Does something within a span of the request's trace, or just does it where nothing is traced. */
export async function traced<T>(
  request: Pick<FastifyRequest, 'trace'>,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  return request.trace ? within(request.trace.child(name, attributes), work) : work()
}

async function within<T>(span: TraceSpan, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work()
    span.end()
    return result
  } catch (error) {
    span.end(errorType(error))
    throw error
  }
}

/** Its code or class: messages may hold what a request held. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Stores whose calls are spans of the request that made them: `store models.version`. */
export function tracedStores<Stores extends object>(stores: Stores, tracing: Tracing | null): Stores {
  if (!tracing) return stores
  const follow = (target: object, path: string): object =>
    new Proxy(target, {
      get(_target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function' || typeof name !== 'string') return value
        return (...args: unknown[]) => {
          const span = current.getStore()
          if (!span) return value.apply(target, args)
          const child = span.child(`store ${path}.${name}`, {})
          try {
            const result: unknown = value.apply(target, args)
            if (result instanceof Promise) return within(child, () => result)
            child.end()
            return result
          } catch (error) {
            child.end(errorType(error))
            throw error
          }
        }
      },
    })
  const names = ['tracking', 'datasets', 'models', 'blobs', 'mlflow', 'outcomes', 'keys', 'audit'] as const
  const followed = Object.fromEntries(
    names.flatMap((name) => {
      const store = (stores as Record<string, unknown>)[name]
      return typeof store === 'object' && store !== null ? [[name, follow(store, name)]] : []
    }),
  )
  return new Proxy(stores, { get: (target, name) => Reflect.get(followed, name) ?? Reflect.get(target, name, target) })
}
