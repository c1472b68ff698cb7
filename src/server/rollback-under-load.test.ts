import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from './start-server.ts'
import { ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { optionsFor } from './testing/test-server.ts'

let served: ServedHome
let server: RunningServer
beforeAll(async () => {
  served = await ServedHome.make()
}, 60_000)
afterAll(async () => {
  await server?.close()
  await served.remove()
})

test('rollbacks of another process under a running server drop no request, and each answer is of one version', {
  timeout: 120_000,
}, async () => {
  const versions = []
  for (const seed of [1, 2, 3, 4]) versions.push(await served.register({ name: 'risk', seed }))
  server = await startServer(optionsFor(served, [], { port: 0 }))
  const elsewhere = await served.openAgain()
  const body = JSON.stringify({ records: [recordOf(versions[0]!.students, 0)] })
  const statuses = new Map<number, number>()
  const seen = new Map<number, Set<string>>()
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
      const answers = seen.get(model.version) ?? new Set<string>()
      seen.set(model.version, answers.add(JSON.stringify(predictions[0]!.probabilities)))
    }
  }
  const answered = () => Array.from(statuses.values()).reduce((sum, n) => sum + n, 0)
  const clients = Array.from({ length: 6 }, client)
  for (const to of [3, 2, 1]) {
    await until(() => answered() > 0 && seen.has(to + 1))
    const { version } = await elsewhere.models.rollback({
      model: 'risk',
      alias: 'champion',
      actor: 'test',
      reason: 'worse than before',
      now: 5_000 + to,
    })
    expect(version).toBe(to)
    await until(() => seen.has(to))
  }
  isOver = true
  await Promise.all(clients)
  expect([...statuses.keys()]).toEqual([200])
  expect([...seen.keys()].sort()).toEqual([1, 2, 3, 4])
  // A version is whole: what it says of a row never changes while others come and go.
  for (const answers of seen.values()) expect(answers.size).toBe(1)
  expect(new Set(Array.from(seen.values(), (answers) => [...answers][0])).size).toBe(4)
  expect(await elsewhere.models.verifyLedger()).toMatchObject({ brokenAt: null })
})

async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !isSo() && Date.now() < end; ) await sleep(10)
  expect(isSo()).toBe(true)
}
