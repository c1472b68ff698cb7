import { BellwetherError } from '../errors.ts'
import type { State } from '../table/state.ts'

/** Reads the state of one fitted part, key by key; what is not as expected is MODEL_STATE_INVALID, naming the place. */
export interface StateReader {
  text(key: string): string
  /** A finite number. */
  number(key: string): number
  /** A whole number, `least` or more. */
  count(key: string, least?: number): number
  /** Without `length`, any length. */
  float64(key: string, length?: number): Float64Array
  int32(key: string, length?: number): Int32Array
  texts(key: string): readonly string[]
  raw(key: string): State
  /** Whether there is such a key, for those that not every state has. */
  has(key: string): boolean
  fail(key: string, expected: string): never
}

/**
 * @param what Whose state it is, for messages, such as `ridge`.
 * @throws MODEL_STATE_INVALID when the state is no object.
 */
export function readState(state: State, what: string): StateReader {
  const fail = (key: string, expected: string): never => {
    throw new BellwetherError(
      'MODEL_STATE_INVALID',
      `The state of "${what}" is damaged: "${key}" should be ${expected}.`,
    )
  }
  if (typeof state !== 'object' || state === null || Array.isArray(state) || ArrayBuffer.isView(state)) {
    throw new BellwetherError('MODEL_STATE_INVALID', `The state of "${what}" should be an object.`)
  }
  const object = state as { readonly [key: string]: State }
  const raw = (key: string): State => (Object.hasOwn(object, key) ? object[key]! : fail(key, 'there'))
  const sized = <A extends { readonly length: number }>(array: A, key: string, length: number | undefined): A =>
    length === undefined || array.length === length ? array : fail(key, `of length ${length}, not ${array.length}`)
  return {
    raw,
    fail,
    has: (key) => Object.hasOwn(object, key),
    text(key) {
      const value = raw(key)
      return typeof value === 'string' ? value : fail(key, 'a text')
    },
    number(key) {
      const value = raw(key)
      return typeof value === 'number' && Number.isFinite(value) ? value : fail(key, 'a finite number')
    },
    count(key, least = 0) {
      const value = raw(key)
      return typeof value === 'number' && Number.isInteger(value) && value >= least
        ? value
        : fail(key, `a whole number, ${least} or more`)
    },
    float64(key, length) {
      const value = raw(key)
      return value instanceof Float64Array ? sized(value, key, length) : fail(key, 'a Float64Array')
    },
    int32(key, length) {
      const value = raw(key)
      return value instanceof Int32Array ? sized(value, key, length) : fail(key, 'an Int32Array')
    },
    texts(key) {
      const value = raw(key)
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
        ? (value as readonly string[])
        : fail(key, 'a list of texts')
    },
  }
}
