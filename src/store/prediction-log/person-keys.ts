import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { normalIdentifier } from '../../data/identifier-of-person.ts'

/** Fields of a fixed width are seldom wider. */
const MOST_PADDING = 40
const AROUND = ['\t', '\n', '\r', '\r\n', '\u00a0', '\ufeff']

/** Keyed hashes that stand for persons: nobody without the secret can try names against them. */
export class PersonKeys {
  /** As a key object: Node takes seven times as long to hash with bytes, which it asks each time whether they are one. */
  readonly #secret: KeyObject

  constructor(secret: Uint8Array) {
    this.#secret = createSecretKey(secret)
  }

  /** The same for every spelling of one identifier. */
  key(identifier: string): string {
    return this.#hash(normalIdentifier(identifier))
  }

  /**
   * `key`, and what earlier versions, which took the text as it came but for the blanks around it, made of the same identifier: what tombstones may hold.
   */
  keysWithoutBlanks(identifier: string): ReadonlySet<string> {
    return new Set(spellings(identifier).map((text) => this.#hash(text)))
  }

  /** All of these, and what earlier versions made of it with blanks around it: what entries of the log may hold. */
  keysEver(identifier: string): ReadonlySet<string> {
    const keys = new Set(this.keysWithoutBlanks(identifier)).add(this.#hash(identifier))
    for (const text of spellings(identifier)) for (const padded of withBlanks(text)) keys.add(this.#hash(padded))
    return keys
  }

  #hash(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url').slice(0, 32)
  }
}

/** Today's first. */
function spellings(identifier: string): string[] {
  const normal = normalIdentifier(identifier)
  return [...new Set([normal, identifier.trim(), normal.normalize('NFD')])]
}

function* withBlanks(text: string): Generator<string> {
  for (let width = 1; width <= MOST_PADDING; width++) {
    const blanks = ' '.repeat(width)
    yield blanks + text
    yield text + blanks
  }
  for (const before of ['', ' ', ...AROUND]) for (const after of ['', ' ', ...AROUND]) yield before + text + after
}
