import { type ChildProcess, spawn } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../src/version.ts'
import { treeResidentMib } from '../peak-memory.ts'

const PEERS = fileURLToPath(new URL('../peers', import.meta.url))
const SETTINGS = fileURLToPath(new URL('settings.yaml', import.meta.url))

/** A server that answers predictions, and how it is asked. */
export interface PredictionServer {
  readonly name: string
  readonly command: string
  readonly args: (port: number) => readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly ready: string
  readonly one: string
  readonly many: string
  /** The label in an answer about one record. */
  readonly label: (answer: Answer) => unknown
}

export interface Answer {
  readonly label?: unknown
  readonly prediction?: unknown
  readonly predictions?: readonly { readonly label?: unknown }[]
}

/** Ours, one process: authentication off on loopback, input checked, every prediction in the log. */
export function bellwether(bin: string, home: string): PredictionServer {
  return {
    name: `bellwether ${VERSION}`,
    command: process.execPath,
    args: (port) => [bin, 'serve', '--home', home, '--port', String(port), '--no-auth', '--settings', SETTINGS],
    environment: {},
    ready: '/health/ready',
    one: '/predict',
    many: '/predict/v2',
    label: ({ prediction }) => prediction,
  }
}

export function fastapi(python: string, model: string, workers: number): PredictionServer {
  return peer(`FastAPI, uvicorn, ${workersText(workers)}`, model, python, [
    ...['-m', 'uvicorn', 'serve_fastapi:app', '--app-dir', PEERS, '--host', '127.0.0.1', '--no-access-log'],
    ...['--workers', String(workers), '--port'],
  ])
}

export function flask(python: string, model: string, workers: number): PredictionServer {
  return peer(`Flask, gunicorn, ${workersText(workers)}`, model, python, [
    ...['-m', 'gunicorn', 'serve_flask:app', '--chdir', PEERS, '--workers', String(workers), '--bind'],
  ])
}

function workersText(workers: number): string {
  return workers === 1 ? '1 worker' : `${workers} workers`
}

function peer(name: string, model: string, command: string, begin: readonly string[]): PredictionServer {
  return {
    name,
    command,
    args: (port) => [...begin, begin.at(-1) === '--bind' ? `127.0.0.1:${port}` : String(port)],
    environment: { MODEL: model },
    ready: '/ready',
    one: '/predict',
    many: '/predict/many',
    label: ({ label }) => label,
  }
}

export interface RunningServer {
  readonly port: number
  readonly url: string
  /** From the start of its process to its first answer that it is ready. */
  readonly startSeconds: number
  /** Resident memory of the process and those that it has started, now. */
  residentMib(): number
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 120_000

/** @throws Error with the end of its log when it ends or is not ready in time */
export async function startServer(server: PredictionServer): Promise<RunningServer> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const begun = performance.now()
  // A group of its own, so that its workers end with it.
  const child = spawn(server.command, server.args(port), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...server.environment },
  })
  let log = ''
  const keep = (text: Buffer) => {
    log = (log + text).slice(-4000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  while (!(await answersReady(url + server.ready))) {
    if (child.exitCode !== null || performance.now() - begun > START_TIMEOUT_MS) {
      signalGroup(child, 'SIGKILL')
      throw new Error(`${server.name} is not ready:\n${log}`)
    }
    await sleep(5)
  }
  return {
    port,
    url,
    startSeconds: (performance.now() - begun) / 1000,
    residentMib: () => treeResidentMib(child.pid!),
    async stop() {
      signalGroup(child, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), 15_000)
      await ended
      clearTimeout(timer)
    },
  }
}

function answersReady(url: string): Promise<boolean> {
  return fetch(url, { headers: { connection: 'close' } }).then(
    async (answer) => {
      await answer.arrayBuffer()
      return answer.status === 200
    },
    () => false,
  )
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // it has ended
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
