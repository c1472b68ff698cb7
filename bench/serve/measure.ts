import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Load, LoadJob } from './load-process.ts'
import { median } from './records.ts'
import { type Answer, type PredictionServer, type RunningServer, startServer } from './servers.ts'

const LOAD = fileURLToPath(new URL('load-process.ts', import.meta.url))
const IDLE = fileURLToPath(new URL('idle-process.ts', import.meta.url))
/** Connections of the full load; half of it comes over as many as autocannon takes by default. */
const CONNECTIONS = 32
const HALF_CONNECTIONS = 10
const WARM_SECONDS = 2

export interface Bodies {
  readonly one: readonly string[]
  readonly many: readonly string[]
  readonly rowsEach: number
}

/** Load on a server from a process of its own. @throws Error when that process ends badly */
export async function load(job: LoadJob): Promise<Load> {
  const child = spawn(process.execPath, [LOAD], { stdio: ['pipe', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (piece) => {
    text += piece
  })
  child.stdin.end(JSON.stringify(job))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`the load on ${job.url} ended with status ${status}`)
  return JSON.parse(text) as Load
}

/** Every answer of a load is 2xx. @throws Error naming what was not */
function sound(server: PredictionServer, seen: Load): Load {
  if (seen.answers === 0 || seen.failures > 0)
    throw new Error(`${server.name}: ${seen.failures} failures beside ${seen.answers} answers`)
  return seen
}

/** Before anything is timed: both forms answer 200 with labels that the sample has, and not the same one for everybody. @throws Error else */
export async function checkAnswers(server: PredictionServer, url: string, bodies: Bodies): Promise<void> {
  const ask = async (path: string, body: string): Promise<Answer> => {
    const answer = await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const text = await answer.text()
    if (answer.status !== 200)
      throw new Error(`${server.name}: ${path} answers ${answer.status}: ${text.slice(0, 300)}`)
    return JSON.parse(text) as Answer
  }
  const known = ['Dropout', 'Enrolled', 'Graduate']
  const many = (await ask(server.many, bodies.many[0]!)).predictions?.map(({ label }) => label) ?? []
  const one = server.label(await ask(server.one, bodies.one[0]!))
  if (many.length !== bodies.rowsEach || ![...many, one].every((label) => known.includes(String(label))))
    throw new Error(`${server.name}: not the ${bodies.rowsEach} labels that were asked for`)
  if (new Set(many).size < 2) throw new Error(`${server.name}: one label for everybody`)
  if (one !== many[0]) throw new Error(`${server.name}: another label alone than among others`)
}

/** What one turn of a server showed. */
export interface Turn {
  readonly perSecond: number
  readonly halfP50Ms: number
  readonly halfP99Ms: number
  readonly rowsPerSecond: number
}

/** One turn: a fresh process, warmed up, single rows as fast as they are answered, half of that, then many rows in one request. */
export async function takeTurn(server: PredictionServer, bodies: Bodies, seconds: number): Promise<Turn> {
  const running = await startServer(server)
  const { url } = running
  try {
    await checkAnswers(server, url, bodies)
    const single = { url, path: server.one, bodies: bodies.one, connections: CONNECTIONS, seconds, rate: null }
    sound(server, await load({ ...single, seconds: WARM_SECONDS }))
    const full = sound(server, await load(single))
    const rate = Math.max(1, Math.round(full.perSecond / 2))
    const half = sound(server, await load({ ...single, connections: HALF_CONNECTIONS, rate }))
    const many = { ...single, path: server.many, bodies: bodies.many, connections: HALF_CONNECTIONS }
    const rows = sound(server, await load(many))
    return {
      perSecond: full.perSecond,
      halfP50Ms: half.p50Ms,
      halfP99Ms: half.p99Ms,
      rowsPerSecond: rows.perSecond * bodies.rowsEach,
    }
  } finally {
    await running.stop()
  }
}

/** Seconds from the start of the process to ready, the median of some starts. */
export async function measureStart(server: PredictionServer, repeats: number): Promise<number> {
  const seconds: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const running = await startServer(server)
    seconds.push(running.startSeconds)
    await running.stop()
  }
  return median(seconds)
}

export interface Memory {
  /** Resident after a fifth of the time, at its end, and the largest seen, MiB. */
  readonly earlyMib: number
  readonly endMib: number
  readonly peakMib: number
  readonly seconds: number
}

/** Resident memory of a server at full load of single rows. */
export async function measureMemory(server: PredictionServer, bodies: Bodies, seconds: number): Promise<Memory> {
  const running = await startServer(server)
  const seen: number[] = []
  const timer = setInterval(() => seen.push(running.residentMib()), 500)
  try {
    const { url } = running
    const job = { url, path: server.one, bodies: bodies.one, connections: CONNECTIONS, seconds, rate: null }
    sound(server, await load(job))
    const endMib = running.residentMib()
    seen.push(endMib)
    return { earlyMib: seen[Math.floor(seen.length / 5)]!, endMib, peakMib: Math.max(...seen), seconds }
  } finally {
    clearInterval(timer)
    await running.stop()
  }
}

export interface Idle {
  readonly connections: number
  /** Idle connections that could not be opened, or did not answer after the load. */
  readonly lost: number
  /** The load beside them. */
  readonly perSecond: number
  readonly failures: number
}

/** Idle keep-alive connections from a process of its own, the load beside them, and one more question to each afterwards. */
export async function measureIdle(
  server: PredictionServer,
  bodies: Bodies,
  seconds: number,
  connections: number,
): Promise<Idle> {
  const running = await startServer(server)
  try {
    return await besideIdle(server, running, bodies, seconds, connections)
  } finally {
    await running.stop()
  }
}

async function besideIdle(
  server: PredictionServer,
  { url, port }: RunningServer,
  bodies: Bodies,
  seconds: number,
  connections: number,
): Promise<Idle> {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [IDLE, String(port), String(connections)])
  child.stderr.pipe(process.stderr)
  const ended = once(child, 'close')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => {
    const { value } = (await lines.next()) as { value?: string }
    if (value === undefined) throw new Error('the process with the idle connections ended')
    return JSON.parse(value) as { open: number; lost: number }
  }
  try {
    await next()
    const job = { url, path: server.one, bodies: bodies.one, connections: CONNECTIONS, seconds, rate: null }
    const seen = await load(job)
    child.stdin.end()
    const { lost } = await next()
    return { connections, lost, perSecond: seen.perSecond, failures: seen.failures }
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}
