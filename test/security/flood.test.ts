import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServedHome } from '../../src/server/testing/served-home.ts'
import { bellwether } from '../support/cli.ts'
import { type Served, startServing } from '../support/served.ts'
import { knownValues, UNLIMITED } from './hostile-home.ts'
import { faultsOf, type HostileAnswer } from './judge.ts'
import {
  attacked,
  type MadeRequest,
  type OpenApi,
  type Operation,
  operationsOf,
  type Place,
  placesOf,
  sampleOf,
} from './operations.ts'
import { ALL_PAYLOADS } from './payloads.ts'
import { PipelinedClient } from './pipelined-client.ts'
import { sendRaw } from './raw-socket.ts'

/** How many requests; the soak lane sends a million. */
const REQUESTS = Number(process.env['BELLWETHER_FLOOD'] ?? 3000)
const SEED = process.env['BELLWETHER_PROPERTY_SEED'] === 'random' ? Date.now() % 2 ** 31 : 20261121
/** One in so many is bytes on a connection of its own. */
const RAW_EVERY = 20
const BATCH = 2000
/** Batches that are under way at once, of one key and of the other in turns. */
const BATCHES = 2
/** What starts a process, or reads everything that is kept, comes this much more seldom than the rest. */
const RARELY = /erasures|predictions\/erase|predictions\/find|api\/v1\/datasets$|data-remote|openapi|metrics$/
const TIMES = 20
/** Connections that are kept, of each key; and of those for bytes, at once. */
const CONNECTIONS = 8
const RAW_TOGETHER = 128
const RAW_QUIET_MS = 1000
/** Answers that took longer are looked at with the server's processor time, sampled so often and kept for two minutes. */
const SLOW_MS = 3000
const SAMPLE_MS = 250
const SAMPLES = 480
/** Name of a model that the attacker's key may not see: whoever shows it shows another's data. */
const HIDDEN = 'canary-4b1d-nobody-may-see-this'
const MAX_GROWTH_MIB = 200

let folder: string
let served: ServedHome
let server: Served
const keys = { admin: '', confined: '' }

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bellwether-flood-'))
  served = await ServedHome.make()
  await served.register({ name: 'risk' })
  await served.register({ name: HIDDEN, seed: 9, notes: [`notes of ${HIDDEN}`] })
  const entries: string[] = []
  for (const [name, options] of [
    ['admin', ['--role', 'admin']],
    ['confined', ['--role', 'trainer', '--models', 'risk']],
  ] as const) {
    const made = await bellwether(['keys', 'create', name, ...options, '--environment', '--json'])
    expect(made.status, made.stderr).toBe(0)
    const { key, environment } = JSON.parse(made.stdout) as { key: string; environment: string }
    keys[name] = key
    entries.push(environment)
  }
  const settings = path.join(folder, 'settings.yaml')
  writeFileSync(settings, JSON.stringify({ limits: UNLIMITED }))
  server = await startServing(
    ['serve', '--home', served.home.folder, '--auth', '--default-model', 'risk', '--settings', settings],
    { env: { BELLWETHER_API_KEYS: entries.join(';') } },
  )
}, 120_000)
afterAll(async () => {
  await server?.stop()
  await served?.remove()
  rmSync(folder, { recursive: true, force: true })
})

interface Target {
  readonly operation: Operation
  readonly sample: { readonly parameters: Readonly<Record<string, unknown>>; readonly body: unknown }
  readonly places: readonly Place[]
}

/** What an operation takes by its schema, as a place to begin with. */
function targetsOf(document: OpenApi): Target[] {
  return operationsOf(document).flatMap((operation): Target[] => {
    // Work that runs a process of its own is no matter of a flood: it has a limit of its own.
    if (/reproduce/.test(operation.path)) return []
    const known = knownValues(operation.method === 'DELETE' || /delete|revoke|erase|rename/.test(operation.path))
    const parameters = Object.fromEntries(
      operation.parameters.map(({ name, schema }) => [
        name,
        known(name) ?? sampleOf(schema ?? {}, document, known, name),
      ]),
    )
    const body = operation.body === null ? null : sampleOf(operation.body, document, known)
    return [{ operation, sample: { parameters, body }, places: placesOf(operation, body) }]
  })
}

const value = fc.oneof(
  fc.constantFrom(...ALL_PAYLOADS),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.double(),
  fc.constantFrom(2 ** 53, -1, 1e308, '1e999', true, null, [], {}, [[[[]]]]),
  fc.jsonValue({ maxDepth: 4 }),
)

function structured(targets: readonly Target[]): fc.Arbitrary<MadeRequest> {
  const often = targets.flatMap((target) => Array<Target>(RARELY.test(target.operation.path) ? 1 : TIMES).fill(target))
  return fc
    .tuple(fc.nat(often.length - 1), fc.nat(1000), value, fc.nat(1000), value, fc.boolean())
    .map(([which, first, one, second, other, twice]) => {
      const { operation, sample, places } = often[which]!
      const made = {
        method: operation.method,
        path: operation.path,
        operation: `${operation.method} ${operation.path}`,
      }
      if (places.length === 0) return made
      const once = attacked(operation, sample, places[first % places.length]!, one)
      const place = places[second % places.length]!
      // A second wrong value in the same body, where there is one.
      if (!twice || place.kind === 'parameter' || once.body === undefined) return once
      return { ...attacked(operation, sample, place, other), path: once.path }
    })
}

/** Bytes of a request with some of them changed, left out, doubled or put in. */
const bytes = fc
  .tuple(
    fc.constantFrom(
      'GET /api/v1/models',
      'POST /predict',
      'POST /api/v1/models/risk/predict',
      'POST /api/2.0/mlflow/runs/search',
    ),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('flip', 'cut', 'double', 'insert'), fc.nat(255)), {
      minLength: 1,
      maxLength: 8,
    }),
  )
  .map(([line, changes]) => {
    const host = new URL(server.url).host
    let text = Buffer.from(
      `${line} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${keys.confined}\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n{"records":[{"Age":20}],"a":1}`.slice(
        0,
        -2,
      ),
    )
    for (const [where, how, byte] of changes) {
      const at = where % text.length
      const [before, after] = [text.subarray(0, at), text.subarray(at)]
      if (how === 'flip') text = Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
      else if (how === 'cut') text = Buffer.concat([before, after.subarray(1 + (byte % 8))])
      else if (how === 'double') text = Buffer.concat([before, after, after])
      else text = Buffer.concat([before, Buffer.from([byte]), after])
    }
    return text
  })

/** Resident memory of the server, in MiB; null where the system has no /proc. */
function memory(): number | null {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return null
  }
}

/** Processor seconds that the server took so far; null where the system has no /proc. */
function processorSeconds(): number | null {
  try {
    const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    // utime and stime, in ticks of a hundredth.
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return null
  }
}

test(`${REQUESTS} made-up requests: no crash, no fault of the server, nothing of another's, and no growing memory`, {
  timeout: 7_200_000,
}, async () => {
  const document = (await (
    await fetch(`${server.url}/openapi.json`, { headers: { authorization: `Bearer ${keys.admin}` } })
  ).json()) as OpenApi
  const targets = targetsOf(document)
  expect(targets.length).toBeGreaterThan(100)
  const clients = {
    admin: new PipelinedClient(server.url, { Authorization: `Bearer ${keys.admin}` }, CONNECTIONS),
    confined: new PipelinedClient(server.url, { Authorization: `Bearer ${keys.confined}` }, CONNECTIONS),
  }
  const arbitrary = structured(targets)
  const processor: { readonly time: number; readonly seconds: number }[] = []
  const sample = () => {
    const seconds = processorSeconds()
    if (seconds !== null) processor.push({ time: performance.now(), seconds })
    if (processor.length > SAMPLES) processor.shift()
  }
  const sampling = setInterval(sample, SAMPLE_MS)
  /** An answer with the time that the server worked while it was waited for: what a busy machine kept from it is not its own. */
  const hurried = (answer: HostileAnswer): HostileAnswer => {
    if (answer.milliseconds < SLOW_MS || processor.length === 0) return answer
    sample()
    const began = performance.now() - answer.milliseconds
    const first = processor.findLast(({ time }) => time <= began) ?? processor[0]!
    const worked = (processor.at(-1)!.seconds - first.seconds) * 1000
    return { ...answer, milliseconds: Math.min(answer.milliseconds, worked) }
  }
  const faults: string[] = []
  const statuses = new Map<string, number>()
  const count = (status: string) => statuses.set(status, (statuses.get(status) ?? 0) + 1)
  const begun = { time: performance.now(), own: process.cpuUsage(), server: processorSeconds() }
  let sent = 0
  let answered = 0
  let before: number | null = null
  const underWay: Promise<void>[] = []
  for (let batch = 0; sent < REQUESTS; batch++) {
    const size = Math.min(BATCH, REQUESTS - sent)
    const raw = Math.ceil(size / RAW_EVERY)
    const requests = fc.sample(arbitrary, { numRuns: size - raw, seed: SEED + batch })
    const floods = fc.sample(bytes, { numRuns: raw, seed: SEED + batch })
    const who = batch % 2 === 0 ? 'confined' : 'admin'
    const secrets = who === 'confined' ? [HIDDEN, served.folder] : [served.folder]
    const structuredWork = requests.map(async (request) => {
      const answer = hurried(await clients[who].send(request))
      count(String(answer.status))
      for (const fault of faultsOf(answer, secrets))
        faults.push(
          `${who}: ${fault}: ${request.method} ${request.path.slice(0, 300)} ${request.body?.slice(0, 300) ?? ''} -> ${answer.text.slice(0, 900)}`,
        )
    })
    let next = 0
    const rawWork = Array.from({ length: RAW_TOGETHER }, async () => {
      while (next < floods.length) {
        const each = floods[next++]!
        const { text, statuses: given } = await sendRaw(server.url, each, RAW_QUIET_MS)
        count(given.length === 0 ? 'bytes, closed' : `bytes, ${given[0]}`)
        if (given.some((status) => status >= 500 && status !== 503))
          faults.push(`bytes ${each.toString('latin1')} -> ${text.slice(0, 300)}`)
        if (text.includes(HIDDEN)) faults.push(`shows another's data: bytes ${each.toString('latin1')}`)
      }
    })
    sent += size
    const work = Promise.all([...structuredWork, ...rawWork]).then(() => {
      answered += size
    })
    underWay.push(work)
    if (underWay.length >= BATCHES) await underWay.shift()
    // Once everything has been loaded that is loaded at first use.
    if (before === null && answered >= Math.min(REQUESTS / 4, 20_000)) before = memory()
    if (faults.length > 20) break
  }
  await Promise.all(underWay)
  clearInterval(sampling)
  for (const client of Object.values(clients)) client.close()
  const after = memory()
  const own = process.cpuUsage(begun.own)
  const summary = {
    requests: answered,
    seed: SEED,
    statuses: Object.fromEntries([...statuses].sort(([a], [b]) => (a < b ? -1 : 1))),
    seconds: Math.round((performance.now() - begun.time) / 1000),
    processorSeconds: {
      test: Math.round((own.user + own.system) / 1e6),
      server: begun.server === null ? null : Math.round(processorSeconds()! - begun.server),
    },
    memoryMiB: before === null || after === null ? null : [Math.round(before), Math.round(after)],
  }
  console.log(JSON.stringify(summary))
  if (process.env['BELLWETHER_FLOOD_SUMMARY'])
    writeFileSync(process.env['BELLWETHER_FLOOD_SUMMARY'], JSON.stringify(summary))
  expect(faults.slice(0, 20)).toEqual([])
  expect((await server.get('/health/live')).status).toBe(200)
  // The attacker gets through to the work: a flood of refusals at the door would show nothing.
  expect(statuses.get('200') ?? 0).toBeGreaterThan(REQUESTS / 50)
  expect(statuses.get('401') ?? 0).toBe(0)
  if (before !== null && after !== null) expect(after - before).toBeLessThan(MAX_GROWTH_MIB)
})
