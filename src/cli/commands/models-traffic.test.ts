import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ServedHome } from '../../server/testing/served-home.ts'
import { action } from './models-traffic.ts'

let served: ServedHome
let written = ''
beforeEach(async () => {
  served = await ServedHome.make()
  await served.register({ aliases: ['champion', 'challenger', 'blue'] })
  written = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text)
    return true
  })
}, 60_000)
afterEach(async () => {
  vi.restoreAllMocks()
  await served.remove()
})

const traffic = async (options: Record<string, unknown> = {}, model = 'risk') => {
  written = ''
  await action({ home: served.home.folder, ...options }, [model])
  return written
}
const plan = async (options: Record<string, unknown> = {}) =>
  (JSON.parse(await traffic({ ...options, json: true })) as { plan: Record<string, unknown> | null }).plan

test('a plan is set, changed in parts, shown and removed; the ledger has each change with its reason', async () => {
  expect(await plan()).toBeNull()
  expect(await traffic()).toContain('The champion of risk answers everything')
  const given = { weights: 'champion=90, challenger=10', sticky: 'header', header: 'x-session', reason: 'a try' }
  expect(await plan({ ...given, stop: 'errorRate=0.02,latencyMs=null' })).toMatchObject({
    weights: { champion: 90, challenger: 10 },
    sticky: 'header',
    header: 'x-session',
    shadow: [],
    stop: { errorRate: 0.02, latencyMs: null, minRequests: 100 },
  })
  // What is left out stays as it is.
  expect(await plan({ shadow: 'blue', stop: 'minRequests=50' })).toMatchObject({
    weights: { champion: 90, challenger: 10 },
    sticky: 'header',
    shadow: ['blue'],
    stop: { errorRate: 0.02, minRequests: 50 },
  })
  const shown = await traffic()
  expect(shown).toMatch(/champion +1 +90 %\n *challenger +1 +10 %\n *blue +1 +shadow/)
  expect(shown).toContain('requests with the same x-session get the same version')
  expect(shown).toContain('a canary is stopped when, of at least 50 requests in 300 s, it fails more than 2 %')
  expect(await traffic({ stop: 'never' })).toContain('a canary is never stopped by itself')
  expect(await plan({ shadow: 'none' })).toMatchObject({ shadow: [] })
  expect(await plan({ remove: true, reason: 'enough' })).toBeNull()
  const entries = (await served.home.models.history('risk')).filter(({ action: done }) => done.startsWith('traffic'))
  expect(entries.map(({ action: done, reason }) => [done, reason])).toEqual([
    ['traffic-set', 'a try'],
    ...Array.from({ length: 3 }, () => ['traffic-set', 'no reason given']),
    ['traffic-removed', 'enough'],
  ])
})

test.each([
  [{ weights: 'champion=90,challenger=20' }, 'USAGE', /add up to 100, came 110/],
  [{ weights: 'champion' }, 'USAGE', /takes pairs such as champion=90/],
  [{ weights: 'champion=1e2' }, 'USAGE', /takes pairs/],
  [{ weights: 'champion=90,green=10' }, 'ALIAS_NOT_FOUND', /no alias "green"; it has: blue, challenger, champion/],
  [{ sticky: 'cookie' }, 'USAGE', /sticky/],
  [{ stop: 'speed=3' }, 'USAGE', /stop/],
  [{ remove: true, weights: 'champion=100' }, 'USAGE', /--remove/],
])('%j is refused and changes nothing', async (options, code, message) => {
  await expect(traffic(options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect(await plan()).toBeNull()
  await expect(traffic({}, 'risk@champion')).rejects.toMatchObject({ code: 'USAGE' })
})
