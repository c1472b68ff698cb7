import type { Role } from './permissions.ts'

/** What a key may do. */
export interface KeyScope {
  readonly role: Role
  /** Patterns of model names; null: all models. */
  readonly models: readonly string[] | null
  readonly sensitive: boolean
  /** Requests a minute; null: as the server is set. */
  readonly ratePerMinute: number | null
  /** Decimals that probabilities are rounded to; 'withheld': labels only; null: as they are. */
  readonly probabilities: number | 'withheld' | null
}

/** A key as it is kept: its hash, never itself. Times are milliseconds since 1970-01-01 UTC. */
export interface StoredKey extends KeyScope {
  readonly id: string
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string
  /** What people call it. */
  readonly name: string
  readonly createdTime: number
  readonly createdBy: string
  readonly expiresTime: number | null
  readonly revokedTime: number | null
  /** To the minute. */
  readonly lastUsedTime: number | null
}

/** What the audit log tells of. */
export const AUDIT_ACTIONS = [
  'key-created',
  'key-revoked',
  'key-rotated',
  'access-refused',
  'refusals-omitted',
  'extraction-suspected',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** Something that happened to keys or access; kept for ever, changed never. */
export interface AuditFact {
  readonly time: number
  readonly actor: string
  readonly action: AuditAction
  /** What it was done to: a key's id, a route, a model version. */
  readonly subject: string
  /** Network address that asked, where one did. */
  readonly address: string | null
  /** In words, without secrets. */
  readonly detail: string
}

export interface AuditEntry extends AuditFact {
  /** From 1, without gaps. */
  readonly sequence: number
}

/** Where keys are kept. Keys are never deleted: that one ever was is what keeps authentication on. */
export interface KeyStore {
  /** Adds a key with the entry that tells of it, both or none. @throws ALREADY_EXISTS for an id that is taken */
  create(key: StoredKey, fact: AuditFact): Promise<void>
  /** Every key, oldest first, also those that are revoked or expired. */
  keys(): Promise<StoredKey[]>
  /** Ends a key at once; one that is revoked already stays as it is. @throws KEY_NOT_FOUND */
  revoke(id: string, time: number, fact: AuditFact): Promise<void>
  /**
   * Adds a key in place of another, which ends at `endTime` or at the end that it has, whichever is first.
   * @throws KEY_NOT_FOUND, KEY_ENDED for one that is revoked or expired
   */
  rotate(id: string, successor: StoredKey, endTime: number, fact: AuditFact): Promise<void>
  /** Notes when keys were last used. */
  touch(times: ReadonlyMap<string, number>): Promise<void>
  /** A number that grows with every change but `touch`; 0 as long as there never was a key. */
  revision(): Promise<number>
}

export interface AuditLog {
  append(facts: readonly AuditFact[]): Promise<void>
  /** Newest first, those below `before` where that is given. */
  entries(page: { readonly limit: number; readonly before?: number }): Promise<AuditEntry[]>
}
