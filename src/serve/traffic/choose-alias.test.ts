import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrafficPlan } from '../../track/traffic-plan.ts'
import { aliasAt, stickyPoint } from './choose-alias.ts'

const secretOf = (byte: number) => createSecretKey(Buffer.alloc(32, byte))
const secret = secretOf(7)
const plan = (weights: Record<string, number>) => TrafficPlan.parse({ weights })

test('each alias gets its share of 100,000 keys, within five standard deviations', () => {
  const weights = { champion: 82, challenger: 10, blue: 7.5, green: 0.5, off: 0 }
  const given = plan(weights)
  const counts: Record<string, number> = { champion: 0, challenger: 0, blue: 0, green: 0, off: 0 }
  const n = 100_000
  for (let i = 0; i < n; i++) counts[aliasAt(given, stickyPoint(secret, 'risk', `person ${i}`))]!++
  for (const [alias, percent] of Object.entries(weights)) {
    const share = percent / 100
    expect(Math.abs(counts[alias]! - n * share)).toBeLessThanOrEqual(5 * Math.sqrt(n * share * (1 - share)))
  }
})

test('a key stands at the same place always, and at another one for another model or secret', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const point = stickyPoint(secret, 'risk', key)
      expect(point).toBe(stickyPoint(secretOf(7), 'risk', key))
      expect(point).not.toBe(stickyPoint(secret, 'grades', key))
      expect(point).not.toBe(stickyPoint(secretOf(8), 'risk', key))
      expect(point).toBeGreaterThanOrEqual(0)
      expect(point).toBeLessThan(1)
    }),
  )
})

test('a key that got the canary keeps it while its share grows', () => {
  for (let i = 0; i < 1000; i++) {
    const point = stickyPoint(secret, 'risk', String(i))
    if (aliasAt(plan({ champion: 90, challenger: 10 }), point) !== 'challenger') continue
    expect(aliasAt(plan({ champion: 50, challenger: 50 }), point)).toBe('challenger')
  }
})

test('all of the traffic is one alias where it has 100 percent', () => {
  for (const point of [0, 0.5, 1 - 2 ** -48]) {
    expect(aliasAt(plan({ champion: 0, challenger: 100 }), point)).toBe('challenger')
    expect(aliasAt(plan({ champion: 100, challenger: 0 }), point)).toBe('champion')
  }
})
