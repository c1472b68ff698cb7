import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openTelemetry } from './open-telemetry.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { appFor } from './testing/test-server.ts'
import { tracesAsked } from './tracing.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly status: { readonly code?: number }
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}

let served: ServedHome
let risk: RegisteredForTest
let collector: Server
let bodies: string[]

beforeEach(async () => {
  bodies = []
  collector = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      bodies.push(text)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const { port } = collector.address() as { port: number }
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${port}`)
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await served.remove()
  collector.closeAllConnections()
  collector.close()
})

const spansSent = (): Span[] =>
  bodies.flatMap((body) =>
    JSON.parse(body).resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: Span[] }[] }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    ),
  )
const attributeOf = (span: Span | undefined, key: string) =>
  Object.values(span?.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0]

test('a request, its scoring and its stores are spans below the caller’s, and hold nothing of the person', async () => {
  const tracing = openTelemetry({ OTEL_SERVICE_NAME: 'school', OTEL_RESOURCE_ATTRIBUTES: 'team=a%20b' })
  const { app, ask } = await appFor(served, { tracing })
  const [traceId, caller] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
  const record = { ...recordOf(risk.students, 0), City: 'Lisboa' }
  const answer = await ask('POST', '/predict/v2', {
    body: { records: [record] },
    headers: { traceparent: `00-${traceId}-${caller}-01` },
  })
  expect(answer.status).toBe(200)
  await app.close()
  await tracing.close()
  const spans = spansSent().filter((span) => span.traceId === traceId)
  const root = spans.find(({ name }) => name === 'POST /predict/v2')
  expect(root).toMatchObject({ parentSpanId: caller })
  expect(attributeOf(root, 'http.response.status_code')).toBe(200)
  expect(attributeOf(root, 'bellwether.request_id')).toBe(answer.headers['x-request-id'])
  const scoring = spans.find(({ name }) => name === 'score risk')
  expect(scoring).toMatchObject({ parentSpanId: root?.spanId })
  expect([attributeOf(scoring, 'bellwether.model.version'), attributeOf(scoring, 'bellwether.records')]).toEqual([1, 1])
  expect(spans.find(({ name }) => name === 'store models.revision')).toMatchObject({ parentSpanId: root?.spanId })
  expect(bodies.join('')).toContain('"school"')
  expect(bodies.join('')).toContain('a b')
  expect(bodies.join('')).not.toContain('Lisboa')
})

test.each(['00-0-0-01', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`])(
  'a traceparent that is none (%s) begins a new trace',
  async (traceparent) => {
    const tracing = openTelemetry({})
    const { app, ask } = await appFor(served, { tracing })
    await ask('GET', '/health/live', { headers: { traceparent } })
    await app.close()
    await tracing.close()
    const root = spansSent().find(({ name }) => name === 'GET /health/live')
    expect(root?.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(root?.parentSpanId ?? '').toBe('')
  },
)

test('neither SDK nor exporter is loaded by a server that traces nothing', { timeout: 120_000 }, () => {
  const script = `
    import { registerHooks } from 'node:module'
    const seen = []
    registerHooks({ resolve(name, context, next) { if (/@opentelemetry.(sdk|exporter)/.test(name)) seen.push(name); return next(name, context) } })
    await import('${new URL('./start-server.ts', import.meta.url).href}')
    await import('${new URL('../cli/serve-home.ts', import.meta.url).href}')
    const before = seen.length
    await import('${new URL('./open-telemetry.ts', import.meta.url).href}')
    console.log(JSON.stringify([before, seen.length > 0]))`
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(JSON.parse(out)).toEqual([0, true])
})

test('a collector that is gone costs no request', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9')
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '500')
  const tracing = openTelemetry({})
  const { app, ask } = await appFor(served, { tracing })
  expect((await ask('GET', '/health/live')).status).toBe(200)
  await app.close()
  await tracing.close()
})

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' }, true],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, false],
  [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }, false],
])('%j asks for traces: %s', (environment, asked) => {
  expect(tracesAsked(environment)).toBe(asked)
})
