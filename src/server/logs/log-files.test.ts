import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { BoundedSink } from './bounded-sink.ts'
import { keepLogs, type LogKeeping, packLogFile } from './keep-logs.ts'
import { LogFiles } from './log-files.ts'
import type { LogLine } from './log-line.ts'
import { type LogQuery, searchLogs } from './search-logs.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bellwether-logs-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const DAY = 24 * 60 * 60 * 1000
const NOON = Date.parse('2026-11-21T12:00:00Z')
const fail = (error: unknown) => {
  throw error
}
const filesBelow = (place: string) =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(place, path.join(entry.parentPath, entry.name)))
    .sort()

/** The line of an event at a time. */
const line = (time: number, msg: string, more: object = {}) =>
  `${JSON.stringify({ time: new Date(time).toISOString(), level: 'info', component: 'server', msg, ...more })}\n`

async function found(query: LogQuery = {}): Promise<LogLine[]> {
  const lines: LogLine[] = []
  for await (const one of searchLogs([folder, path.join(folder, 'archive')], query)) lines.push(one)
  return lines
}

function put(day: string, name: string, text: string): string {
  mkdirSync(path.join(folder, day), { recursive: true })
  const file = path.join(folder, day, name)
  writeFileSync(file, text)
  return file
}

describe('log files', () => {
  test('begin anew by size, by hours and at midnight, and no line is lost or cut', async () => {
    let now = NOON
    const ended: string[] = []
    const files = new LogFiles({
      folder,
      component: 'server',
      clock: () => now,
      maxFileBytes: 500,
      rotateHours: 6,
      onEnded: (file) => ended.push(file),
    })
    const sink = new BoundedSink(files)
    for (let i = 0; i < 40; i++) {
      sink.write(line(now, `event ${i}`))
      await sink.flush()
      if (i === 20) now += 6 * 60 * 60 * 1000
      if (i === 30) now += 12 * 60 * 60 * 1000
    }
    await sink.close()
    expect(new Set(ended.map((file) => path.basename(path.dirname(file))))).toEqual(
      new Set(['2026-11-21', '2026-11-22']),
    )
    expect(ended.length).toBeGreaterThan(4)
    for (const file of ended) expect(readFileSync(file).length).toBeLessThanOrEqual(500)
    expect((await found()).map(({ msg }) => msg)).toEqual(Array.from({ length: 40 }, (_, i) => `event ${i}`))
  })

  test('of a process that ends hold what it said last', async () => {
    const files = new LogFiles({ folder, component: 'cli', clock: () => NOON, maxFileBytes: 1e6, rotateHours: 24 })
    const sink = new BoundedSink(files)
    const log = createLogger({ component: 'cli', sink })
    log.info('first')
    await sink.flush()
    log.fatal({ err: new TypeError('CANARY') }, 'the end')
    sink.flushSync()
    const lines = readFileSync(files.current!, 'utf8').trimEnd().split('\n')
    expect(lines.map((text) => JSON.parse(text).msg)).toEqual(['first', 'the end'])
    expect(lines.join()).not.toContain('CANARY')
    await sink.close()
  })
})

describe('old logs', () => {
  const keeping = (more: Partial<LogKeeping> = {}): LogKeeping => ({
    folder,
    compress: 'zstd',
    archiveAfterDays: 7,
    deleteAfterDays: 30,
    ...more,
  })

  test('are packed when their day is over, then archived, then deleted', async () => {
    const text = line(NOON, 'packed').repeat(100)
    const name = 'server-0mi8-1-abcdef.ndjson'
    const file = put('2026-11-21', name, text)
    utimesSync(file, NOON / 1000, NOON / 1000)
    await keepLogs(keeping(), NOON + 60_000, fail)
    expect(filesBelow(folder)).toEqual([`2026-11-21/${name}`])
    await keepLogs(keeping(), NOON + DAY, fail)
    expect(filesBelow(folder)).toEqual([`2026-11-21/${name}.zst`])
    expect(zstdDecompressSync(readFileSync(`${file}.zst`)).toString()).toBe(text)
    await keepLogs(keeping(), NOON + 8 * DAY, fail)
    expect(filesBelow(folder)).toEqual([`archive/2026-11-21/${name}.zst`])
    expect(await found()).toHaveLength(100)
    await keepLogs(keeping(), NOON + 31 * DAY, fail)
    expect(filesBelow(folder)).toEqual([])
  })

  test('are packed with gzip, or not at all, and go to another folder, as the settings say', async () => {
    const other = path.join(folder, 'elsewhere')
    const file = put('2026-11-11', 'cli.ndjson', line(NOON - 10 * DAY, 'x'))
    utimesSync(file, 1, 1)
    await keepLogs(keeping({ compress: 'none', archiveFolder: other }), NOON, fail)
    expect(filesBelow(other)).toEqual(['2026-11-11/cli.ndjson'])
    const second = put('2026-11-20', 'cli.ndjson', line(NOON - DAY, 'y'))
    await packLogFile(second, 'gzip')
    expect(gunzipSync(readFileSync(`${second}.gz`)).toString()).toContain('"y"')
    expect(existsSync(second)).toBe(false)
  })

  test('that a writer may still be busy with wait, and what a killed packing left goes', async () => {
    const fresh = put('2026-11-20', 'server-1-1-a.ndjson', line(NOON, 'x'))
    const torn = put('2026-11-20', 'server-2-1-a.ndjson.zst.tmp', 'half')
    utimesSync(fresh, NOON / 1000, NOON / 1000)
    utimesSync(torn, 1, 1)
    await keepLogs(keeping(), NOON + 1000, fail)
    expect(filesBelow(folder)).toEqual(['2026-11-20/server-1-1-a.ndjson'])
  })
})

describe('a search', () => {
  test('puts lines of several files in the order of their times, packed or not, and passes over what is none', async () => {
    const at = (minute: number) => NOON + minute * 60_000
    put(
      '2026-11-21',
      'server-1-1-a.ndjson',
      `${line(at(0), 'a')}${line(at(2), 'c')}not a line\n{"level":"info"}\n${line(at(5), 'f')}{"torn`,
    )
    const packed = put('2026-11-21', 'server-2-2-b.ndjson', `${line(at(1), 'b')}${line(at(4), 'e')}`)
    await packLogFile(packed, 'zstd')
    put('2026-11-21', 'cli.ndjson', line(at(3), 'd'))
    put('2026-11-20', 'cli.ndjson', line(NOON - DAY, 'before'))
    put('2026-11-21', 'server-3-3-c.ndjson.zst', 'no zstd')
    expect((await found()).map(({ msg }) => msg)).toEqual(['before', 'a', 'b', 'c', 'd', 'e', 'f'])
    expect((await found({ since: at(1), until: at(4) })).map(({ msg }) => msg)).toEqual(['b', 'c', 'd'])
  })

  test('finds by level, component, request, run, trace and code', async () => {
    const more = [
      { level: 'debug' },
      { level: 'error', request: 'R1', code: 'INTERNAL' },
      { component: 'worker', run: 'run-1' },
      { level: 'warn', trace: 'f'.repeat(32) },
    ]
    put('2026-11-21', 'cli.ndjson', more.map((facts, i) => line(NOON + i, `${i}`, facts)).join(''))
    const by = async (query: LogQuery) => (await found(query)).map(({ msg }) => msg)
    expect(await by({ level: 'warn' })).toEqual(['1', '3'])
    expect(await by({ level: 'debug' })).toEqual(['0', '1', '2', '3'])
    expect(await by({ request: 'R1' })).toEqual(['1'])
    expect(await by({ code: 'INTERNAL' })).toEqual(['1'])
    expect(await by({ component: 'worker' })).toEqual(['2'])
    expect(await by({ run: 'run-1' })).toEqual(['2'])
    expect(await by({ trace: 'f'.repeat(32) })).toEqual(['3'])
    expect(await by({ run: 'run-1', level: 'error' })).toEqual([])
  })
})
