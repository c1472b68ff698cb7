import { z } from 'zod'
import { BellwetherError } from '../errors.ts'
import { HASH_PATTERN } from './api-key.ts'
import type { StoredKey } from './key-store.ts'
import { KeyOptions } from './manage-keys.ts'

/**
 * Keys from the environment, for those who keep secrets elsewhere. `BELLWETHER_API_KEYS` holds hashes only:
 *
 *     keys   = key *( ";" key )             ; also a line each
 *     key    = id ":" hash ":" role *( "," option )
 *     id     = 12 letters and digits, the part of the key after `bw_`
 *     hash   = SHA-256 of the whole key, 64 hexadecimal digits
 *     option = "models=" pattern *( "|" pattern ) / "expires=" date or time (ISO 8601) / "rate=" requests a minute
 *            / "probabilities=" ( decimals / "withheld" ) / "sensitive" / "name=" text
 *
 * `bellwether keys create --environment` prints a key with its entry and keeps nothing.
 * @throws KEYS_INVALID naming the entry by its number, never its text
 */
export function parseEnvironmentKeys(text: string): StoredKey[] {
  const entries = text
    .split(/[;\n]/)
    .map((entry) => entry.trim())
    .filter(Boolean)
  const keys = entries.map((entry, index) => parseEntry(entry, index + 1))
  const ids = new Set(keys.map(({ id }) => id))
  if (ids.size < keys.length)
    throw new BellwetherError('KEYS_INVALID', 'BELLWETHER_API_KEYS: two entries have the same id.')
  return keys
}

function parseEntry(entry: string, number: number): StoredKey {
  const fault = (message: string) =>
    new BellwetherError('KEYS_INVALID', `BELLWETHER_API_KEYS, entry ${number}: ${message}.`)
  const match = /^([0-9A-Za-z]{12}):([^:,]*):([a-z]+)((?:,[^,]*)*)$/.exec(entry)
  if (!match) throw fault('expected id:hash:role, with an id of 12 letters and digits')
  const [, id = '', hash = '', role = '', rest = ''] = match
  if (!HASH_PATTERN.test(hash)) throw fault('expected a SHA-256 as 64 small hexadecimal digits, not a key itself')
  const given: Record<string, unknown> = { role, name: `environment ${id}` }
  let expiresTime: number | null = null
  for (const option of rest.split(',').slice(1)) {
    const at = option.indexOf('=')
    const name = at === -1 ? option : option.slice(0, at)
    const value = at === -1 ? '' : option.slice(at + 1)
    if (name === 'models') given['models'] = value.split('|')
    else if (name === 'rate') given['ratePerMinute'] = Number(value)
    else if (name === 'probabilities')
      given['probabilities'] = value === 'withheld' ? value : Number(value || Number.NaN)
    else if (name === 'sensitive' && at === -1) given['sensitive'] = true
    else if (name === 'name') given['name'] = value
    else if (name === 'expires') {
      expiresTime = z.iso
        .date()
        .or(z.iso.datetime({ offset: true }))
        .safeParse(value).success
        ? Date.parse(value)
        : Number.NaN
      if (Number.isNaN(expiresTime)) throw fault('`expires` takes a date such as 2027-01-31, or a time with its offset')
    } else throw fault('the options are models, expires, rate, probabilities, sensitive and name')
  }
  const parsed = KeyOptions.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw fault(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`)
  }
  const { expiresInDays: _, ...scope } = parsed.data
  return {
    ...scope,
    id,
    hash,
    createdTime: 0,
    createdBy: 'environment',
    expiresTime,
    revokedTime: null,
    lastUsedTime: null,
  }
}

/** The entry of a key, as `parseEnvironmentKeys` reads it. */
export function environmentEntry(key: StoredKey): string {
  return [
    `${key.id}:${key.hash}:${key.role}`,
    ...(key.models ? [`models=${key.models.join('|')}`] : []),
    ...(key.expiresTime === null ? [] : [`expires=${new Date(key.expiresTime).toISOString()}`]),
    ...(key.ratePerMinute === null ? [] : [`rate=${key.ratePerMinute}`]),
    ...(key.probabilities === null ? [] : [`probabilities=${key.probabilities}`]),
    ...(key.sensitive ? ['sensitive'] : []),
    ...(/[,;\n]/.test(key.name) ? [] : [`name=${key.name}`]),
  ].join(',')
}
