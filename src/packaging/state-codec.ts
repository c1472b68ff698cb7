import { endianness } from 'node:os'
import { BellwetherError } from '../errors.ts'
import type { State } from '../table/state.ts'
import { describe, isPlainObject } from './canonical-json.ts'

/**
 * State as bytes and back, without loss: JSON in UTF-8 with keys in code-unit order, so equal states have equal bytes on every machine.
 *
 *   numbers          as in JSON, which gives back the same bits; NaN, -0 and the infinities as `{"$number":"NaN"}`
 *   typed arrays     `{"$Float64Array":"<base64 of the elements, little-endian>"}`, NaN payloads included
 *   objects          as in JSON; a key that begins with `$` gets another `$` before it
 *
 * Nothing in the bytes is ever run, and no key reaches a prototype: `__proto__` is a key like any other.
 */
const ARRAY_TYPES = { Float64Array, Float32Array, Int32Array, Uint32Array, Uint16Array, Uint8Array } as const
type ArrayType = keyof typeof ARRAY_TYPES
type StateArray = InstanceType<(typeof ARRAY_TYPES)[ArrayType]>

/** Deeper than any real state, and shallow enough for every stack. */
const MAX_DEPTH = 500
/** Below the longest string of V8 (2^29 - 24). */
const MAX_BYTES = 500 * 1024 * 1024

/** @throws INTERNAL for a value that is no State, such as undefined, a Date or a Map, and for more than 500 MiB. */
export function encodeState(state: State): Uint8Array {
  const pieces: string[] = []
  let length = 0
  const put = (piece: string) => {
    length += piece.length
    if (length > MAX_BYTES) throw new BellwetherError('INTERNAL', `A state must fit in ${MAX_BYTES} bytes.`)
    pieces.push(piece)
  }
  encode(state, 0, put)
  return new TextEncoder().encode(pieces.join(''))
}

/** @throws PACKAGE_CORRUPT for bytes that `encodeState` can't have written. */
export function decodeState(bytes: Uint8Array): State {
  if (bytes.length > MAX_BYTES) throw corrupt(`holds ${bytes.length} bytes; at most ${MAX_BYTES} are read`)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw corrupt('is not JSON in UTF-8', cause)
  }
  return decode(json, '$', 0)
}

function encode(value: unknown, depth: number, put: (piece: string) => void): void {
  if (depth > MAX_DEPTH) {
    throw new BellwetherError('INTERNAL', `A state is nested deeper than ${MAX_DEPTH} levels, or holds itself.`)
  }
  const type = arrayTypeOf(value)
  if (value === null || typeof value === 'boolean' || typeof value === 'string') put(JSON.stringify(value))
  else if (typeof value === 'number') put(encodeNumber(value))
  else if (type) put(`{"$${type}":"${toBase64(value as StateArray)}"}`)
  else if (Array.isArray(value)) {
    put('[')
    for (let i = 0; i < value.length; i++) {
      if (i > 0) put(',')
      encode(value[i], depth + 1, put)
    }
    put(']')
  } else if (isPlainObject(value)) {
    put('{')
    let separator = ''
    for (const key of Object.keys(value).map(escapeKey).sort()) {
      put(`${separator}${JSON.stringify(key)}:`)
      separator = ','
      encode(value[key.startsWith('$') ? key.slice(1) : key], depth + 1, put)
    }
    put('}')
  } else throw new BellwetherError('INTERNAL', `A state can't hold ${describe(value)}.`)
}

const escapeKey = (key: string) => (key.startsWith('$') ? `$${key}` : key)

function encodeNumber(value: number): string {
  if (Number.isFinite(value) && !Object.is(value, -0)) return JSON.stringify(value)
  return `{"$number":"${Object.is(value, -0) ? '-0' : value}"}`
}

const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])

/** `path` is the place in the document, for messages. */
function decode(value: unknown, path: string, depth: number): State {
  if (depth > MAX_DEPTH) throw corrupt(`is nested deeper than ${MAX_DEPTH} levels`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value
  if (Array.isArray(value)) return value.map((item, index) => decode(item, `${path}[${index}]`, depth + 1))
  const members = value as Record<string, unknown>
  const keys = Object.keys(members)
  const tag = keys.length === 1 && keys[0]!.startsWith('$') && !keys[0]!.startsWith('$$') ? keys[0]!.slice(1) : null
  if (tag !== null) return decodeTagged(tag, members[`$${tag}`], path)
  const object: Record<string, State> = {}
  for (const key of keys) {
    if (key.startsWith('$') && !key.startsWith('$$'))
      throw corrupt(`has the unknown key ${JSON.stringify(key.slice(0, 40))} at ${path}`)
    const name = key.startsWith('$$') ? key.slice(1) : key
    // defineProperty, because `object['__proto__'] = …` would set the prototype
    Object.defineProperty(object, name, {
      value: decode(members[key], `${path}.${name}`, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}

function decodeTagged(tag: string, content: unknown, path: string): State {
  if (tag === 'number') {
    const number = SPECIAL_NUMBERS.get(content)
    if (number === undefined) throw corrupt(`has an unknown number at ${path}`)
    return number
  }
  if (!Object.hasOwn(ARRAY_TYPES, tag))
    throw corrupt(`has the unknown type ${JSON.stringify(tag.slice(0, 40))} at ${path}`)
  if (typeof content !== 'string') throw corrupt(`has no base64 text at ${path}`)
  return fromBase64(tag as ArrayType, content, path)
}

function arrayTypeOf(value: unknown): ArrayType | null {
  if (!ArrayBuffer.isView(value)) return null
  for (const type of Object.keys(ARRAY_TYPES) as ArrayType[]) {
    // A Buffer is a Uint8Array by inheritance only; it would come back as something else.
    if (value instanceof ARRAY_TYPES[type] && Object.getPrototypeOf(value) === ARRAY_TYPES[type].prototype) return type
  }
  return null
}

function toBase64(array: StateArray): string {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
  return (isBigEndianHost ? swapped(bytes, array.BYTES_PER_ELEMENT) : bytes).toString('base64')
}

function fromBase64(type: ArrayType, text: string, path: string): StateArray {
  const width = ARRAY_TYPES[type].BYTES_PER_ELEMENT
  const length = base64Length(text)
  if (length === null) throw corrupt(`has no base64 text at ${path}`)
  if (length % width !== 0) throw corrupt(`has ${length} bytes at ${path}; ${type} needs a multiple of ${width}`)
  // Allocated by itself, not cut from Node's pool, so that the array owns its buffer.
  const own = Buffer.from(new ArrayBuffer(length))
  // Node's decoder skips what is no base64, and then writes less.
  if (own.write(text, 'base64') !== length) throw corrupt(`has no base64 text at ${path}`)
  return new ARRAY_TYPES[type]((isBigEndianHost ? swappedInPlace(own, width) : own).buffer as ArrayBuffer)
}

/**
 * How many bytes a text stands for that is base64 with its padding, and null for what can't be: of the spellings that Node's decoder takes there is
 * one. Whether all between is base64 shows when it is decoded.
 */
function base64Length(text: string): number | null {
  const last = text.slice(-4)
  if (text.length % 4 !== 0 || Buffer.from(last, 'base64').toString('base64') !== last) return null
  // The alphabet of addresses, and characters of which the decoder sees but the lower byte.
  if (text.includes('-') || text.includes('_') || Buffer.byteLength(text) !== text.length) return null
  return (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
}

const isBigEndianHost = endianness() === 'BE'

/** The same elements with the bytes of each turned round; a copy. */
export function swapped(bytes: Uint8Array, width: number): Buffer {
  return swappedInPlace(Buffer.from(bytes), width)
}

function swappedInPlace(bytes: Buffer, width: number): Buffer {
  if (width === 2) return bytes.swap16()
  if (width === 4) return bytes.swap32()
  return width === 8 ? bytes.swap64() : bytes
}

function corrupt(what: string, cause?: unknown): BellwetherError {
  return new BellwetherError('PACKAGE_CORRUPT', `The model state ${what}.`, { cause })
}
