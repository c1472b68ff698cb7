import { fileURLToPath } from 'node:url'
import pc from 'picocolors'
import { BellwetherError } from '../errors.ts'
import { newId } from '../security/new-id.ts'
import type { CloudEventSettings } from '../serve/cloud-events/cloud-event-settings.ts'
import { cloudEventCollector, type EventCollector } from '../serve/cloud-events/event-collector.ts'
import { createLogger, type LogSink } from '../server/logger.ts'
import type { ServerOptions } from '../server/server-options.ts'
import type { ServerSettings } from '../server/server-settings.ts'
import type { Home } from '../store/open-home.ts'
import type { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import { championsBeside } from './champions-beside.ts'
import { homeFolder, text, wholeNumber } from './context.ts'
import { dataInChild } from './data-in-child.ts'
import { DATA_REMOTE_VARIABLE } from './data-remote.ts'
import { eraseInChild } from './erase-in-child.ts'
import { limitYoungGeneration } from './limit-young-generation.ts'
import { openPredictionLog } from './open-prediction-log.ts'
import { note, noteLabelled } from './output.ts'
import { reproduceInChild } from './reproduce-in-child.ts'
import { openServerLog, type ServerLog } from './server-log.ts'

/** Without what was left out. */
function given<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>
  }
}

function settingsGiven({
  tokens,
  allowedHosts,
  trustedProxies,
  tls,
  defaultModel,
  deprecations,
  limits,
  extraction,
}: ServerSettings): Partial<ServerOptions> {
  return {
    ...(limits ? { limits: given(limits) } : {}),
    ...(extraction ? { extraction } : {}),
    ...(tokens ? { tokens: { settings: tokens } } : {}),
    ...(allowedHosts ? { allowedHosts } : {}),
    ...(trustedProxies ? { trustedProxies } : {}),
    ...(tls ? { tls } : {}),
    ...(defaultModel ? { defaultModel } : {}),
    ...(deprecations ? { deprecations: given(deprecations) } : {}),
  }
}

/** `--tls-cert` and `--tls-key`, which come together. @throws USAGE */
function tlsGiven(options: Record<string, unknown>): Pick<ServerOptions, 'tls'> {
  const [cert, key] = [text(options, 'tlsCert'), text(options, 'tlsKey')]
  if (cert === undefined && key === undefined) return {}
  if (cert === undefined || key === undefined)
    throw new BellwetherError('USAGE', '--tls-cert and --tls-key come together.')
  return { tls: { cert, key } }
}

const DASHBOARD = fileURLToPath(new URL('../../dashboard/dist', import.meta.url))

/** What the end of a server waits for events to reach their collector. */
const EVENT_PATIENCE_MS = 3000

function collectorOf(settings: CloudEventSettings, sink: LogSink): EventCollector {
  const log = createLogger({ sink })
  return cloudEventCollector(settings, {
    environment: process.env,
    onTrouble: (error) => log.warn({ err: error }, 'events do not reach their collector'),
  })
}

/** Serves an open home until the process is told to stop. Takes the home over and closes it. @returns the exit status */
export async function serveHome(home: Home, options: Record<string, unknown>): Promise<number> {
  const defaultModel = text(options, 'defaultModel')
  const packages = await championsBeside(home, defaultModel ?? null)
  const { startServer } = await import('../server/start-server.ts')
  const { readServerSettings } = await import('../server/server-settings.ts')
  const { tracesAsked } = await import('../server/tracing.ts')
  // Loaded only where it is asked for: it would cost each start a tenth of a second.
  const tracing = tracesAsked(process.env)
    ? (await import('../server/open-telemetry.ts')).openTelemetry(process.env)
    : null
  const allowedHosts = text(options, 'allowedHost')
    ?.split(',')
    .map((name) => name.trim())
  let predictionLog: FilePredictionLog | null = null
  let log: ServerLog | null = null
  let events: EventCollector | null = null
  try {
    const settings = await readServerSettings(text(options, 'settings'), process.env)
    log = openServerLog(settings.logs, home.folder, { terminal: process.stderr.isTTY && !options['json'] })
    events = settings.cloudEvents ? collectorOf(settings.cloudEvents, log.sink) : null
    const authentication = options['auth'] === true ? 'on' : options['auth'] === false ? 'off' : settings.authentication
    const environmentKeys = process.env['BELLWETHER_API_KEYS']
    predictionLog = await openPredictionLog(home.folder)
    limitYoungGeneration()
    const server = await startServer({
      predictionLog,
      ...(packages ? { packages } : {}),
      ...settingsGiven(settings),
      ...tlsGiven(options),
      ...(tracing ? { tracing } : {}),
      ...(authentication ? { authentication } : {}),
      ...(environmentKeys ? { environmentKeys } : {}),
      stores: home,
      eraser: eraseInChild(homeFolder(options)),
      makeAgain: reproduceInChild(homeFolder(options)),
      dataWorker: dataInChild(homeFolder(options), process.env[DATA_REMOTE_VARIABLE] || null),
      clock: Date.now,
      newId,
      dashboardFolder: DASHBOARD,
      host: text(options, 'host') ?? '127.0.0.1',
      port: wholeNumber(options, 'port', 0, 65_535) ?? 8000,
      ...(defaultModel ? { defaultModel } : {}),
      ...(allowedHosts ? { allowedHosts } : {}),
      log: log.sink,
      ...(events ? { cloudEvents: events } : {}),
      logLevel: log.level,
      droppedLogLines: log.dropped,
    })
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    })
    if (options['json']) process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
    else {
      noteLabelled('serving', `${pc.bold(server.url)}   (Ctrl-C stops)`, pc.green)
      noteLabelled('', `API guide: ${server.url}/docs`)
    }
    if (server.bootstrapKey !== null) {
      note(
        `\nauthentication is on, and this is the first administrator's key. It is shown once and lasts a day,\nor until another such key is made: bellwether keys create NAME --role admin\n\n    ${server.bootstrapKey}\n`,
      )
    }
    await stopped
    note('stopping; requests that were taken are finished')
    await server.close()
    return 0
  } finally {
    await events?.close(EVENT_PATIENCE_MS)
    await tracing?.close()
    await predictionLog?.close()
    await packages?.close()
    await home.close()
    await log?.close()
  }
}
