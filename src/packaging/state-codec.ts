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
  const lifted: Lifted = new Map()
  let json: unknown
  try {
    json = JSON.parse(liftArrays(bytes, lifted))
  } catch (cause) {
    throw corrupt('is not JSON in UTF-8', cause)
  }
  const state = decode(json, { path: '$', depth: 0, lifted })
  if (lifted.size > 0) throw corrupt('names an array twice')
  return state
}

/** Base64 that stands in a document as a mark: mark -> its bytes. Each is taken out once. */
type Lifted = Map<string, Buffer>

/** Shorter base64 stays in the document. */
const WORTH_LIFTING_BYTES = 4096
const ARRAY_BEGIN = /^\{"\$(\w{1,12})":"/

/**
 * The document without its long arrays, which are nearly all of it: they need not become text twice. `{"$` stands in JSON only where an object
 * begins, and what takes the place of one text is another, so the rest is JSON exactly if the whole is. A mark is no base64.
 */
function liftArrays(bytes: Uint8Array, lifted: Lifted): string {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const pieces: string[] = []
  let done = 0
  for (let at = all.indexOf('{"$'); at >= 0; at = all.indexOf('{"$', at + 1)) {
    const begin = ARRAY_BEGIN.exec(all.toString('latin1', at, at + 20))
    if (!begin || !Object.hasOwn(ARRAY_TYPES, begin[1]!)) continue
    const start = at + begin[0].length
    const end = all.indexOf('"', start)
    if (end - start < WORTH_LIFTING_BYTES) continue
    const mark = `#${lifted.size}`
    lifted.set(mark, all.subarray(start, end))
    pieces.push(decoder.decode(all.subarray(done, start)), mark)
    done = end
    at = end
  }
  pieces.push(decoder.decode(all.subarray(done)))
  return pieces.join('')
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

interface Place {
  /** In the document, for messages. */
  readonly path: string
  readonly depth: number
  readonly lifted: Lifted
}

function decode(value: unknown, { path, depth, lifted }: Place): State {
  if (depth > MAX_DEPTH) throw corrupt(`is nested deeper than ${MAX_DEPTH} levels`)
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value
  if (Array.isArray(value))
    return value.map((item, index) => decode(item, { path: `${path}[${index}]`, depth: depth + 1, lifted }))
  const members = value as Record<string, unknown>
  const keys = Object.keys(members)
  const tag = keys.length === 1 && keys[0]!.startsWith('$') && !keys[0]!.startsWith('$$') ? keys[0]!.slice(1) : null
  if (tag !== null) return decodeTagged(tag, members[`$${tag}`], path, lifted)
  const object: Record<string, State> = {}
  for (const key of keys) {
    if (key.startsWith('$') && !key.startsWith('$$'))
      throw corrupt(`has the unknown key ${JSON.stringify(key.slice(0, 40))} at ${path}`)
    const name = key.startsWith('$$') ? key.slice(1) : key
    // defineProperty, because `object['__proto__'] = …` would set the prototype
    Object.defineProperty(object, name, {
      value: decode(members[key], { path: `${path}.${name}`, depth: depth + 1, lifted }),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}

function decodeTagged(tag: string, content: unknown, path: string, lifted: Lifted): State {
  if (tag === 'number') {
    const number = SPECIAL_NUMBERS.get(content)
    if (number === undefined) throw corrupt(`has an unknown number at ${path}`)
    return number
  }
  if (!Object.hasOwn(ARRAY_TYPES, tag))
    throw corrupt(`has the unknown type ${JSON.stringify(tag.slice(0, 40))} at ${path}`)
  if (typeof content !== 'string') throw corrupt(`has no base64 text at ${path}`)
  const bytes = lifted.get(content)
  lifted.delete(content)
  return fromBase64(tag as ArrayType, bytes ?? Buffer.from(content), path)
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

/** Base64 is decoded in pieces of so many bytes, a multiple of 4: texts that short cost no memory of their own. */
const PIECE_BYTES = 64 * 1024

function fromBase64(type: ArrayType, spelt: Buffer, path: string): StateArray {
  const width = ARRAY_TYPES[type].BYTES_PER_ELEMENT
  const length = base64Length(spelt)
  if (length === null) throw corrupt(`has no base64 text at ${path}`)
  if (length % width !== 0) throw corrupt(`has ${length} bytes at ${path}; ${type} needs a multiple of ${width}`)
  // Allocated by itself, not cut from Node's pool, so that the array owns its buffer.
  const own = Buffer.from(new ArrayBuffer(length))
  let written = 0
  for (let start = 0; start < spelt.length; start += PIECE_BYTES)
    written += own.write(spelt.toString('latin1', start, start + PIECE_BYTES), written, 'base64')
  // Node's decoder skips what is no base64, and then writes less.
  if (written !== length) throw corrupt(`has no base64 text at ${path}`)
  return new ARRAY_TYPES[type]((isBigEndianHost ? swappedInPlace(own, width) : own).buffer as ArrayBuffer)
}

/**
 * How many bytes a text stands for that is base64 with its padding, and null for what can't be: of the spellings that Node's decoder takes there is
 * one. Whether all between is base64 shows when it is decoded.
 */
function base64Length(spelt: Buffer): number | null {
  const last = spelt.toString('latin1', Math.max(0, spelt.length - 4))
  if (spelt.length % 4 !== 0 || Buffer.from(last, 'base64').toString('base64') !== last) return null
  // The alphabet of addresses, which the decoder takes as well.
  if (spelt.includes('-') || spelt.includes('_')) return null
  return (spelt.length / 4) * 3 - (last.endsWith('==') ? 2 : last.endsWith('=') ? 1 : 0)
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
