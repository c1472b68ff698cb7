import pc from 'picocolors'
import type { LogSink } from '../server/logger.ts'

interface LogLine {
  readonly level: string
  /** ISO, UTC */
  readonly time: string
  readonly msg: string
  readonly [key: string]: unknown
}

/** Keys that stand elsewhere in the line, or that only programs want. */
const NOT_SHOWN = new Set(['level', 'time', 'msg', 'component', 'reqId', 'err'])
/** The command line says it by itself. */
const SAID_ALREADY = new Set(['listening'])

/** The server's log for a person at a terminal, a short line each: time (UTC), message, what belongs to it. */
export function readableLog(say: (line: string) => void): LogSink {
  return {
    write(line: string) {
      const entry = JSON.parse(line) as LogLine
      if (!SAID_ALREADY.has(entry.msg)) say(describe(entry))
    },
  }
}

/** A line of the log for people. */
export function describe(entry: LogLine, when = entry.time.slice(11, 19), component = ''): string {
  const time = pc.dim(component === '' ? when : `${when}  ${component.padEnd(6)}`)
  const level = entry.level === 'info' ? '' : `${entry.level === 'warn' ? pc.yellow('warning') : pc.red(entry.level)}  `
  const facts = Object.entries(entry).filter(
    ([key, value]) => !NOT_SHOWN.has(key) && !(key === 'failed' && value === 0),
  )
  const { method, route, status, milliseconds, request, ...known } = Object.fromEntries(facts)
  // The id is for reports of faults.
  const rest = request === undefined || entry.level === 'info' ? known : { ...known, request }
  const said = method === undefined ? entry.msg : `${method} ${route} ${status}  ${Number(milliseconds).toFixed(1)} ms`
  const others = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return `${time}  ${level}${[said, pc.dim(others.join(' '))].filter(Boolean).join('  ')}${describeError(entry['err'])}`
}

/** Class, message where it may be told, and the frames of an error, as `describeError` of the server's log gave them. */
function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const { type, code, message, stack } = error as Record<string, unknown>
  const frames = Array.isArray(stack) ? stack.map((frame) => `\n          ${String(frame)}`).join('') : ''
  return `\n          ${[type, code, message].filter(Boolean).join(': ')}${pc.dim(frames)}`
}
