import { type FileHandle, open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BellwetherError } from '../../errors.ts'
import { LOG_COMPONENTS, LOG_LEVELS, type LogLine } from '../../server/logs/log-line.ts'
import { type LogQuery, matches, parseLogLine, searchLogs } from '../../server/logs/search-logs.ts'
import { readServerSettings } from '../../server/server-settings.ts'
import { parseHomePlace } from '../../store/home-place.ts'
import { homeFolder, oneOf, text, wholeNumber } from '../context.ts'
import { note, printLine } from '../output.ts'
import { describe } from '../readable-log.ts'
import { logFolder } from '../server-log.ts'
import { timeGiven } from '../time-given.ts'

const POLL_MS = 300

/** Searches the logs of a home: of its servers, workers and commands. Needs the home's folder only, not its tables. */
export async function action(options: Record<string, unknown>): Promise<number> {
  const query: LogQuery = {
    since: timeGiven(options, 'since'),
    until: timeGiven(options, 'until'),
    level: oneOf(options, 'level', LOG_LEVELS),
    component: oneOf(options, 'component', LOG_COMPONENTS),
    request: text(options, 'request'),
    run: text(options, 'run'),
    trace: text(options, 'trace'),
    code: text(options, 'code'),
  }
  const limit = wholeNumber(options, 'limit', 1, 1_000_000) ?? 200
  const json = options['json'] === true
  const { logs } = await readServerSettings(text(options, 'settings'), {})
  const folder = logFolder(logs, parseHomePlace(homeFolder(options)).folder)
  await readdir(folder).catch((cause: unknown) => {
    throw new BellwetherError('FILE_NOT_FOUND', `There are no logs in ${folder}.`, {
      hint: 'Name the home with --home; servers and commands write there once they have run.',
      cause,
    })
  })
  const followed = options['follow'] === true ? await Followed.open(folder) : null
  const { lines, more } = await newest(
    searchLogs([folder, logs?.archiveFolder ?? path.join(folder, 'archive')], query, followed?.ends),
    limit,
  )
  if (followed) {
    for (const line of lines) show(line, json)
    await follow(followed, query, json)
    return 0
  }
  if (json) printLine(JSON.stringify({ lines, more }))
  else {
    for (const line of lines) show(line, false)
    if (more) note(`the newest ${limit} lines; --limit shows more`)
  }
  return 0
}

/** The last lines, oldest first. */
async function newest(all: AsyncIterable<LogLine>, limit: number): Promise<{ lines: LogLine[]; more: boolean }> {
  let lines: LogLine[] = []
  let more = false
  for await (const line of all) {
    lines.push(line)
    if (lines.length < 2 * limit) continue
    lines = lines.slice(-limit)
    more = true
  }
  return { lines: lines.slice(-limit), more: more || lines.length > limit }
}

function show(line: LogLine, json: boolean): void {
  if (json) printLine(JSON.stringify(line))
  else printLine(describe(line, `${line.time.slice(0, 10)} ${line.time.slice(11, 19)}`, line.component))
}

/** Until Ctrl-C, or until nobody reads. */
async function follow(followed: Followed, query: LogQuery, json: boolean): Promise<void> {
  const controller = new AbortController()
  const stop = () => controller.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  process.stdout.once('close', stop)
  process.stdout.once('error', stop)
  try {
    while (!controller.signal.aborted) {
      for await (const line of followed.news()) if (matches(line, query)) show(line, json)
      await sleep(POLL_MS, undefined, { signal: controller.signal }).catch(() => {})
    }
  } finally {
    await followed.close()
  }
}

interface OpenLog {
  readonly handle: FileHandle
  at: number
  /** The beginning of a line whose end is still to come. */
  rest: Buffer
}

/** The files that are written to now. They stay open, so that nothing is missed of one that is packed meanwhile. */
class Followed {
  readonly #folder: string
  readonly #files = new Map<string, OpenLog>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<Followed> {
    const followed = new Followed(folder)
    await followed.#look(true)
    return followed
  }

  /** Up to where files were written when it was opened: what comes after is news. */
  get ends(): ReadonlyMap<string, number> {
    return new Map([...this.#files].map(([file, { at }]) => [file, at]))
  }

  async *news(): AsyncGenerator<LogLine> {
    await this.#look(false)
    const found: LogLine[] = []
    for (const file of this.#files.values()) {
      const buffer = Buffer.alloc(256 * 1024)
      for (;;) {
        const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, file.at)
        if (bytesRead === 0) break
        file.at += bytesRead
        const bytes = Buffer.concat([file.rest, buffer.subarray(0, bytesRead)])
        const end = bytes.lastIndexOf(10) + 1
        file.rest = Buffer.from(bytes.subarray(end))
        for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) {
          const parsed = line === '' ? null : parseLogLine(line)
          if (parsed) found.push(parsed)
        }
      }
    }
    yield* found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  }

  async close(): Promise<void> {
    for (const { handle } of this.#files.values()) await handle.close()
  }

  async #look(first: boolean): Promise<void> {
    const now = Date.now()
    const days = [now - 86_400_000, now].map((time) => new Date(time).toISOString().slice(0, 10))
    for (const day of days) {
      const place = path.join(this.#folder, day)
      for (const name of await readdir(place).catch(() => [])) {
        const file = path.join(place, name)
        if (!name.endsWith('.ndjson') || this.#files.has(file)) continue
        const handle = await open(file).catch(() => null)
        if (!handle) continue
        const at = first ? await lastLineEnd(handle) : 0
        this.#files.set(file, { handle, at, rest: Buffer.alloc(0) })
      }
    }
  }
}

/** Where the last whole line of a file ends: its writer may be in the middle of one. */
async function lastLineEnd(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat()
  const tail = Buffer.alloc(Math.min(size, 1024 * 1024))
  await handle.read(tail, 0, tail.length, size - tail.length)
  return size - tail.length + tail.lastIndexOf(10) + 1
}
