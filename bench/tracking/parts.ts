import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { N_METRICS } from './fill.ts'
import { type Running, start, type TrackingServer } from './servers.ts'

/** Figures of one server by name; null where it can't do it. */
export type Figures = Readonly<Record<string, number | null>>

const API = '/api/2.0/mlflow'
const WARM_UP = 20
const GIB = 2 ** 30

interface Run {
  readonly run: { readonly info: { readonly run_id: string; readonly artifact_uri: string } }
}

/** Seconds from the start of the process to the first answer, on a home whose schema is there; median. */
export async function measureStart(server: TrackingServer, repeats: number): Promise<Figures> {
  const seconds: number[] = []
  let idle = 0
  for (let turn = 0; turn < repeats; turn++) {
    const running = await start(server)
    seconds.push(running.startSeconds)
    await sleep(500)
    idle = running.residentMib()
    await running.stop()
  }
  return { startSeconds: quantile(seconds, 0.5), idleMib: idle }
}

/** One client that writes without a pause, one request after the other; each is on disk when it is answered. */
export async function measureWrites(server: TrackingServer, writes: number): Promise<Figures> {
  const running = await start(server)
  try {
    const { run_id } = (await newRun(running)).info
    const log = (step: number) =>
      running.call('POST', `${API}/runs/log-metric`, { run_id, key: 'loss', value: 1 / (step + 1), timestamp: 1, step })
    for (let step = 0; step < WARM_UP; step++) await log(step)
    const single: number[] = []
    for (let step = 0; step < writes; step++) single.push((await log(WARM_UP + step)).ms)
    const batches: number[] = []
    for (let batch = 0; batch < 7; batch++) {
      const metrics = Array.from({ length: 1000 }, (_, i) => ({
        key: `m${i % 20}`,
        value: i / 7,
        timestamp: batch,
        step: batch * 1000 + i,
      }))
      batches.push((await running.call('POST', `${API}/runs/log-batch`, { run_id, metrics })).ms)
    }
    return {
      logMetricP50Ms: quantile(single, 0.5),
      logMetricP99Ms: quantile(single, 0.99),
      logBatchMs: quantile(batches.slice(1), 0.5),
    }
  } finally {
    await running.stop()
  }
}

/** Searches for 100 runs among the filled ones, the whole answer included; medians over different thresholds. */
export async function measureSearch(server: TrackingServer, experiment: string, repeats: number): Promise<Figures> {
  const running = await start(server)
  const search = async (filter: string, order: string, token?: string) => {
    const body = { experiment_ids: [experiment], filter, order_by: [order], max_results: 100, page_token: token }
    const { answer, ms } = await running.call<{
      runs: { data: { metrics: object[] } }[]
      next_page_token: string
    }>('POST', `${API}/runs/search`, body)
    if (answer.runs.length !== 100 || answer.runs[0]!.data.metrics.length !== N_METRICS)
      throw new Error(`${server.peer}: ${answer.runs.length} runs found by ${filter}; expected 100`)
    return { ms, token: answer.next_page_token }
  }
  try {
    const one: number[] = []
    const many: number[] = []
    const second: number[] = []
    const either: number[] = []
    for (let turn = -1; turn < repeats; turn++) {
      const at = (0.5 + (turn + 1) / (4 * repeats)).toFixed(3)
      const first = await search(`metrics.m07 > ${at}`, 'metrics.m07 DESC')
      const and = `metrics.m07 > ${at} AND metrics.m13 < 0.4 AND params.estimator = 'boosting'`
      const both = await search(and, 'metrics.m21 DESC')
      const next = await search(and, 'metrics.m21 DESC', both.token)
      const or = `(metrics.m07 > 0.9 OR metrics.m13 < ${at}) AND params.estimator = 'boosting'`
      const other = server.knowsOr ? await search(or, 'metrics.m21 DESC') : null
      if (turn < 0) continue // the first turn reads the files
      one.push(first.ms)
      many.push(both.ms)
      second.push(next.ms)
      if (other) either.push(other.ms)
    }
    return {
      searchOneMs: quantile(one, 0.5),
      searchAndMs: quantile(many, 0.5),
      searchPageMs: quantile(second, 0.5),
      searchOrMs: either.length > 0 ? quantile(either, 0.5) : null,
    }
  } finally {
    await running.stop()
  }
}

/** A file of random bytes through the artifact proxy, up and down. Memory is what the server takes beyond what it took before. */
export async function measureArtifacts(server: TrackingServer, bytes: number = GIB): Promise<Figures> {
  const running = await start(server)
  try {
    const { artifact_uri } = (await newRun(running)).info
    const place = `/api/2.0/mlflow-artifacts/artifacts/${artifact_uri.replace(/^mlflow-artifacts:\/+/, '')}/large.bin`
    await sleep(1000)
    const idle = running.residentMib()
    const up = await watched(running, () => upload(running.url + place, bytes))
    const down = await watched(running, () => download(running.url + place, bytes))
    return {
      uploadSeconds: up.seconds,
      uploadMib: up.peakMib - idle,
      downloadSeconds: down.seconds,
      downloadMib: down.peakMib - idle,
      peakMib: Math.max(up.peakMib, down.peakMib),
    }
  } finally {
    await running.stop()
  }
}

async function newRun(running: Running): Promise<Run['run']> {
  const body = { experiment_id: '0', start_time: 1, run_name: 'bench' }
  return (await running.call<Run>('POST', `${API}/runs/create`, body)).answer.run
}

async function watched(running: Running, work: () => Promise<void>): Promise<{ seconds: number; peakMib: number }> {
  let peakMib = running.residentMib()
  const timer = setInterval(() => {
    peakMib = Math.max(peakMib, running.residentMib())
  }, 100)
  const begun = performance.now()
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return { seconds: (performance.now() - begun) / 1000, peakMib }
}

async function upload(url: string, bytes: number): Promise<void> {
  const asked = request(url, { method: 'PUT', headers: { 'content-length': bytes } })
  const answered = once(asked, 'response')
  const piece = randomBytes(1024 * 1024)
  for (let sent = 0; sent < bytes; sent += piece.length) {
    piece.writeUInt32LE(sent / piece.length, 0) // no two pieces are the same
    if (!asked.write(Buffer.from(piece))) await once(asked, 'drain')
  }
  asked.end()
  const [answer] = await answered
  answer.resume()
  await once(answer, 'end')
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`)
}

async function download(url: string, bytes: number): Promise<void> {
  const asked = request(url)
  asked.end()
  const [answer] = await once(asked, 'response')
  let got = 0
  for await (const piece of answer as AsyncIterable<Buffer>) got += piece.length
  if (answer.statusCode !== 200 || got !== bytes) throw new Error(`${url}: ${answer.statusCode}, ${got} bytes`)
}

/** The value that a share of the values is not above. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
