import { type Permission, type Role, roleHas } from './permissions.ts'

/** A role, on all models or on some. */
export interface Grant {
  readonly role: Role
  /** Patterns of model names (`risk`, `school-*`); null: all of them. */
  readonly models: readonly string[] | null
}

/** Whoever a request comes from, once it is known. */
export interface Principal {
  /** For ledgers, logs and audit entries: `key:…`, `oidc:…`, `api:loopback`. */
  readonly actor: string
  /** Id of the API key, where there is one. */
  readonly keyId: string | null
  readonly grants: readonly Grant[]
  /** May see columns that are declared sensitive. */
  readonly sensitive: boolean
  /** Requests a minute; null: as the server is set. */
  readonly ratePerMinute: number | null
  /** Decimals that probabilities are rounded to; 'withheld': labels only; null: as they are. */
  readonly probabilities: number | 'withheld' | null
}

/** The caller while authentication is off: whoever reaches the loopback address of this machine owns it. */
export const LOOPBACK: Principal = Object.freeze({
  actor: 'api:loopback',
  keyId: null,
  grants: [{ role: 'admin', models: null }] as const,
  sensitive: true,
  ratePerMinute: null,
  probabilities: null,
})

/**
 * Whether a caller may do something.
 * @param model The model that it is about; null: about all models, which who is confined to some may not; undefined: about
 *   any model at all, when the handler asks again for each one.
 */
export function may(principal: Principal, permission: Permission, model: string | null | undefined): boolean {
  if (permission === 'sensitive:read' && !principal.sensitive) return false
  return principal.grants.some(
    ({ role, models }) =>
      (permission === 'sensitive:read' || roleHas(role, permission)) &&
      (models === null || model === undefined || (model !== null && models.some((pattern) => matches(pattern, model)))),
  )
}

/** Whether a name is of a pattern, in which `*` stands for any characters and nothing else has a meaning; linear in the name. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0]!
  if (parts.length === 1) return name === pattern
  const last = parts.at(-1)!
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  const end = name.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Whether some grant of a caller is for some models only, and none for all. */
export function isConfined(principal: Principal): boolean {
  return !principal.grants.some(({ models }) => models === null)
}
