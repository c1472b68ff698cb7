import { assertBindAllowed } from '../security/bind-address.ts'
import { type BuiltApp, buildApp } from './app.ts'
import { bindError } from './bind-port.ts'
import { readyModels } from './readiness.ts'
import { DEFAULT_LIMITS, type ServerOptions } from './server-options.ts'

export interface RunningServer {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string
  /** Whether requests need a key or a token now. */
  readonly authentication: boolean
  /** The key for the first administrator, to be shown once; null where one gets in already. */
  readonly bootstrapKey: string | null
  /** Takes nothing new, finishes what it took, then resolves; idempotent. */
  close(): Promise<void>
}

/**
 * Starts to listen, then loads the models in the background; a request that comes before they are loaded waits for its own.
 * The stores stay open: who opened them closes them.
 * @throws AUTH_REQUIRED_FOR_BIND, PORT_IN_USE, BIND_FAILED, TLS_INVALID, USAGE
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port } = options
  assertBindAllowed(host, options.authentication !== 'off')
  const { app, context, authentication, endConnections } = await buildApp(options)
  if (options.defaultModel !== undefined) {
    try {
      await options.stores.models.model(options.defaultModel)
    } catch (error) {
      await app.close()
      throw error
    }
  }
  try {
    await app.listen({ host, port, listenTextResolver: () => 'listening' })
  } catch (error) {
    await app.close()
    throw bindError(error, host, port)
  }
  const bootstrapKey = await authentication.bootstrapKey().catch(async (error: unknown) => {
    await app.close()
    throw error
  })
  const warmUp = readyModels(context, { again: false }).then(
    async ({ ready }) => {
      app.log.info({ models: ready.length }, 'models loaded')
      await context.traffic.warmAll()
    },
    (error: unknown) => app.log.error({ err: error }, 'models could not be loaded'),
  )

  const address = app.server.address()
  const bound = address !== null && typeof address === 'object' ? address.port : port
  let closing: Promise<void> | null = null
  return {
    url: `${options.tls ? 'https' : 'http'}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}`,
    authentication: authentication.isOn,
    bootstrapKey,
    close() {
      closing ??= closeWithin(
        app,
        endConnections,
        options.limits?.closeTimeoutMs ?? DEFAULT_LIMITS.closeTimeoutMs,
      ).then(() => warmUp)
      return closing
    },
  }
}

/** Waits for requests that were taken, but not for ever. */
async function closeWithin(app: BuiltApp['app'], endConnections: () => void, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => {
    app.log.warn('requests did not end in time; closing their connections')
    endConnections()
  }, timeoutMs)
  // Connections whose answer was on its way when closing began become idle later.
  const idle = setInterval(() => app.server.closeIdleConnections?.(), 50)
  try {
    await app.close()
  } finally {
    clearInterval(idle)
    clearTimeout(timer)
  }
}
