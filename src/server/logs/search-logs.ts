import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { daysIn } from './keep-logs.ts'
import { isAtLeast, type LogComponent, type LogLevel, LogLine } from './log-line.ts'

export interface LogQuery {
  /** From this time on, in milliseconds. */
  readonly since?: number | undefined
  /** Before this time. */
  readonly until?: number | undefined
  /** At least this level. */
  readonly level?: LogLevel | undefined
  readonly component?: LogComponent | undefined
  readonly request?: string | undefined
  readonly run?: string | undefined
  readonly trace?: string | undefined
  readonly code?: string | undefined
}

const DAY_MS = 24 * 60 * 60 * 1000
const FILE = /^(server|worker|cli)-?.*\.ndjson(?:\.zst|\.gz)?$/
/** Files that are read at a time; a day of more is read in several goes, and ordered within each. */
const OPEN_FILES = 64

/**
 * Lines of the logs, oldest first, without reading any file whole. Lines of files that several processes wrote at a time are put in the order
 * of their times. What is no line of a log (the torn end of a file) is passed over.
 * @param folders Those of the logs and of their archive; each holds folders by day.
 * @param ends Bytes that are read of a file, by path; whole files where left out.
 */
export async function* searchLogs(
  folders: readonly string[],
  query: LogQuery,
  ends: ReadonlyMap<string, number> = new Map(),
): AsyncGenerator<LogLine> {
  const days = new Map<string, string[]>()
  for (const folder of folders)
    for (const day of await daysIn(folder)) days.set(day, [...(days.get(day) ?? []), path.join(folder, day)])
  for (const [day, places] of [...days].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const begin = Date.parse(`${day}T00:00:00Z`)
    // A line may be written a moment after the day that it belongs to.
    if (query.since !== undefined && begin + DAY_MS + 60_000 <= query.since) continue
    if (query.until !== undefined && begin - 60_000 >= query.until) continue
    const files = await filesIn(places)
    for (let from = 0; from < files.length; from += OPEN_FILES)
      for await (const line of merged(files.slice(from, from + OPEN_FILES), ends)) if (matches(line, query)) yield line
  }
}

export function matches(line: LogLine, query: LogQuery): boolean {
  const { since, until, level } = query
  if (since !== undefined || until !== undefined) {
    const time = Date.parse(line.time)
    if (since !== undefined && time < since) return false
    if (until !== undefined && time >= until) return false
  }
  return (
    (level === undefined || isAtLeast(line.level, level)) &&
    (['component', 'request', 'run', 'trace', 'code'] as const).every(
      (key) => query[key] === undefined || line[key] === query[key],
    )
  )
}

/** A line of a file; null for what is none. */
export function parseLogLine(text: string): LogLine | null {
  try {
    const parsed = LogLine.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

async function filesIn(places: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const place of places) {
    const names = (await readdir(place).catch(() => [])).filter((name) => FILE.test(name))
    const known = new Set(names)
    for (const name of names.sort()) {
      // Packed while it is looked for: both are there for a moment.
      const packed = name.endsWith('.ndjson') && (known.has(`${name}.zst`) || known.has(`${name}.gz`))
      if (!packed) files.push(path.join(place, name))
    }
  }
  return files
}

async function* merged(files: readonly string[], ends: ReadonlyMap<string, number>): AsyncGenerator<LogLine> {
  const heads: { line: LogLine; rest: AsyncGenerator<LogLine> }[] = []
  try {
    for (const file of files) {
      const rest = linesOf(file, ends.get(file))
      const first = await rest.next()
      if (!first.done) heads.push({ line: first.value, rest })
    }
    while (heads.length > 0) {
      let least = 0
      for (let i = 1; i < heads.length; i++) if (heads[i]!.line.time < heads[least]!.line.time) least = i
      const head = heads[least]!
      yield head.line
      const next = await head.rest.next()
      if (next.done) heads.splice(least, 1)
      else head.line = next.value
    }
  } finally {
    for (const { rest } of heads) await rest.return(undefined)
  }
}

async function* linesOf(file: string, end: number | undefined): AsyncGenerator<LogLine> {
  if (end === 0) return
  const bytes = createReadStream(file, end === undefined ? {} : { end: end - 1 })
  const unpacked = file.endsWith('.zst') ? createZstdDecompress() : file.endsWith('.gz') ? createGunzip() : null
  const text: Readable = unpacked ? pipeline(bytes, unpacked, () => {}) : bytes
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })
  // A file that is deleted or torn ends here; the others go on.
  const ended = new Promise<void>((resolve) => {
    for (const stream of [bytes, text]) stream.on('error', () => resolve())
    lines.on('close', () => resolve())
  })
  void ended.then(() => lines.close())
  try {
    for await (const line of lines) {
      const parsed = parseLogLine(line)
      if (parsed) yield parsed
    }
  } catch {
    // As above.
  } finally {
    lines.close()
    bytes.destroy()
  }
}
