import { type Logger, pino, stdTimeFunctions } from 'pino'
import { BellwetherError } from '../errors.ts'
import { BoundedSink, type LogSink } from './logs/bounded-sink.ts'
import { descriptorOutput } from './logs/descriptor-output.ts'
import type { LogComponent, LogLevel } from './logs/log-line.ts'

export type { LogSink } from './logs/bounded-sink.ts'

export interface LoggerOptions {
  /** `server` where left out. */
  readonly component?: LogComponent
  readonly level?: Exclude<LogLevel, 'fatal'> | 'silent'
  /** Standard error where left out. */
  readonly sink?: LogSink
  /** Id of the trace that the line belongs to, where there is one. */
  readonly trace?: () => string | undefined
}

/**
 * A log as src/server/logs/log-line.ts says: one JSON object a line. No line holds a body, a query value or a path as sent: a
 * request is its method, its route's pattern and its id; an error of another library is its class and where it happened,
 * without its message, because such messages quote what they choke on (`JSON.parse` does).
 */
export function createLogger({ component = 'server', level = 'info', sink, trace }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, req: () => undefined, res: () => undefined },
      ...(trace
        ? {
            mixin: () => {
              const id = trace()
              return id === undefined ? {} : { trace: id }
            },
          }
        : {}),
    },
    sink ?? standardErrorSink(),
  )
}

/** An open file or pipe, such as standard error, as a log. A full disk, or a pipe that nobody reads, costs lines, never the server. */
export function fileSink(fd: number, component: LogComponent = 'server'): BoundedSink {
  return new BoundedSink(descriptorOutput(fd), { droppedLine: (dropped) => droppedLine(component, dropped) })
}

/** The line that says how many others are missing. */
export function droppedLine(component: LogComponent, dropped: number): string {
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: 'warn', time, component, dropped, msg: 'log lines were dropped' })}\n`
}

let standardError: BoundedSink | null = null

/** Standard error: one for all loggers of the process. */
export function standardErrorSink(): BoundedSink {
  standardError ??= fileSink(2)
  return standardError
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
