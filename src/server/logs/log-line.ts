import { z } from 'zod'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Who writes: the HTTP server; threads that fit and score folds; a command of the command line. */
export const LOG_COMPONENTS = ['server', 'worker', 'cli'] as const
export type LogComponent = (typeof LOG_COMPONENTS)[number]

/**
 * A line of the log, one JSON object: the same for the server, workers and the command line. Other keys are facts of the event: counts,
 * durations, names of models and routes' patterns; never a value of a row, a person's identifier, a body, a query or a path as sent.
 */
export const LogLine = z.looseObject({
  time: z.iso.datetime({ precision: 3 }).describe('UTC, with milliseconds.'),
  level: z.enum(LOG_LEVELS),
  component: z.enum(LOG_COMPONENTS).describe('Who wrote the line.'),
  msg: z.string().describe('What happened; the same words for the same event.'),
  request: z.string().optional().describe('Id of the HTTP request, as `x-request-id` of its answer has it.'),
  run: z.string().optional().describe('Id of the run.'),
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .describe('Id of the OpenTelemetry trace, where traces are on.'),
  code: z.string().optional().describe('Code of the error, as in docs/errors.md.'),
})
export type LogLine = z.output<typeof LogLine>

/** Whether a level is at least another. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least)
}
