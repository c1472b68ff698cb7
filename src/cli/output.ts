import pc from 'picocolors'
import { BellwetherError } from '../errors.ts'
import { wrapText } from './wrap-text.ts'

/** Prints the one JSON document of `--json`. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** Logs and progress: standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

const LABEL_WIDTH = 10

/** A line of the log for people: a label in front, the text beside it, also where it takes several lines of the terminal. */
export function noteLabelled(label: string, text: string, colour: (text: string) => string = (plain) => plain): void {
  const width = process.stderr.isTTY ? Math.max(process.stderr.columns - LABEL_WIDTH, 20) : Number.POSITIVE_INFINITY
  const lines = text.split('\n').flatMap((line) => wrapText(line, width).split('\n'))
  note(`${colour(label.padEnd(LABEL_WIDTH))}${lines.join(`\n${' '.repeat(LABEL_WIDTH)}`)}`)
}

/** A figure for people: four decimals, or as few as show it. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  return Math.abs(value) >= 1000 ? value.toFixed(1) : value.toFixed(4)
}

/** A time in the reader's zone would differ between machines: UTC, to the second. */
export function time(milliseconds: number | null): string {
  return milliseconds === null ? '–' : new Date(milliseconds).toISOString().replace('T', ' ').slice(0, 19)
}

const MAX_DETAILS = 20

/** Prints an error for people or, with `--json`, its document; both on standard error. @returns the exit status */
export function reportError(error: unknown, json: boolean): number {
  const known =
    error instanceof BellwetherError
      ? error
      : new BellwetherError('INTERNAL', error instanceof Error ? `${error.name}: ${error.message}` : String(error), {
          cause: error,
        })
  if (json) {
    process.stderr.write(`${JSON.stringify(known.toDocument())}\n`)
  } else {
    note(`${pc.red(pc.bold(known.code))}: ${known.message}`)
    if (saysMore(known)) {
      for (const detail of known.details.slice(0, MAX_DETAILS)) note(`  ${pc.bold(detail.path)}  ${detail.message}`)
      if (known.details.length > MAX_DETAILS) note(`  … and ${known.details.length - MAX_DETAILS} more`)
    }
    note(`${pc.cyan('What to do')}: ${known.hint}`)
    if (known.code === 'INTERNAL' && error instanceof Error && error.stack) note(pc.dim(error.stack))
  }
  return known.code === 'CANCELLED' ? 130 : 2
}

/** Whether the details tell what the message does not: a single one that it repeats, place or fault, is left out. */
function saysMore({ message, details: [first, ...others] }: BellwetherError): boolean {
  if (!first || others.length > 0) return first !== undefined
  return !message.includes(first.message) && !(first.path !== '' && message.includes(`"${first.path}"`))
}
