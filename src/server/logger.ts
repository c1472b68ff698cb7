import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { BellwetherError } from '../errors.ts'

/** Takes whole lines of JSON. */
export type LogSink = DestinationStream

/**
 * The server's log: one JSON object a line, on standard error. No line holds a body, a query value or a path as sent: a
 * request is its method, its route's pattern and its id; an error of another library is its class and where it happened,
 * without its message, because such messages quote what they choke on (`JSON.parse` does).
 */
export function createLogger(options: { readonly level?: string; readonly sink?: LogSink }): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { component: 'server' },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, req: () => undefined, res: () => undefined },
    },
    options.sink ?? fileSink(2),
  )
}

/** Characters that wait while the log takes none; lines beyond are dropped. */
const MAX_WAITING = 1 << 20

/**
 * An open file, such as standard error, as a log. A full disk costs lines, never the server; writing goes on once there is room.
 * @param fd Its descriptor.
 */
export function fileSink(fd: number): LogSink {
  const sink = pino.destination({ dest: fd, sync: true, maxLength: MAX_WAITING })
  sink.on('error', () => {})
  return sink
}

/** What may be told of an error in a log. Messages of our own errors hold no person's data; those of others might. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof BellwetherError ? { message: error.message } : {}),
    stack: frames(error),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  }
}

/** The `at …` lines of a stack, without the message above them. */
function frames(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .slice(0, 20)
}
