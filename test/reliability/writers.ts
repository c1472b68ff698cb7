import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a server said that it saved. */
export type Acknowledged =
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'metric'; readonly run: string; readonly step: number }
  | { readonly kind: 'batch'; readonly run: string; readonly batch: number }
  | { readonly kind: 'param'; readonly run: string; readonly key: string; readonly value: string }
  | { readonly kind: 'artifact'; readonly path: string; readonly sha256: string }
  | { readonly kind: 'finished'; readonly run: string }
  | { readonly kind: 'version'; readonly model: string; readonly version: number; readonly run: string }
  | { readonly kind: 'alias'; readonly model: string; readonly reason: string }
  | { readonly kind: 'key'; readonly id: string }

/** Metrics of one `log-batch`: they are there all or none. */
export const BATCH = 50

export interface WriterOptions {
  readonly url: string
  /** Ends the writer after the request that it is at. */
  readonly signal: AbortSignal
  /** All writers register versions of it. */
  readonly model: string
  /** A run that all writers log to; null: each has runs of its own alone. */
  readonly sharedRun: string | null
  readonly acknowledged: Acknowledged[]
}

interface Run {
  readonly run: { readonly info: { readonly run_id: string; readonly artifact_uri: string } }
}

/**
 * Writes through MLflow's routes and ours without a pause until the signal or the first request that gets no answer: as a client that a kill cuts
 * off. Each thing that was answered with 200 is noted. @throws Error for any other answer
 */
export async function write(id: string, options: WriterOptions): Promise<void> {
  const { url, signal, model, acknowledged } = options
  const ask = asker(url)
  const mlflow = <T>(path: string, body: object) => ask<T>('POST', `/api/2.0/mlflow/${path}`, body)
  try {
    for (let i = 0; !signal.aborted; i++) {
      const name = `${id}-${i}`
      const { info } = (await mlflow<Run>('runs/create', { experiment_id: '0', run_name: name, start_time: i })).run
      const run = info.run_id
      acknowledged.push({ kind: 'run', run })
      for (const step of [1, 2]) {
        await mlflow('runs/log-metric', { run_id: run, key: 'loss', value: 1 / step, timestamp: i, step })
        acknowledged.push({ kind: 'metric', run, step })
      }
      const metrics = Array.from({ length: BATCH }, (_, step) => ({ key: 'curve', value: step, timestamp: i, step }))
      const param = { key: `param ${name}`, value: name }
      await mlflow('runs/log-batch', { run_id: run, metrics, params: [param] })
      acknowledged.push({ kind: 'batch', run, batch: i }, { kind: 'param', run, ...param })
      if (options.sharedRun) {
        await mlflow('runs/log-parameter', { run_id: options.sharedRun, ...param })
        acknowledged.push({ kind: 'param', run: options.sharedRun, ...param })
      }
      const content = randomBytes(20_000)
      const path = `${info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '')}/model/${name}.bin`
      await ask('PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}`, content)
      acknowledged.push({ kind: 'artifact', path, sha256: createHash('sha256').update(content).digest('hex') })
      await mlflow('runs/update', { run_id: run, status: 'FINISHED', end_time: i + 1 })
      acknowledged.push({ kind: 'finished', run })
      const registered = await mlflow<{ model_version: { version: string } }>('model-versions/create', {
        name: model,
        source: `${info.artifact_uri}/model`,
        run_id: run,
      })
      const version = Number(registered.model_version.version)
      acknowledged.push({ kind: 'version', model, version, run })
      // Ours: an alias with its reason, which the ledger keeps; and an API key.
      await ask('POST', `/api/v1/models/${model}/promote`, { version, alias: `by-${id}`, reason: name })
      acknowledged.push({ kind: 'alias', model, reason: name })
      if (i % 5 === 0) {
        const key = await ask<{ id: string }>('POST', '/api/v1/keys', { name: `key ${name}`, role: 'viewer' })
        acknowledged.push({ kind: 'key', id: key.id })
      }
    }
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error
  }
}

/** The request got no answer: the server is gone. */
class Disconnected extends Error {}

function asker(url: string) {
  return async <T>(method: string, path: string, body: object | Uint8Array): Promise<T> => {
    const isBytes = body instanceof Uint8Array
    let response: Response
    let text: string
    try {
      response = await fetch(url + path, {
        method,
        headers: { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' },
        body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
      })
      text = await response.text()
    } catch (error) {
      throw new Disconnected(String(error))
    }
    // Busy is no fault, and nothing was saved: a client asks again.
    if (response.status === 503 && /too much to do|writing for too long/.test(text)) {
      await sleep(200)
      return asker(url)<T>(method, path, body)
    }
    if (response.status !== 200 && response.status !== 201)
      throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }
}

/** Makes the model that the writers register versions of, and the run that they share; both may be there from before. */
export async function prepare(url: string, model: string): Promise<string> {
  const ask = asker(url)
  const made = await fetch(`${url}/api/2.0/mlflow/registered-models/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: model }),
  })
  if (made.status !== 200 && !(await made.text()).includes('RESOURCE_ALREADY_EXISTS'))
    throw new Error(`registered-models/create: ${made.status}`)
  const body = { experiment_id: '0', run_name: 'shared', start_time: 1 }
  return (await ask<Run>('POST', '/api/2.0/mlflow/runs/create', body)).run.info.run_id
}
