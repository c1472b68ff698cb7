import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  EMPTY_LEDGER,
  GENESIS_HASH,
  headAfter,
  type LedgerFact,
  type LedgerHead,
  LedgerWalk,
  liveAt,
  nextEntry,
  rollbackTarget,
} from './ledger.ts'
import type { LedgerEntry } from './model-registry.ts'

const fact = (overrides: Partial<LedgerFact> = {}): LedgerFact => ({
  time: 1_700_000_000_000,
  actor: 'ana',
  action: 'alias-set',
  model: 'm',
  alias: 'champion',
  from: null,
  to: 1,
  reason: 'first',
  ...overrides,
})

function chain(facts: readonly LedgerFact[]): { entries: LedgerEntry[]; head: LedgerHead } {
  let head = EMPTY_LEDGER
  const entries = facts.map((one) => {
    const entry = nextEntry(head, one)
    head = headAfter(entry)
    return entry
  })
  return { entries, head }
}

function verify(entries: readonly LedgerEntry[], head: LedgerHead | null): number | null {
  const walk = new LedgerWalk()
  walk.take(entries)
  return walk.finish(head)
}

const facts = fc.array(
  fc.record({
    time: fc.nat(),
    actor: fc.string(),
    action: fc.constantFrom('version-created', 'alias-set', 'rollback'),
    model: fc.constantFrom('a', 'b'),
    alias: fc.constantFrom(null, 'champion'),
    from: fc.option(fc.nat()),
    to: fc.option(fc.nat()),
    reason: fc.string(),
  }) as fc.Arbitrary<LedgerFact>,
  { minLength: 1, maxLength: 12 },
)

describe('the hash chain', () => {
  test('an entry has the hash that its documented formula gives', () => {
    // printf '%s\n%s' "sha256:000…" '{"action":"alias-set",…}' | sha256sum
    const entry = nextEntry(EMPTY_LEDGER, fact())
    expect(entry).toMatchObject({
      sequence: 1,
      previousHash: GENESIS_HASH,
      hash: 'sha256:83998619d70a3f51b4be78bef7c9e73c0b7bb8371d41f0b5ded100a83d5319e7',
    })
  })

  test('a chain as it was written is whole', () => {
    fc.assert(
      fc.property(facts, (all) => {
        const { entries, head } = chain(all)
        expect(verify(entries, head)).toBeNull()
      }),
    )
    expect(verify([], EMPTY_LEDGER)).toBeNull()
  })

  test('a chain that was kept as UTF-8 is whole, whatever its texts were', () => {
    const utf8 = (text: string) => Buffer.from(text).toString()
    const { entries, head } = chain([
      fact({ model: 'm\ud800', alias: '\udfffa', actor: 'é\ud800', reason: '\0\udc00' }),
      fact({ alias: null }),
    ])
    const read = entries.map((entry) => ({
      ...entry,
      model: utf8(entry.model),
      alias: entry.alias === null ? null : utf8(entry.alias),
      actor: utf8(entry.actor),
      reason: utf8(entry.reason),
    }))
    expect(verify(read, head)).toBeNull()
    expect(JSON.stringify(read)).not.toContain('\\u0000')
  })

  test('any edit of any field of any entry is found, at that entry', () => {
    fc.assert(
      fc.property(
        facts,
        fc.nat(),
        fc.constantFrom(
          'sequence',
          'time',
          'actor',
          'action',
          'model',
          'alias',
          'from',
          'to',
          'reason',
          'previousHash',
          'hash',
        ),
        (all, at, key) => {
          const { entries, head } = chain(all)
          const index = at % entries.length
          const old = entries[index]!
          const value = old[key as Exclude<keyof LedgerEntry, 'gates' | 'traffic'>]
          const edited = {
            ...old,
            [key]: typeof value === 'string' ? `${value}x` : value === null ? (key === 'alias' ? 'x' : 0) : value + 1,
          } as LedgerEntry
          expect(verify(entries.with(index, edited), head)).toBe(index + 1)
        },
      ),
    )
  })

  test('a missing entry is found where it was, also the last one', () => {
    fc.assert(
      fc.property(facts, fc.nat(), (all, at) => {
        const { entries, head } = chain(all)
        const index = at % entries.length
        expect(verify(entries.toSpliced(index, 1), head)).toBe(index + 1)
      }),
    )
  })

  test('two entries in the wrong order are found', () => {
    const { entries, head } = chain([fact(), fact({ to: 2 }), fact({ to: 3 })])
    expect(verify([entries[0]!, entries[2]!, entries[1]!], head)).toBe(2)
  })

  test('an entry that was appended without the head is found', () => {
    const { entries, head } = chain([fact()])
    const added = nextEntry(head, fact({ to: 9 }))
    expect(verify([...entries, added], head)).toBe(2)
  })

  test('a lost head is found', () => {
    expect(verify(chain([fact()]).entries, null)).toBe(2)
    expect(verify([], null)).toBe(1)
  })

  test('pages give the same answer as the whole', () => {
    const { entries, head } = chain([fact(), fact({ to: 2 }), fact({ to: 3 })])
    const walk = new LedgerWalk()
    for (const entry of entries) expect(walk.take([entry])).toBe(true)
    expect(walk.finish(head)).toBeNull()
  })
})

describe('where a rollback goes', () => {
  const set = (to: number, alias = 'champion') => fact({ action: 'alias-set', alias, to })
  const back = (to: number) => fact({ action: 'rollback', to })
  const target = (...all: LedgerFact[]) => rollbackTarget(chain(all).entries, 'champion')

  test('to the version before the present one', () => expect(target(set(1), set(2))).toBe(1))
  test('two in a row go back two versions', () => expect(target(set(1), set(2), set(3), back(2))).toBe(1))
  test('nowhere when there is only the first', () => {
    expect(target()).toBeNull()
    expect(target(set(1))).toBeNull()
    expect(target(set(1), set(2), back(1))).toBeNull()
  })
  test('after a rollback and a new version, to the one that was rolled back to', () =>
    expect(target(set(1), set(2), back(1), set(3))).toBe(1))
  test('other aliases and new versions do not count', () => {
    expect(target(set(1), set(2), set(7, 'challenger'), fact({ action: 'version-created', alias: null, to: 8 }))).toBe(
      1,
    )
  })
})

test('gates are part of what is chained, and entries without them hash as they did before there were any', () => {
  const fact = {
    time: 1,
    actor: 'a',
    action: 'version-created',
    model: 'm',
    alias: null,
    from: null,
    to: 1,
    reason: '',
  } as const
  const plain = nextEntry(EMPTY_LEDGER, fact)
  const gates = [{ metric: 'f1', value: 0.5, expected: 'at least 0.6', passed: false }]
  const gated = nextEntry(EMPTY_LEDGER, { ...fact, gates })
  expect(gated.hash).not.toBe(plain.hash)
  const walk = new LedgerWalk()
  expect(walk.take([{ ...gated, gates: [{ ...gates[0]!, passed: true }] }])).toBe(false)
})

test('what was live at a time is the entry that made it so', () => {
  const entry = (time: number, action: LedgerEntry['action'], to: number | null, alias: string | null = 'champion') =>
    ({
      ...nextEntry(EMPTY_LEDGER, { time, actor: 'a', action, model: 'm', alias, from: null, to, reason: '' }),
      sequence: time,
    }) as LedgerEntry
  const entries = [
    entry(1, 'version-created', 1, null),
    entry(2, 'alias-set', 1),
    entry(5, 'alias-set', 2),
    entry(7, 'alias-removed', null),
  ]
  expect([0, 2, 4, 5, 6, 7, 9].map((time) => liveAt(entries, 'champion', time)?.to ?? null)).toEqual([
    null,
    1,
    1,
    2,
    2,
    null,
    null,
  ])
  expect(liveAt(entries, 'blue', 9)).toBeNull()
})
