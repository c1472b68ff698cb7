import { BellwetherError } from '../errors.ts'

/**
 * JSON with one spelling per value: keys in code-unit order, no spaces, keys without a value (`undefined`) left out. What is hashed is written
 * like this, so that equal values have equal hashes.
 * @throws INTERNAL for what JSON can't hold without loss (NaN, infinities, functions, dates, cycles deeper than 100 levels).
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

const MAX_DEPTH = 100

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH)
    throw new BellwetherError('INTERNAL', `Canonical JSON is nested deeper than ${MAX_DEPTH} levels.`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new BellwetherError('INTERNAL', `Canonical JSON can't hold ${value}.`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
  if (isPlainObject(value)) {
    const members: string[] = []
    for (const key of Object.keys(value).sort()) {
      if (value[key] !== undefined) members.push(`${JSON.stringify(key)}:${write(value[key], depth + 1)}`)
    }
    return `{${members.join(',')}}`
  }
  throw new BellwetherError('INTERNAL', `Canonical JSON can't hold ${describe(value)}.`)
}

/** An object that is made of its own keys alone, as a literal or `JSON.parse` makes it. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What kind of value this is, for messages; never the value. */
export function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `an object of ${value.constructor?.name || 'no class'}`
    : `a value of type ${typeof value}`
}
