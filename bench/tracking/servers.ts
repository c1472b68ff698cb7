import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../src/version.ts'
import { treeResidentMib } from '../peak-memory.ts'
import { peerPython } from '../peer-python.ts'

const REQUIREMENTS = fileURLToPath(new URL('../peers/mlflow-requirements.txt', import.meta.url))

/** A tracking server that keeps its state in one folder: SQLite, and artifacts as files. */
export interface TrackingServer {
  readonly peer: string
  /** The database in its folder, whose schema is made when the server has started once. */
  readonly databaseFile: string
  readonly command: string
  readonly args: (port: number) => readonly string[]
  /** It takes OR in a filter. */
  readonly knowsOr: boolean
}

/** @param bin The command as it is packed. */
export function bellwetherServer(bin: string, folder: string): TrackingServer {
  return {
    peer: `bellwether ${VERSION}`,
    databaseFile: path.join(folder, 'bellwether.db'),
    command: process.execPath,
    args: (port) => [bin, 'serve', '--home', folder, '--create-home', '--port', String(port)],
    knowsOr: true,
  }
}

/** MLflow's own server as its command starts it: SQLite, artifacts through the server, its default number of workers. */
export function mlflowServer(folder: string): TrackingServer {
  const python = peerPython('.venv-mlflow', REQUIREMENTS)
  const databaseFile = path.join(folder, 'mlflow.db')
  return {
    peer: 'mlflow',
    databaseFile,
    command: path.join(path.dirname(python), 'mlflow'),
    args: (port) => [
      'server',
      ...['--backend-store-uri', `sqlite:///${databaseFile}`],
      ...['--artifacts-destination', path.join(folder, 'artifacts')],
      ...['--host', '127.0.0.1', '--port', String(port)],
    ],
    knowsOr: false,
  }
}

/** A server that answers. */
export interface Running {
  readonly url: string
  /** From the start of its process to its first answer from the database. */
  readonly startSeconds: number
  /** Resident memory of the process and those that it has started, now. */
  residentMib(): number
  call<T>(method: string, path: string, body?: object): Promise<{ readonly answer: T; readonly ms: number }>
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 300_000
const FIRST_CALL = '/api/2.0/mlflow/experiments/search'

export async function start(server: TrackingServer): Promise<Running> {
  await mkdir(path.dirname(server.databaseFile), { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const call = <T>(method: string, target: string, body?: object) => timedCall<T>(agent, method, url + target, body)
  const begun = performance.now()
  // A group of its own, so that its workers end with it.
  const child = spawn(server.command, server.args(port), { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let log = ''
  child.stderr.on('data', (text) => {
    log = (log + text).slice(-4000)
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  for (;;) {
    const answered = await call('POST', FIRST_CALL, { max_results: 1 }).then(
      () => true,
      () => false,
    )
    if (answered) break
    if (child.exitCode !== null || performance.now() - begun > START_TIMEOUT_MS) {
      signalGroup(child, 'SIGKILL')
      throw new Error(`${server.peer} did not answer:\n${log}`)
    }
    await sleep(5)
  }
  return {
    url,
    startSeconds: (performance.now() - begun) / 1000,
    residentMib: () => treeResidentMib(child.pid!),
    call,
    async stop() {
      agent.destroy()
      signalGroup(child, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), 15_000)
      await ended
      clearTimeout(timer)
    },
  }
}

/** One request on a connection that is kept, timed to the last byte of the answer. @throws Error for any status but 200 */
function timedCall<T>(agent: Agent, method: string, url: string, body?: object): Promise<{ answer: T; ms: number }> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const asked = request(url, { method, agent, headers }, (answer: IncomingMessage) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('error', reject)
      answer.on('end', () => {
        const ms = performance.now() - begun
        const all = Buffer.concat(pieces).toString()
        if (answer.statusCode !== 200) reject(new Error(`${url}: ${answer.statusCode} ${all.slice(0, 500)}`))
        else resolve({ answer: JSON.parse(all || 'null') as T, ms })
      })
    })
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // A server may close a connection that was idle at the instant that it is used again.
      if (asked.reusedSocket && error.code === 'ECONNRESET') resolve(timedCall<T>(agent, method, url, body))
      else reject(error)
    })
    asked.end(text)
  })
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
