import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import { LogLine } from '../../src/server/logs/log-line.ts'
import { bellwether, ROOT, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, toCsv, writePupilsProject } from '../support/pupils.ts'
import { startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
const home = path.join(folder, 'home')
const pupils = makePupils(200)
let run: RunResult
afterAll(remove)

beforeAll(async () => {
  const project = writePupilsProject(
    path.join(folder, 'project'),
    pupils,
    'models: [logistic-regression]\nsearch: { trials: 1, folds: 2 }\n',
  )
  const { status, stdout, stderr } = await bellwether(['run', project, '--home', home, '--threads', '2', '--json'])
  expect(status, stderr).toBe(0)
  run = JSON.parse(stdout) as RunResult
}, 200_000)

async function logged(...args: string[]): Promise<LogLine[]> {
  const { status, stdout, stderr } = await bellwether(['logs', '--home', home, '--json', ...args])
  expect(status, stderr).toBe(0)
  return (JSON.parse(stdout) as { lines: LogLine[] }).lines
}

/** Everything that is in the log files, as text. */
function written(): string {
  const place = path.join(home, 'logs')
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
    .join('')
}

describe('the log of a home', () => {
  test('has a run, the trials of its workers and its command, found by the run', async () => {
    const lines = await logged('--run', run.runId)
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['run began', 'trial ended', 'model version was registered']),
    )
    expect(new Set(lines.map(({ component }) => component))).toEqual(new Set(['cli', 'worker']))
    for (const line of lines) expect(LogLine.parse(line).run).toBe(run.runId)
    const [ended] = (await logged('--component', 'cli')).filter(({ msg }) => msg === 'command ended')
    expect(ended).toMatchObject({ command: 'run', status: 0 })
  }, 60_000)

  test('has requests by their ids and errors by their codes, of commands too', async () => {
    const server = await startServing(['serve', '--home', home])
    const fine = await server.post('/api/v1/models/pupils/predict', { records: pupils.slice(0, 3) })
    const bad = await server.post('/api/v1/models/pupils/predict', { records: [{}] })
    await server.stop()
    const id = fine.headers.get('x-request-id')!
    expect(await logged('--request', id)).toMatchObject([
      {
        component: 'server',
        level: 'info',
        route: '/api/v1/models/:name/predict',
        status: 200,
        records: 3,
        request: id,
      },
    ])
    expect(await logged('--code', 'INVALID_INPUT')).toMatchObject([{ request: bad.headers.get('x-request-id') }])
    expect((await bellwether(['models', 'show', 'none', '--home', home])).status).toBe(2)
    expect(await logged('--code', 'MODEL_NOT_FOUND')).toMatchObject([
      { component: 'cli', level: 'error', msg: 'command failed', command: 'models show', status: 2 },
    ])
    const { stdout } = await bellwether(['logs', '--home', home, '--level', 'error'])
    expect(stdout).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}cli {5}error {2}command failed {2}.*code=MODEL_NOT_FOUND/m,
    )
    expect(await logged('--since', '2999-01-01')).toEqual([])
    expect(await logged('--limit', '2')).toHaveLength(2)
    expect((await bellwether(['logs', '--home', home, '--level', 'loud'])).status).toBe(2)
    expect((await bellwether(['logs', '--home', path.join(folder, 'none')])).stderr).toContain('FILE_NOT_FOUND')
  }, 120_000)

  test('is followed as it grows', async () => {
    const child = startBellwether(['logs', '--home', home, '--follow', '--json', '--component', 'cli', '--limit', '1'])
    let text = ''
    child.stdout.on('data', (part) => {
      text += part
    })
    await expect.poll(() => text.trim().split('\n').filter(Boolean).length, { timeout: 30_000 }).toBe(1)
    await bellwether(['models', 'list', '--home', home])
    await expect.poll(() => text, { timeout: 30_000 }).toContain('models list')
    const ended = new Promise((resolve) => child.on('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    for (const line of text.trim().split('\n')) LogLine.parse(JSON.parse(line))
  }, 90_000)

  test('holds nothing of the rows, arguments and names that commands were given', async () => {
    const mark = 'CANARY4471'
    const data = path.join(folder, `${mark}.csv`)
    const [header, ...rows] = toCsv(pupils).split('\n')
    writeFileSync(
      data,
      [header, rows[0]!.replace(/^(P\d+),\d+/, `${mark},${mark}`), rows[1]!.replaceAll('pass', mark), ''].join('\n'),
    )
    const args = ['--home', home]
    await bellwether(['predict', 'pupils', '--data', data, '--out', path.join(folder, `${mark}.out.csv`), ...args])
    await bellwether(['predict', mark, '--data', data, ...args])
    await bellwether(['predictions', 'find', '--id', mark, ...args])
    await bellwether(['predictions', 'erase', '--id', mark, ...args])
    await bellwether(['models', 'promote', 'pupils/1', '--reason', mark, ...args])
    await bellwether(['data', 'add', data, '--name', mark, ...args])
    await bellwether(['run', path.join(folder, 'project'), '--data', data, ...args])
    const text = written()
    expect(text.match(/"command"/g)!.length).toBeGreaterThan(6)
    expect(text).not.toContain(mark)
    expect(text).not.toContain('P00001')
    for (const line of text.trimEnd().split('\n')) LogLine.parse(JSON.parse(line))
  }, 120_000)
})

const bin = path.join(ROOT, 'bin/bellwether.js')

test.runIf(process.platform === 'linux')(
  'a pipe that nobody reads stalls neither requests nor the end',
  async () => {
    const fifo = path.join(folder, 'unread')
    execFileSync('mkfifo', [fifo])
    const end = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    const child = spawn(process.execPath, [bin, 'serve', '--home', home, '--port', '0', '--json'], {
      stdio: ['ignore', 'pipe', end],
    })
    try {
      let text = ''
      child.stdout!.on('data', (part) => {
        text += part
      })
      await expect.poll(() => text, { timeout: 60_000 }).toContain('http://')
      const { url } = JSON.parse(text) as { url: string }
      let last = ''
      for (let i = 0; i < 1000; i++) {
        const answer = await fetch(`${url}/health/live`)
        expect(answer.status).toBe(200)
        last = answer.headers.get('x-request-id')!
        await answer.body?.cancel()
      }
      const ended = new Promise((resolve) => child.on('close', resolve))
      const started = Date.now()
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
      expect(Date.now() - started).toBeLessThan(20_000)
      // The pipe took its 64 KiB; the file has them all.
      expect(await logged('--request', last)).toHaveLength(1)
    } finally {
      child.kill('SIGKILL')
      closeSync(end)
    }
  },
  120_000,
)

test('an error that nobody catches is the last line of the log, on disk, without its message', async () => {
  const late = path.join(folder, 'late.mjs')
  const source = `if (process.argv.includes('serve')) setInterval(() => {
    if (process.listenerCount('uncaughtException') > 0) throw new TypeError('CANARY9')
  }, 50)`
  writeFileSync(late, source)
  const child = startBellwether(['serve', '--home', home, '--port', '0'], { env: { NODE_OPTIONS: `--import ${late}` } })
  let text = ''
  child.stderr.on('data', (part) => {
    text += part
  })
  const status = await new Promise((resolve) => child.on('close', resolve))
  expect(status).toBe(1)
  const lines = await logged('--level', 'fatal')
  expect(lines).toMatchObject([{ component: 'server', level: 'fatal', err: { type: 'TypeError' } }])
  expect(text).toContain('an error that nobody caught ends the process')
  expect(`${text}${written()}`).not.toContain('CANARY9')
}, 60_000)
