import { appendFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { RunEvent } from '../pipeline/run-events.ts'
import { createLogger } from '../server/logger.ts'
import type { LogComponent } from '../server/logs/log-line.ts'

type Facts = Readonly<Record<string, string | number | boolean | null>>

/** Lines of one command; more than anyone reads. */
const MAX_LINES = 10_000

let lines: string[] = []
let folder: string | null = null
/** The run that this command makes, once it has begun. */
let run: string | null = null

/** Notes an event of this command, for the log of its home. Names and counts only: no value of an argument, no path, no row. */
export function logEvent(component: LogComponent, level: 'info' | 'warn' | 'error', facts: Facts, msg: string): void {
  const log = createLogger({
    component,
    sink: { write: (line) => void (lines.length < MAX_LINES && lines.push(line)) },
  })
  log[level](run === null ? facts : { run, ...facts }, msg)
}

/** What a run tells, as lines of the log. Its warnings and notes may quote the data's columns and stay out. */
export function logRunEvent(event: RunEvent): void {
  switch (event.type) {
    case 'run-opened':
      run = event.runId
      logEvent('cli', 'info', {}, 'run began')
      break
    case 'trial-finished': {
      const { estimator, index, score, scoring, seconds } = event
      const facts = { estimator, trial: index, scoring, score, seconds }
      if (score === null) logEvent('worker', 'warn', facts, 'trial failed')
      else logEvent('worker', 'info', facts, 'trial ended')
      break
    }
    case 'stage':
      logEvent('cli', 'info', { stage: event.stage }, 'stage began')
      break
    case 'registered':
      logEvent('cli', 'info', { model: event.model, version: event.version }, 'model version was registered')
      break
    default:
  }
}

/** The home that this command works in: its log is there. Commands that open none leave no line. */
export function logInto(homeFolder: string): void {
  folder = path.join(homeFolder, 'logs')
}

/**
 * Writes the lines to the day's file, which all commands share, each with one append. Nothing is lost that a command said before a fatal error:
 * call it there too. A folder that cannot be written costs the lines, never the command.
 */
export function writeCommandLog(): void {
  const written = lines
  lines = []
  if (folder === null || written.length === 0) return
  try {
    const day = path.join(folder, new Date().toISOString().slice(0, 10))
    mkdirSync(day, { recursive: true, mode: 0o700 })
    appendFileSync(path.join(day, 'cli.ndjson'), written.join(''), { mode: 0o600, flush: true })
  } catch {
    // As said.
  }
}
