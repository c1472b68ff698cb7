import type { Http2SecureServer } from 'node:http2'
import fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import type { BellwetherError } from '../errors.ts'
import { parseEnvironmentKeys } from '../security/environment-keys.ts'
import { NO_EVENTS } from '../serve/cloud-events/cloud-event-sink.ts'
import { ExtractionSettings } from '../serve/extraction/extraction-settings.ts'
import { createModelCache } from '../serve/model-cache.ts'
import { Traffic } from '../serve/traffic/traffic.ts'
import { type DeclaredRoute, requirePermissions } from './access.ts'
import { Authentication } from './authentication.ts'
import { limitBodyShape } from './body-shape.ts'
import { answerClientError } from './client-error.ts'
import { coarsenAnswers } from './coarse-answers.ts'
import { defaultModelName } from './default-model.ts'
import { announceDeprecations } from './deprecations.ts'
import { toPublicError } from './error-reply.ts'
import { guardExtraction } from './extraction.ts'
import { isHttp2, treatHttp2 } from './http2-requests.ts'
import { acceptOnlyJson } from './json-body.ts'
import { lingerOnClose } from './linger.ts'
import { createLogger, standardErrorSink } from './logger.ts'
import { addMetrics } from './metrics.ts'
import { mlflowRoutes } from './mlflow/mlflow-plugin.ts'
import { withoutTwin } from './mlflow/twin-paths.ts'
import { answerUnmatched } from './not-found.ts'
import { describeApi } from './openapi/document.ts'
import { keepRetention } from './prediction-retention.ts'
import { refuseUnderPressure } from './pressure.ts'
import { invocationRoutes } from './protocols/invocations.ts'
import { openInferenceRoutes } from './protocols/open-inference.ts'
import { createRateLimit } from './rate-limit.ts'
import { logRequests } from './request-log.ts'
import { limitRequestTime } from './request-time.ts'
import type { RouteContext, TypedApp } from './route-types.ts'
import { batchRoutes } from './routes/batch.ts'
import { dashboardRoutes } from './routes/dashboard.ts'
import { dataRemoteRoutes } from './routes/data-remote.ts'
import { datasetContentRoutes } from './routes/dataset-content.ts'
import { datasetUploadRoutes } from './routes/dataset-upload.ts'
import { datasetRoutes } from './routes/datasets.ts'
import { docsRoutes } from './routes/docs.ts'
import { erasureRoutes } from './routes/erasures.ts'
import { healthRoutes } from './routes/health.ts'
import { keyRoutes } from './routes/keys.ts'
import { lineageRoutes } from './routes/lineage.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { modelRoutes } from './routes/models.ts'
import { onnxRoutes } from './routes/onnx.ts'
import { outcomeRoutes } from './routes/outcomes.ts'
import { predictRoutes } from './routes/predict.ts'
import { predictionRoutes } from './routes/predictions.ts'
import { reproductionRoutes } from './routes/reproductions.ts'
import { runRoutes } from './routes/runs.ts'
import { trafficRoutes } from './routes/traffic.ts'
import { whatIfRoutes } from './routes/what-if.ts'
import { addSecurityHooks, setSecurityHeaders } from './security-hooks.ts'
import { DEFAULT_LIMITS, type ServerOptions } from './server-options.ts'
import { followTls, readTls, trackConnections } from './tls.ts'
import { currentTrace, tracedStores, traceRequests } from './tracing.ts'
import { dealingSecret, nameVersions } from './traffic/through-traffic.ts'
import { trafficMetrics } from './traffic/traffic-metrics.ts'

export interface BuiltApp {
  readonly app: TypedApp
  readonly context: RouteContext
  /** Every route with its permission, once the app is ready. */
  readonly routes: () => readonly DeclaredRoute[]
  readonly authentication: Authentication
  /** Ends connections that do not end by themselves. */
  readonly endConnections: () => void
}

/**
 * The map of the API. Nothing listens yet: `startServer` does, and tests inject.
 * @throws TLS_INVALID, KEYS_INVALID, USAGE
 */
export async function buildApp(options: ServerOptions): Promise<BuiltApp> {
  const { clock, newId } = options
  const tracing = options.tracing ?? null
  const stores = tracedStores(options.stores, tracing)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const log = createLogger({
    level: options.logLevel ?? 'info',
    ...(options.log ? { sink: options.log } : {}),
    ...(tracing ? { trace: currentTrace } : {}),
  })

  const http = {
    // A request without a Host header is answered by our own check.
    requireHostHeader: false,
    // MLflow's clients name a thousand runs in one address, which takes 41 KB; a line of 64 KiB is refused.
    maxHeaderSize: 61_440,
    // Bodies have a time of their own: request-time.ts.
    headersTimeout: Math.min(10_000, limits.requestTimeoutMs),
    connectionsCheckingInterval: Math.min(5_000, limits.requestTimeoutMs),
  }
  const tls = options.tls ? await readTls(options.tls) : null
  // Over TLS the server speaks both versions of HTTP; handlers see what they have in common.
  const transport = tls
    ? {
        http2: true,
        http2SessionTimeout: 72_000,
        https: {
          ...http,
          ...tls,
          allowHTTP1: true,
          requestTimeout: 0,
          keepAliveTimeout: 72_000,
          settings: { maxConcurrentStreams: 128 },
        },
      }
    : { http }

  const app = fastify({
    ...(transport as object),
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    genReqId: () => newId(),
    bodyLimit: limits.bodyBytes,
    ...(options.trustedProxies?.length ? { trustProxy: [...options.trustedProxies] } : {}),
    requestTimeout: 0,
    keepAliveTimeout: 72_000,
    rewriteUrl: ({ url = '/' }) => withoutTwin(url),
    routerOptions: { maxParamLength: 256 },
    // Named here, so that Fastify does not load compilers of its own (a hundred modules) that nothing would use; its types know those alone.
    schemaController: {
      compilersFactory: {
        buildValidator: () => validatorCompiler as never,
        buildSerializer: () => () => JSON.stringify,
      },
    },
    // Requests that arrive on an open connection while the server closes are still answered.
    return503OnClosing: false,
    clientErrorHandler(error, socket) {
      const answered = answerClientError(error, socket)
      if (answered) metrics.malformed(answered.status, answered.code)
    },
    frameworkErrors(error, request, reply) {
      setSecurityHeaders(reply as unknown as FastifyReply, request.id)
      beginTime(request as unknown as FastifyRequest, reply as unknown as FastifyReply)
      sendError(reply as unknown as FastifyReply, toPublicError(error, request))
    },
  }) as unknown as TypedApp
  app.setValidatorCompiler(validatorCompiler)
  // Answers are typed by the stores and the scorer; their schemas document them.
  app.setSerializerCompiler(() => JSON.stringify)
  app.setErrorHandler((error, request, reply) => {
    const known = toPublicError(error, request)
    request.errorCode = known.code
    // Under pressure the line of the request has to do.
    if (known.status >= 500 && known.code !== 'OVERLOADED')
      request.log.error({ err: known.cause ?? error, code: known.code }, 'request failed inside')
    sendError(reply, known)
  })

  const beginTime = limitRequestTime(app, limits, (answered) => metrics.malformed(answered.status, answered.code))

  const cache = createModelCache({
    models: stores.models,
    // Models need the whole learning core; the port need not wait for it.
    load: async (version) =>
      (await import('../serve/load-scorer.ts')).loadScorer(version, options.packages ?? stores.blobs, newId),
    clock,
    pollMs: limits.aliasPollMs,
    onServed: ({ name, version, alias }) => log.info({ model: name, version, alias }, 'model version serves'),
    onFailure: ({ model, version, error }) =>
      log.error({ model, version, err: error }, 'model version cannot be loaded'),
    onRegistryError: (error) => log.error({ err: error }, 'the registry does not answer; serving what is loaded'),
  })

  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onSend', async (request, reply) => {
    // A connection that stayed open after its answer would keep the server from closing.
    if (closing && !isHttp2(request)) reply.header('connection', 'close')
  })
  // Asked of the system once, not for every request.
  let port: number | null = null
  const boundPort = () => {
    if (port !== null) return port
    const address = app.server.address()
    if (address === null || typeof address !== 'object') return options.port === 0 ? null : options.port
    port = address.port
    return port
  }

  let endConnections = () => app.server.closeAllConnections()
  if (options.tls) {
    const server = app.server as unknown as Http2SecureServer
    endConnections = trackConnections(server)
    const files = options.tls
    let endFollowing = () => {}
    app.addHook('onReady', async () => {
      endFollowing = followTls(server, files, {
        onReloaded: (expires) => log.info({ expires }, 'certificate was reloaded'),
        onError: (error) => log.error({ err: error }, 'the new certificate is no good; the one before stays'),
      })
    })
    app.addHook('onClose', async () => endFollowing())
    treatHttp2(app)
  }
  lingerOnClose(app.server)
  traceRequests(app, tracing)
  acceptOnlyJson(app)
  answerUnmatched(app)
  logRequests(app)
  nameVersions(app)
  const metrics = addMetrics(app, {
    lostEntries: () => options.predictionLog?.lost ?? 0,
    droppedLines: options.droppedLogLines ?? (() => standardErrorSink().dropped),
    events: () => options.cloudEvents?.counts ?? NO_EVENTS,
  })
  addSecurityHooks(app, {
    bindHost: options.host,
    port: boundPort,
    allowedHosts: options.allowedHosts ?? [],
    tls: tls !== null,
  })
  refuseUnderPressure(app, {
    inFlight: limits.inFlight,
    eventLoopDelayMs: limits.eventLoopDelayMs,
    memoryBytes: limits.memoryBytes,
    requests: () => metrics.inFlight,
    onChange: (why) => (why ? log.warn({ why }, 'refuses requests') : log.info('takes requests again')),
  })
  limitBodyShape(app, limits)
  const authentication = new Authentication({
    mode: options.authentication ?? 'auto',
    bindHost: options.host,
    keys: stores.keys,
    audit: stores.audit,
    environmentKeys: parseEnvironmentKeys(options.environmentKeys ?? ''),
    tokens: options.tokens ?? null,
    clock,
    onError: (error) => log.error({ err: error }, 'keys or audit log: the store does not answer'),
    onFailed: metrics.keyFailed,
  })
  app.addHook('onReady', () => authentication.start())
  app.addHook('onClose', () => authentication.close())
  const rates = {
    addressPerMinute: limits.addressRatePerMinute,
    callerPerMinute: limits.callerRatePerMinute,
    clock,
  }
  const routes = requirePermissions(app, {
    authenticate: authentication.authenticate,
    onRefused: authentication.refused,
    limitRate: createRateLimit(rates),
    defaultModel: () => defaultModelName({ cache, defaultModel: options.defaultModel ?? null }),
  })
  const watchExtraction = guardExtraction(app, {
    ...rates,
    settings: options.extraction ?? ExtractionSettings.parse({}),
    random: Math.random,
    metrics,
    authentication,
  })
  coarsenAnswers(app)
  announceDeprecations(app, options.deprecations ?? {})
  const document = await describeApi(app, cache, limits.records)

  const counts = trafficMetrics(metrics.registry)
  const traffic = new Traffic({
    cache,
    models: stores.models,
    clock,
    secret: dealingSecret(options.predictionLog?.hashKey),
    random: Math.random,
    isBusy: () => metrics.inFlight > 0,
    listener: {
      ...counts,
      stopped(canary, rule, why) {
        counts.stopped(canary, rule, why)
        log.warn({ model: canary.name, version: canary.version, alias: canary.alias, rule, why }, 'canary was stopped')
      },
      failed: (error) => log.error({ err: error }, 'traffic: the canary or shadow was not dealt with'),
    },
  })
  app.addHook('onClose', () => traffic.close())

  const context: RouteContext = {
    stores,
    cache,
    traffic,
    metrics,
    limits,
    clock,
    newId,
    predictionLog: options.predictionLog ?? null,
    cloudEvents: options.cloudEvents ?? null,
    watchExtraction,
    eraser: options.eraser ?? null,
    makeAgain: options.makeAgain ?? null,
    dataWorker: options.dataWorker ?? null,
    defaultModel: options.defaultModel ?? null,
  }
  await predictRoutes(app, context)
  await app.register(batchRoutes, context)
  await whatIfRoutes(app, context)
  await app.register(invocationRoutes, context)
  await app.register(openInferenceRoutes, { ...context, isClosing: () => closing })
  await modelRoutes(app, context)
  await trafficRoutes(app, context)
  await onnxRoutes(app, context)
  await predictionRoutes(app, context)
  await outcomeRoutes(app, context)
  const endRetention = keepRetention(context, (error) => log.error({ err: error }, 'old predictions were not removed'))
  app.addHook('onClose', async () => endRetention())
  await runRoutes(app, context)
  await reproductionRoutes(app, context)
  await erasureRoutes(app, context)
  await mlflowRoutes(app, { stores, clock, maxArtifactBytes: limits.artifactBytes })
  await datasetRoutes(app, context)
  await datasetContentRoutes(app, context)
  await app.register(datasetUploadRoutes, context)
  await dataRemoteRoutes(app, context)
  await lineageRoutes(app, context)
  await keyRoutes(app, { ...context, authentication })
  await healthRoutes(app, { ...context, isClosing: () => closing })
  await metricsRoutes(app, context)
  await docsRoutes(app, { document })
  await dashboardRoutes(app, { folder: options.dashboardFolder })
  return { app, context, routes, authentication, endConnections }
}

function sendError(reply: FastifyReply, error: BellwetherError): void {
  void reply.code(error.status).type('application/json; charset=utf-8').send(error.toDocument())
}
