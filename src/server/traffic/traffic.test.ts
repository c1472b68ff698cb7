import http from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FilePredictionLog } from '../../store/prediction-log/file-prediction-log.ts'
import { type RunningServer, startServer } from '../start-server.ts'
import { ServedHome } from '../testing/served-home.ts'
import { recordOf } from '../testing/students.ts'
import { optionsFor } from '../testing/test-server.ts'

let served: ServedHome
let log: FilePredictionLog
let server: RunningServer
let lines: string[]
const running: RunningServer[] = []

beforeEach(async () => {
  served = await ServedHome.make()
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: Date.now })
  lines = []
}, 60_000)
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
  await log.close()
  await served.remove()
})

async function start(): Promise<RunningServer> {
  const options = optionsFor(served, lines, { port: 0, predictionLog: log, defaultModel: 'risk', logLevel: 'warn' })
  const started = await startServer(options)
  running.push(started)
  return started
}

interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of an answer is the test itself
  readonly body: any
}

async function ask(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
  at: RunningServer = server,
): Promise<Reply> {
  const response = await fetch(`${at.url}${url}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** As `ask`, without what makes `fetch` slow: for thousands of requests. */
function post(
  url: string,
  body: string,
  agent: http.Agent,
): Promise<{ status: number; model: unknown; body: Reply['body'] }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          model: response.headers['x-bellwether-model'],
          body: JSON.parse(text),
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

const TRAFFIC = '/api/v1/models/risk/traffic'
const put = async (plan: object) => {
  const reply = await ask('PUT', TRAFFIC, { reason: 'a try', ...plan })
  expect([reply.status, reply.body]).toEqual([200, expect.anything()])
  return reply.body
}
const view = async () => (await ask('GET', TRAFFIC)).body
const metric = async (line: string): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const found = text.split('\n').find((each) => each.startsWith(`${line} `))
  return found === undefined ? 0 : Number(found.slice(line.length + 1))
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) if (await isSo()) return
  expect(await isSo()).toBe(true)
}

/** Asks so often, from several connections at once. */
async function times(n: number, one: (i: number) => Promise<void>, connections = 16): Promise<void> {
  let next = 0
  const client = async () => {
    while (next < n) await one(next++)
  }
  await Promise.all(Array.from({ length: connections }, client))
}

describe('a canary', () => {
  test('gets its share of 10,000 requests, within five standard deviations; answers, log and metrics name who answered', {
    timeout: 180_000,
  }, async () => {
    const { students } = await served.register({ seed: 7 })
    await served.register({ seed: 8, aliases: ['challenger'] })
    server = await start()
    expect(await put({ weights: { champion: 90, challenger: 10 } })).toMatchObject({
      from: 'registry',
      variants: [
        { alias: 'champion', version: 1, percent: 90, requests: 0 },
        { alias: 'challenger', version: 2, percent: 10, requests: 0 },
      ],
    })
    const n = 10_000
    const body = JSON.stringify(recordOf(students, 0))
    const counts = new Map<number, number>()
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 })
    await times(n, async () => {
      const reply = await post(`${server.url}/predict`, body, agent)
      expect(reply.status).toBe(200)
      const { version, alias } = reply.body.model
      if (alias !== (version === 1 ? 'champion' : 'challenger')) expect(reply.body.model).toBe('one that is whole')
      expect(reply.model).toBe(`risk/${version}`)
      counts.set(version, (counts.get(version) ?? 0) + 1)
    })
    agent.destroy()
    expect([...counts.keys()].sort()).toEqual([1, 2])
    expect(Math.abs(counts.get(2)! - n * 0.1)).toBeLessThanOrEqual(5 * Math.sqrt(n * 0.1 * 0.9))
    for (const version of [1, 2]) {
      expect(await metric(`bellwether_predictions_total{model="risk",version="${version}"}`)).toBe(counts.get(version))
      const alias = version === 1 ? 'champion' : 'challenger'
      expect(
        await metric(`bellwether_traffic_requests_total{model="risk",alias="${alias}",version="${version}"}`),
      ).toBe(counts.get(version))
    }
    expect((await view()).variants).toMatchObject([{ requests: counts.get(1) }, { requests: counts.get(2), failed: 0 }])
    await log.flush()
    const kept = new Map<string, number>()
    for await (const { version, alias } of log.entries({ model: 'risk' }))
      kept.set(`${alias} ${version}`, (kept.get(`${alias} ${version}`) ?? 0) + 1)
    expect(Object.fromEntries(kept)).toEqual({ 'champion 1': counts.get(1), 'challenger 2': counts.get(2) })
  })

  test('with sticky persons, one gets the same version over every protocol, and from another server of the same home', {
    timeout: 120_000,
  }, async () => {
    const project = { data: { id: 'Student' } }
    const { students } = await served.register({ seed: 7, project })
    await served.register({ seed: 8, aliases: ['challenger'], project })
    server = await start()
    const other = await start()
    await put({ weights: { champion: 50, challenger: 50 }, sticky: 'id' })
    await sleep(300)
    const seen = new Map<string, number>()
    for (let i = 0; i < 40; i++) {
      const record = { ...recordOf(students, i), Student: `S${i}` }
      const columns = Object.keys(record)
      const versions = new Set<string | null>()
      const tell = ({ status, headers }: Reply) => {
        expect(status).toBe(200)
        versions.add(headers.get('x-bellwether-model'))
      }
      tell(await ask('POST', '/predict', record))
      tell(await ask('POST', '/predict/v2', { records: [record, record] }, {}, other))
      tell(await ask('POST', '/api/v1/models/risk/predict', { records: [record] }, {}, other))
      tell(await ask('POST', '/invocations', { dataframe_records: [record] }))
      tell(
        await ask('POST', '/api/v1/models/risk/invocations', {
          dataframe_split: { columns, data: [Object.values(record)] },
        }),
      )
      const csv = `${columns.join(',')}\n${Object.values(record)
        .map((value) => value ?? '')
        .join(',')}\n`
      tell(await ask('POST', '/invocations', csv, { 'content-type': 'text/csv' }))
      tell(await ask('POST', '/v1/models/risk:predict', { instances: [record] }))
      expect(versions.size).toBe(1)
      const [model] = versions
      seen.set(model!, (seen.get(model!) ?? 0) + 1)
    }
    expect([...seen.keys()].sort()).toEqual(['risk/1', 'risk/2'])
    // Persons of several versions in one request: the champion.
    const records = Array.from({ length: 40 }, (_, i) => ({ ...recordOf(students, i), Student: `S${i}` }))
    expect((await ask('POST', '/predict/v2', { records })).body.model).toMatchObject({ version: 1, alias: 'champion' })
  })

  test('with a sticky header, its value gets the same version, over Open Inference too; named versions and aliases are theirs', {
    timeout: 60_000,
  }, async () => {
    const { students } = await served.register({ seed: 7 })
    await served.register({ seed: 8, aliases: ['challenger'] })
    server = await start()
    await put({ weights: { champion: 50, challenger: 50 }, sticky: 'header', header: 'X-Session' })
    const record = recordOf(students, 0)
    const inputs = Object.entries(record).map(([name, value]) => ({
      name,
      shape: [1],
      datatype: typeof value === 'number' ? 'FP64' : typeof value === 'boolean' ? 'BOOL' : 'BYTES',
      data: [value],
    }))
    const seen = new Set<number>()
    for (let i = 0; i < 30; i++) {
      const headers = { 'x-session': `session ${i}` }
      const { version } = (await ask('POST', '/predict', record, headers)).body.model
      const infer = await ask('POST', '/v2/models/risk/infer', { inputs }, headers)
      expect([infer.status, infer.body.model_version]).toEqual([200, String(version)])
      seen.add(version)
      const body = { records: [record] }
      for (const [url, answers] of [
        ['/api/v1/models/risk/aliases/champion/predict', { version: 1, alias: 'champion' }],
        ['/api/v1/models/risk/aliases/challenger/predict', { version: 2, alias: 'challenger' }],
        ['/api/v1/models/risk/versions/1/predict', { version: 1, alias: null }],
      ] as const)
        expect((await ask('POST', url, body, headers)).body.model).toMatchObject(answers)
    }
    expect([...seen].sort()).toEqual([1, 2])
  })

  test('that errs fails no request, and is stopped: the ledger, the log and the metrics say why', {
    timeout: 120_000,
  }, async () => {
    const { students } = await served.register({ seed: 7 })
    // It refuses everybody above 20, whom the champion takes.
    await served.register({ seed: 8, aliases: ['challenger'], oldest: 20 })
    server = await start()
    await put({ weights: { champion: 50, challenger: 50 }, stop: { minRequests: 40, errorRate: 0.2 } })
    const body = { records: [{ ...recordOf(students, 0), Age: 30 }] }
    let answered = 0
    await times(400, async () => {
      const reply = await ask('POST', '/api/v1/models/risk/predict', body)
      expect([reply.status, reply.body.model.version]).toEqual([200, 1])
      answered++
    })
    expect(answered).toBe(400)
    await until(async () => (await view()).plan.weights.challenger === 0)
    expect((await view()).plan.weights).toEqual({ champion: 100, challenger: 0 })
    const entry = (await served.home.models.history('risk')).at(-1)!
    expect(entry).toMatchObject({
      actor: 'bellwether',
      action: 'traffic-set',
      reason: expect.stringMatching(
        /^canary challenger \(version 2\) was stopped: it failed \d+ of \d+ requests in the last 300 s; allowed are 20 %$/,
      ),
    })
    expect(await served.home.models.verifyLedger()).toMatchObject({ brokenAt: null })
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'canary was stopped', model: 'risk', version: 2, rule: 'errors' }),
    )
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'the canary failed; the champion answered', version: 2, code: 'INVALID_INPUT' }),
    )
    expect(await metric('bellwether_canary_stops_total{model="risk",version="2",rule="errors"}')).toBe(1)
    expect(await metric('bellwether_canary_failures_total{model="risk",version="2"}')).toBeGreaterThanOrEqual(40)
    // What is wrong for both is the request's fault, and says nothing of the canary.
    await put({ weights: { champion: 0, challenger: 100 }, stop: { minRequests: 1, errorRate: 0 } })
    for (let i = 0; i < 20; i++)
      expect((await ask('POST', '/predict', { Age: 'old' })).body).toMatchObject({ error: 'INVALID_INPUT' })
    expect((await view()).plan.weights).toEqual({ champion: 0, challenger: 100 })
  })

  test('that answers otherwise than the champion is stopped where the plan asks for that, and where it is slow', {
    timeout: 120_000,
  }, async () => {
    const { students } = await served.register({ seed: 7 })
    await served.register({ seed: 8, aliases: ['challenger'], estimator: 'baseline' })
    server = await start()
    for (const [rule, stop] of [
      ['disagreement', { disagreement: 0.05 }],
      ['latency', { latencyMs: 0.000_001 }],
    ] as const) {
      await put({ weights: { champion: 40, challenger: 60 }, stop: { minRequests: 20, ...stop } })
      let asked = 0
      await until(async () => {
        const records = [recordOf(students, asked++ % 240)]
        expect((await ask('POST', '/predict/v2', { records })).status).toBe(200)
        return asked % 10 === 0 && (await view()).plan.weights.challenger === 0
      })
      expect(await metric(`bellwether_canary_stops_total{model="risk",version="2",rule="${rule}"}`)).toBe(1)
    }
  })

  test('that cannot be loaded changes nothing when it is asked for, and answers nothing when it comes later', {
    timeout: 60_000,
  }, async () => {
    const { students } = await served.register({ seed: 7 })
    const broken = await served.register({ seed: 8, aliases: ['challenger'], estimator: 'random-forest' })
    server = await start()
    await served.damage(broken.version)
    expect(
      (await ask('PUT', TRAFFIC, { weights: { champion: 50, challenger: 50 }, reason: 'a try' })).body,
    ).toMatchObject({
      error: 'MODEL_UNAVAILABLE',
    })
    expect((await view()).plan).toBeNull()
    await served.home.models.setTraffic({
      model: 'risk',
      plan: { ...(await planOf({ champion: 0, challenger: 100 })) },
      actor: 'test',
      reason: 'from elsewhere',
      now: 9_000,
    })
    await sleep(300)
    for (let i = 0; i < 5; i++)
      expect((await ask('POST', '/predict', recordOf(students, i))).body.model.version).toBe(1)
  })
})

async function planOf(weights: Record<string, number>) {
  return (await import('../../track/traffic-plan.ts')).TrafficPlan.parse({ weights })
}

describe('a shadow', () => {
  test('is asked in the background and compared, and never answers', { timeout: 60_000 }, async () => {
    const { students } = await served.register({ seed: 7 })
    await served.register({ seed: 8, aliases: ['blue'], estimator: 'random-forest' })
    await served.register({ seed: 9, aliases: ['picky'], oldest: 20 })
    server = await start()
    await put({ weights: { champion: 100 }, shadow: ['blue', 'picky'] })
    const records = Array.from({ length: 60 }, (_, i) => recordOf(students, i))
    const mine = (await ask('POST', '/api/v1/models/risk/predict', { records })).body
    expect(mine.model).toMatchObject({ version: 1, alias: 'champion' })
    const theirs = (await ask('POST', '/api/v1/models/risk/aliases/blue/predict', { records })).body.predictions
    const agreed = mine.predictions.filter((one: { label: string }, i: number) => one.label === theirs[i].label).length
    const distances = mine.predictions.map(({ probabilities }: { probabilities: Record<string, number> }, i: number) =>
      Object.entries(probabilities).reduce(
        (sum, [name, p]) => sum + Math.abs(p - theirs[i].probabilities[name]) / 2,
        0,
      ),
    )
    await until(async () => (await view()).shadows[1].records > 0)
    const { shadows, dropped } = await view()
    const [blue, picky] = shadows
    expect(blue).toMatchObject({ alias: 'blue', version: 2, records: 60, agreed, failed: 0 })
    expect(blue.meanDistance).toBeCloseTo(distances.reduce((a: number, b: number) => a + b, 0) / 60, 9)
    expect(blue.meanLatencyMs).toBeGreaterThan(0)
    // A shadow that refuses a record harms nobody.
    const young = records.filter(({ Age }) => (Age as number) <= 20).length
    expect(picky).toMatchObject({ records: young, failed: 60 - young })
    expect(dropped).toBe(0)
    expect(await metric('bellwether_shadow_records_total{model="risk",version="2",outcome="agreed"}')).toBe(agreed)
    expect(await metric('bellwether_predictions_total{model="risk",version="2"}')).toBe(60)
  })
})

test('an alias that is taken away leaves its share to the champion, and what its shadow misses is counted, not logged', {
  timeout: 60_000,
}, async () => {
  const { students } = await served.register({ seed: 7 })
  await served.register({ seed: 8, aliases: ['challenger', 'blue'] })
  server = await start()
  await put({ weights: { champion: 0, challenger: 100 }, shadow: ['blue'] })
  expect((await ask('POST', '/predict', recordOf(students, 0))).body.model.version).toBe(2)
  for (const alias of ['challenger', 'blue'])
    await served.home.mlflow.registry.deleteAlias('risk', alias, { actor: 'test', now: 9_000 })
  await sleep(300)
  for (let i = 0; i < 10; i++)
    expect((await ask('POST', '/predict', recordOf(students, i))).body.model).toMatchObject({ version: 1 })
  await until(async () => (await view()).dropped === 10)
  expect((await view()).variants).toMatchObject([{ version: 1 }, { alias: 'challenger', version: null }])
  expect(lines).toEqual([])
})

describe('the plan', () => {
  test('is set, seen, and removed, by who may promote; each change is in the ledger with its reason', async () => {
    await served.register({ seed: 7, aliases: ['champion', 'challenger'] })
    server = await start()
    expect(await view()).toEqual({
      model: 'risk',
      plan: null,
      from: null,
      variants: [
        {
          ...{ alias: 'champion', version: 1, percent: 100, requests: 0, failed: 0 },
          ...{ latencyP95Ms: null, compared: 0, disagreed: 0 },
        },
      ],
      shadows: [],
      dropped: 0,
    })
    await put({ weights: { champion: 90, challenger: 10 }, reason: 'first steps' })
    const removed = await ask('DELETE', `${TRAFFIC}?reason=enough`)
    expect([removed.status, removed.body.plan]).toEqual([200, null])
    const history = await served.home.models.history('risk')
    expect(history.slice(-2)).toMatchObject([
      { action: 'traffic-set', actor: 'api:loopback', reason: 'first steps' },
      { action: 'traffic-removed', actor: 'api:loopback', reason: 'enough' },
    ])
  })

  test.each([
    [{ weights: { champion: 90, challenger: 20 }, reason: 'x' }, 400, 'weights'],
    [{ weights: { challenger: 100 }, reason: 'x' }, 400, 'weights'],
    [{ weights: { champion: 100 } }, 400, 'reason'],
    [{ weights: { champion: 100 }, shadows: [], reason: 'x' }, 400, ''],
    [{ weights: { champion: 100 }, sticky: 'cookie', reason: 'x' }, 400, 'sticky'],
    [{ weights: { champion: 90, blue: 10 }, reason: 'x' }, 404, null],
  ])('%j is refused', async (plan, status, place) => {
    await served.register({ seed: 7, aliases: ['champion', 'challenger'] })
    server = await start()
    const reply = await ask('PUT', TRAFFIC, plan)
    expect(reply.status).toBe(status)
    if (place !== null) expect(JSON.stringify(reply.body.details)).toContain(place)
    expect((await view()).plan).toBeNull()
    expect((await ask('GET', '/api/v1/models/none/traffic')).body.error).toBe('MODEL_NOT_FOUND')
  })

  test("of a project's file holds until the registry has one", async () => {
    const project = { serving: { traffic: { weights: { champion: 0, challenger: 100 } } } }
    const { students } = await served.register({ seed: 7, project })
    server = await start()
    const version = async () => (await ask('POST', '/predict', recordOf(students, 0))).body.model.version
    // No such alias yet: its share is the champion's.
    expect([await version(), (await view()).from]).toEqual([1, 'project'])
    await served.register({ seed: 8, aliases: ['challenger'] })
    await sleep(300)
    expect(await version()).toBe(2)
    await put({ weights: { champion: 100, challenger: 0 } })
    expect([await version(), (await view()).from]).toEqual([1, 'registry'])
    await ask('DELETE', TRAFFIC)
    expect(await version()).toBe(2)
  })

  test('follows a model that is renamed, and goes with one that is deleted', async () => {
    await served.register({ seed: 7, aliases: ['champion', 'challenger'] })
    server = await start()
    const { registry } = served.home.mlflow
    const by = { actor: 'test', now: 9_000 }
    await put({ weights: { champion: 90, challenger: 10 } })
    await registry.renameModel('risk', 'danger', by)
    expect((await served.home.models.model('danger')).traffic?.weights).toEqual({ champion: 90, challenger: 10 })
    await registry.deleteModel('danger', by)
    expect(await served.home.models.models()).toEqual([])
    expect(await served.home.models.verifyLedger()).toMatchObject({ brokenAt: null })
  })

  test('comes back with a rollback of the champion, under a running server', async () => {
    const { students } = await served.register({ seed: 7 })
    await served.register({ seed: 8, aliases: ['blue'] })
    await served.register({ seed: 9, aliases: [] })
    server = await start()
    await put({ weights: { champion: 80, blue: 20 } })
    const post = (url: string, body: object) => ask('POST', `/api/v1/models/risk${url}`, { reason: 'x', ...body })
    await post('/promote', { version: 3 })
    await ask('DELETE', TRAFFIC)
    expect((await post('/rollback', {})).body.version).toBe(1)
    expect((await view()).plan.weights).toEqual({ champion: 80, blue: 20 })
    expect((await ask('POST', '/predict', recordOf(students, 0))).status).toBe(200)
  })
})
