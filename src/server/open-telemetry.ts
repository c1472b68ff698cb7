import {
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { VERSION } from '../version.ts'
import type { TraceSpan, Tracing } from './tracing.ts'

/**
 * Traces by OTLP over HTTP. The exporter and the sampler read OpenTelemetry's own variables (endpoint, headers, timeout,
 * `OTEL_TRACES_SAMPLER`). A collector that does not answer costs traces, never requests. Load this module only where traces
 * are asked for: it takes a tenth of a second.
 */
export function openTelemetry(environment: Readonly<Record<string, string | undefined>>): Tracing {
  const provider = new BasicTracerProvider({
    resource: resourceOf(environment),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('bellwether', VERSION)
  return {
    begin: (name, attributes, headers) =>
      wrap(tracer, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, callerOf(headers))),
    close: () => provider.shutdown().catch(() => undefined),
  }
}

function wrap(tracer: Tracer, span: Span): TraceSpan {
  return {
    traceId: span.spanContext().traceId,
    child: (name, attributes) =>
      wrap(tracer, tracer.startSpan(name, { attributes }, trace.setSpan(ROOT_CONTEXT, span))),
    set: (attributes) => void span.setAttributes(attributes),
    end(failure) {
      if (failure !== undefined) {
        span.setAttribute('error.type', failure)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}

/** The span that `traceparent` names; none where it is not as it should be. @see https://www.w3.org/TR/trace-context/#traceparent-header */
function callerOf(headers: Readonly<Record<string, unknown>>): Context {
  const { traceparent, tracestate } = headers
  const match =
    typeof traceparent === 'string' && traceparent.length <= 512
      ? /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(traceparent)
      : null
  if (!match || match[1] === 'ff' || (match[1] === '00' && match[5] !== undefined)) return ROOT_CONTEXT
  const parent = {
    traceId: match[2]!,
    spanId: match[3]!,
    traceFlags: Number.parseInt(match[4]!, 16) & 1,
    isRemote: true,
    ...(typeof tracestate === 'string' && tracestate.length <= 512 ? { traceState: createTraceState(tracestate) } : {}),
  }
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
}

type Resource = NonNullable<NonNullable<ConstructorParameters<typeof BasicTracerProvider>[0]>['resource']>

/** `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`, which comes before them. */
function resourceOf(environment: Readonly<Record<string, string | undefined>>): Resource {
  const given = (environment['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=')
    if (at < 1) return []
    try {
      return [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]]
    } catch {
      return []
    }
  })
  const service = environment['OTEL_SERVICE_NAME']
  const attributes: Record<string, string> = {
    'service.name': 'bellwether',
    'service.version': VERSION,
    ...Object.fromEntries(given),
    ...(service ? { 'service.name': service } : {}),
  }
  const resource: Resource = {
    attributes,
    getRawAttributes: () => Object.entries(attributes),
    merge: () => resource,
  }
  return resource
}
