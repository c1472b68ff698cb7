import { createSecretKey } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { BellwetherError } from '../../errors.ts'
import type { TrafficChange } from '../../track/model-registry.ts'
import { TrafficPlan } from '../../track/traffic-plan.ts'
import type { ModelCache, ServedModel } from '../model-cache.ts'
import type { Prediction } from '../prediction.ts'
import type { Scorer } from '../scorer.ts'
import { type Caller, Traffic, type TrafficListener } from './traffic.ts'

const nobody: Caller = { header: () => null, key: () => null, ids: () => [] }

const answer = (label: string): Prediction => ({
  id: '',
  label,
  confidence: 1,
  probabilities: { [label]: 1 },
  set: null,
  warnings: [],
})

/** A registry with two versions, and what scores as a version; everything else of them is left out. */
class Fake {
  aliases: Record<string, number> = { champion: 1, challenger: 2 }
  plan: TrafficPlan | null = null
  readonly changes: TrafficChange[] = []
  failing: Error | null = null
  now = 1_000
  random = 0
  readonly told: unknown[] = []
  readonly stopped: string[] = []
  dropped = 0
  score: (version: number) => void = () => {}
  readonly #models = new Map<string, ServedModel>()

  readonly cache = {
    trafficOf: () => this.plan,
    resolve: async (name: string, which: { alias: string } | { version: number }) => {
      const alias = 'alias' in which ? which.alias : null
      const version = 'alias' in which ? this.aliases[which.alias] : which.version
      if (version === undefined) throw new BellwetherError('ALIAS_NOT_FOUND', 'none')
      const key = `${alias}/${version}`
      if (!this.#models.has(key)) this.#models.set(key, { name, version, alias, scorer: this.#scorer(version) })
      return this.#models.get(key)!
    },
    registered: async () => ({
      revision: 1,
      models: [
        {
          ...{ name: 'risk', createdTime: 1, latestVersion: 2, aliases: this.aliases },
          ...(this.plan ? { traffic: this.plan } : {}),
        },
      ],
    }),
    refresh: async () => {},
    failures: () => [],
  } satisfies ModelCache

  readonly models = {
    setTraffic: async (change: TrafficChange) => {
      if (this.failing) throw this.failing
      this.changes.push(change)
      this.plan = change.plan
      return { name: 'risk', createdTime: 1, latestVersion: 2, aliases: this.aliases }
    },
  }

  readonly listener: TrafficListener = {
    failed: (error) => this.told.push(error),
    stopped: (_, __, reason) => this.stopped.push(reason),
    dropped: (_, records) => {
      this.dropped += records
    },
  }

  #scorer(version: number): Scorer {
    const score: Scorer['score'] = (records) => {
      this.score(version)
      return records.map(() => answer(`class ${version}`))
    }
    return { score, manifest: { project: {} } } as unknown as Scorer
  }
}

let fake: Fake
let traffic: Traffic
beforeEach(() => {
  fake = new Fake()
  traffic = new Traffic({
    ...{ cache: fake.cache, models: fake.models, listener: fake.listener },
    clock: () => fake.now,
    secret: createSecretKey(Buffer.alloc(32)),
    random: () => fake.random,
    isBusy: () => false,
  })
})

const setPlan = (weights: Record<string, number>, more: object = {}) => {
  fake.plan = TrafficPlan.parse({ weights, ...more })
}
const batch = (records = 1) => ({
  records: Array.from({ length: records }, () => ({})),
  predictions: Array.from({ length: records }, () => answer('class 1')),
  latencyMs: 1,
})
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a canary that fails', () => {
  const stop = { minRequests: 5, errorRate: 0.5 }

  test('gets nothing more from that moment, also while the registry does not answer, which is asked again later', async () => {
    setPlan({ champion: 0, challenger: 100 }, { stop })
    fake.failing = new BellwetherError('HOME_LOCKED', 'busy')
    for (let i = 0; i < 5; i++) {
      const route = await traffic.route('risk', nobody)
      expect(route.served.version).toBe(2)
      traffic.failed(route)
    }
    await settled()
    expect((await traffic.route('risk', nobody)).served.version).toBe(1)
    expect([fake.changes.length, fake.told.length, fake.stopped.length]).toEqual([0, 1, 1])
    fake.failing = null
    expect((await traffic.route('risk', nobody)).served.version).toBe(1)
    expect(fake.changes).toEqual([])
    fake.now += 5_000
    await traffic.route('risk', nobody)
    await settled()
    expect(fake.changes).toMatchObject([
      { actor: 'bellwether', plan: { weights: { champion: 100, challenger: 0 } }, now: 6_000 },
    ])
    expect(fake.stopped).toHaveLength(1)
  })

  test('is stopped by one process alone where several see it fail', async () => {
    setPlan({ champion: 0, challenger: 100 }, { stop })
    const routes = await Promise.all(Array.from({ length: 5 }, () => traffic.route('risk', nobody)))
    // Another process was faster.
    fake.failing = new BellwetherError('TRAFFIC_CHANGED', 'meanwhile')
    for (const route of routes) traffic.failed(route)
    await settled()
    expect([fake.changes, fake.told]).toEqual([[], []])
  })

  test('begins anew when a person sets the plan again', async () => {
    setPlan({ champion: 0, challenger: 100 }, { stop })
    for (let i = 0; i < 5; i++) traffic.failed(await traffic.route('risk', nobody))
    await settled()
    expect((await traffic.route('risk', nobody)).served.version).toBe(1)
    setPlan({ champion: 0, challenger: 100 }, { stop })
    expect((await traffic.route('risk', nobody)).served.version).toBe(2)
    expect((await traffic.view('risk')).variants).toEqual([])
  })

  test("is taken out of a project's plan by a plan in the registry, which names only aliases that are there", async () => {
    const project = {
      serving: { traffic: { weights: { champion: 40, challenger: 50, gone: 10 }, shadow: ['gone'], stop } },
    }
    const champion = await fake.cache.resolve('risk', { alias: 'champion' })
    Object.assign(champion.scorer.manifest.project, project)
    fake.random = 0.3
    for (let i = 0; i < 5; i++) traffic.failed(await traffic.route('risk', nobody))
    await settled()
    expect(fake.changes).toMatchObject([
      { expected: null, plan: { weights: { champion: 100, challenger: 0, gone: 0 }, shadow: [] } },
    ])
  })
})

describe('a shadow', () => {
  test('that is slow makes no answer wait, and what does not fit is dropped', async () => {
    setPlan({ champion: 100 }, { shadow: ['challenger'] })
    let scored = 0
    fake.score = () => {
      scored++
      for (const end = performance.now() + 20; performance.now() < end; );
    }
    const started = performance.now()
    for (let i = 0; i < 30; i++) traffic.answered(await traffic.route('risk', nobody), batch(500))
    // Thirty times 16 chunks of 20 ms would be ten seconds.
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(scored).toBeLessThan(3)
    expect(fake.dropped).toBe(10 * 500)
    await traffic.close()
  })

  test('that fails altogether is told of once a minute', async () => {
    setPlan({ champion: 100 }, { shadow: ['challenger'] })
    fake.score = () => {
      throw new TypeError('broken')
    }
    for (let i = 0; i < 5; i++) {
      traffic.answered(await traffic.route('risk', nobody), batch())
      await traffic.settled()
      fake.now += 20_000
    }
    expect(fake.told).toHaveLength(2)
  })

  test('with the version that answered is not asked', async () => {
    fake.aliases['blue'] = 1
    setPlan({ champion: 100 }, { shadow: ['blue'] })
    fake.score = () => {
      throw new TypeError('asked')
    }
    traffic.answered(await traffic.route('risk', nobody), batch())
    await traffic.settled()
    expect([fake.told, (await traffic.view('risk')).shadows]).toEqual([[], []])
  })
})

test('a canary whose answers the champion would give otherwise is stopped', async () => {
  setPlan({ champion: 0, challenger: 100 }, { stop: { minRequests: 5, disagreement: 0.1 } })
  for (let i = 0; i < 5; i++) {
    const route = await traffic.route('risk', nobody)
    traffic.answered(route, { ...batch(), predictions: [answer('class 2')] })
    await traffic.settled()
  }
  await settled()
  expect(fake.changes[0]!.reason).toBe(
    'canary challenger (version 2) was stopped: the champion answers 5 of 5 records otherwise in the last 300 s; allowed are 10 %',
  )
})

test('a record that only the canary could not answer counts against it, also where the rest of the request was answered', async () => {
  setPlan({ champion: 0, challenger: 100 }, { stop: { minRequests: 2, errorRate: 0.5 } })
  const failed = { error: { error: 'CANNOT_SERVE' as const, message: '', hint: '', details: [] } }
  for (let i = 0; i < 2; i++) {
    traffic.answered(await traffic.route('risk', nobody), { ...batch(2), predictions: [answer('class 1'), failed] })
    await traffic.settled()
  }
  await settled()
  expect(fake.stopped).toEqual([expect.stringMatching(/^it failed 2 of 2 requests/)])
})
