import { createHash } from 'node:crypto'
import { canonicalJson } from '../packaging/canonical-json.ts'
import type { LedgerEntry } from './model-registry.ts'

/**
 * The ledger: an append-only list of what happened to versions and aliases, each entry bound to the one before it.
 *
 *   hash_i = SHA-256( hash_(i-1) "\n" canonical JSON of entry i without its two hashes )        hash_0 = 64 zeros
 *
 * Beside it the store keeps a head: how many entries there are, and the hash of the last. An entry that was edited, left out, added or moved
 * breaks the chain; entries cut off at the end disagree with the head. What it can't show: somebody who may write the database can
 * make a whole new chain and a head to match. Only a head that was kept elsewhere (the hash of the last entry in `models history`) tells.
 */
export const GENESIS_HASH = `sha256:${'0'.repeat(64)}`

/** What an entry says, before it has its place in the chain. */
export type LedgerFact = Omit<LedgerEntry, 'sequence' | 'previousHash' | 'hash'>

/** How many entries there are, and the hash of the last one; `GENESIS_HASH` when there is none. */
export interface LedgerHead {
  readonly entries: number
  readonly hash: string
}

export const EMPTY_LEDGER: LedgerHead = { entries: 0, hash: GENESIS_HASH }

/** The entry that comes after `head`. Its texts are made such that every database gives them back as they are. */
export function nextEntry(head: LedgerHead, fact: LedgerFact): LedgerEntry {
  const entry = content({
    ...fact,
    actor: storable(fact.actor),
    model: storable(fact.model),
    alias: fact.alias === null ? null : storable(fact.alias),
    reason: storable(fact.reason),
    sequence: head.entries + 1,
  })
  return { ...entry, previousHash: head.hash, hash: entryHash(head.hash, entry) }
}

/** Half a surrogate pair and NUL, which UTF-8 and PostgreSQL can't hold, become U+FFFD. */
const storable = (text: string) => text.toWellFormed().replaceAll('\0', '\u{fffd}')

export function headAfter(entry: LedgerEntry): LedgerHead {
  return { entries: entry.sequence, hash: entry.hash }
}

/** Checks entries that come in the order of their sequence, a page at a time. */
export class LedgerWalk {
  #head: LedgerHead = EMPTY_LEDGER
  #brokenAt: number | null = null

  /** @returns false once the chain is broken: later pages change nothing. */
  take(entries: Iterable<LedgerEntry>): boolean {
    for (const entry of entries) {
      if (this.#brokenAt !== null) return false
      const whole =
        entry.sequence === this.#head.entries + 1 &&
        entry.previousHash === this.#head.hash &&
        entry.hash === entryHash(this.#head.hash, entry)
      if (!whole) this.#brokenAt = this.#head.entries + 1
      else this.#head = headAfter(entry)
    }
    return this.#brokenAt === null
  }

  /** The sequence number at which the chain first differs from what was written, or null. `head` is null when the store has lost it. */
  finish(head: LedgerHead | null): number | null {
    if (this.#brokenAt !== null) return this.#brokenAt
    if (head && head.entries === this.#head.entries && head.hash === this.#head.hash) return null
    return Math.min(this.#head.entries, head?.entries ?? this.#head.entries) + 1
  }
}

/**
 * Which version a rollback of the alias goes to, or null when there is none. Setting an alias lays a version on a pile, a rollback takes one
 * off: after 1, 2, 3, a rollback gives 2 and another gives 1, never 3 again. A rollback to a version takes off what lies above it.
 * @param entries Entries of one model, oldest first.
 */
export function rollbackTarget(entries: Iterable<LedgerEntry>, alias: string): number | null {
  const pile: number[] = []
  for (const entry of entries) {
    if (entry.alias !== alias || entry.to === null) continue
    if (entry.action === 'alias-set') pile.push(entry.to)
    if (entry.action === 'rollback') {
      pile.pop()
      const place = pile.lastIndexOf(entry.to)
      if (place < 0) pile.push(entry.to)
      else pile.length = place + 1
    }
  }
  return pile.at(-2) ?? null
}

/**
 * The entry that made an alias point where it pointed at a time, or null where it pointed nowhere then: what was live.
 * @param entries Entries of one model, oldest first.
 * @param time In milliseconds; an entry of that very time counts.
 */
export function liveAt(entries: Iterable<LedgerEntry>, alias: string, time: number): LedgerEntry | null {
  let live: LedgerEntry | null = null
  for (const entry of entries) {
    if (entry.time > time) continue
    if (entry.alias === alias) live = entry.to === null ? null : entry
    else if (entry.action === 'model-deleted') live = null
  }
  return live
}

function entryHash(previousHash: string, entry: LedgerFact & { sequence: number }): string {
  return `sha256:${createHash('sha256')
    .update(`${previousHash}\n${canonicalJson(content(entry))}`)
    .digest('hex')}`
}

/** What is hashed, and nothing besides. */
function content(entry: LedgerFact & { sequence: number }) {
  const { sequence, time, actor, action, model, alias, from, to, reason, gates, traffic } = entry
  return {
    ...{ sequence, time, actor, action, model, alias, from, to, reason },
    ...(gates ? { gates } : {}),
    ...(traffic ? { traffic } : {}),
  }
}
