import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type RunningServer, startServer } from './start-server.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { optionsFor } from './testing/test-server.ts'

const MOVES = 50
const VERSIONS = 7

let served: ServedHome
let server: RunningServer
const versions: RegisteredForTest[] = []
beforeAll(async () => {
  served = await ServedHome.make()
  for (let seed = 1; seed <= VERSIONS; seed++) versions.push(await served.register({ name: 'risk', seed }))
  server = await startServer(optionsFor(served, [], { port: 0, logLevel: 'silent' }))
}, 120_000)
afterAll(async () => {
  await server?.close()
  await served.remove()
})

test('an alias that is moved fifty times under load fails no request, and each answer is of one version', {
  timeout: 240_000,
}, async () => {
  const elsewhere = await served.openAgain()
  const body = JSON.stringify({ records: [recordOf(versions[0]!.students, 0)] })
  const statuses = new Map<number, number>()
  const answers = new Map<number, Set<string>>()
  const counts = new Map<number, number>()
  let isOver = false
  const client = async () => {
    while (!isOver) {
      const response = await fetch(`${server.url}/api/v1/models/risk/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      const { model, predictions } = (await response.json()) as {
        model: { version: number }
        predictions: { probabilities: object }[]
      }
      const known = answers.get(model.version) ?? new Set<string>()
      answers.set(model.version, known.add(JSON.stringify(predictions[0]!.probabilities)))
      counts.set(model.version, (counts.get(model.version) ?? 0) + 1)
    }
  }
  const clients = Array.from({ length: 6 }, client)
  for (let move = 0; move < MOVES; move++) {
    // More versions than are kept in memory: each is loaded anew when its turn comes.
    const to = (move % VERSIONS) + 1
    const before = counts.get(to) ?? 0
    await elsewhere.models.setAlias({
      ...{ model: 'risk', alias: 'champion', version: to },
      ...{ actor: 'test', reason: `move ${move}`, now: 10_000 + move },
    })
    await until(() => (counts.get(to) ?? 0) > before)
  }
  isOver = true
  await Promise.all(clients)
  expect([...statuses.keys()]).toEqual([200])
  expect([...answers.keys()].sort()).toEqual(Array.from({ length: VERSIONS }, (_, i) => i + 1))
  for (const known of answers.values()) expect(known.size).toBe(1)
})

test('a new champion that cannot be loaded leaves the old one serving, and readiness names it', {
  timeout: 60_000,
}, async () => {
  const broken = await served.register({ name: 'risk', seed: 40, aliases: [], estimator: 'random-forest' })
  await served.damage(broken.version)
  const ask = async (url: string, body: object) => {
    const response = await fetch(`${server.url}/api/v1/models/risk/${url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as { model: { version: number } } }
  }
  const records = [recordOf(versions[0]!.students, 0)]
  const before = await ask('predict', { records })
  expect((await ask('promote', { version: broken.version.version, reason: 'a bad idea' })).status).toBe(200)
  for (let i = 0; i < 20; i++) {
    const { status, body } = await ask('predict', { records })
    expect([status, body.model.version]).toEqual([200, before.body.model.version])
  }
  // It is loaded beside the answers: what came of it is known a little later.
  const named = async () =>
    (await (await fetch(`${server.url}/health/ready`)).text()).includes(`Version ${broken.version.version} of`)
  await vi.waitFor(async () => expect(await named()).toBe(true), { timeout: 30_000 })
})

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo() && Date.now() < end; ) await sleep(5)
  expect(isSo()).toBe(true)
}
