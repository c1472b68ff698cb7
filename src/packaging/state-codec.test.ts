import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import type { State } from '../table/state.ts'
import { decodeState, encodeState, swapped } from './state-codec.ts'

const text = (state: State) => new TextDecoder().decode(encodeState(state))
const decodeText = (json: string) => decodeState(new TextEncoder().encode(json))

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof BellwetherError) return error.code
    throw error
  }
  return 'no error'
}

/**
 * Equal to the last bit, with the same types and own keys. Not `toStrictEqual`: it compares what `.constructor` gives, and that may be a key of ours.
 */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return bytesOf(a).equals(bytesOf(b))
  const [keys, others] = [Object.keys(a).sort(), Object.keys(b).sort()]
  return (
    keys.length === others.length &&
    keys.every(
      (key, i) => key === others[i] && isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  )
}

const bytesOf = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength)

const states = fc.letrec<{ state: State }>((tie) => ({
  state: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.constantFrom(
      Number.NaN,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.MIN_VALUE,
      Number.MAX_VALUE,
      0.1,
    ),
    fc.string({ unit: 'binary' }),
    fc.float64Array(),
    fc.float32Array(),
    fc.int32Array(),
    fc.uint32Array(),
    fc.uint16Array(),
    fc.uint8Array(),
    fc.array(tie('state'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$number', '$Float64Array', '$$', '$', 'constructor', 'toString')),
      tie('state'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).state

describe('the state codec', () => {
  test('gives back every state exactly', () => {
    fc.assert(
      fc.property(states, (state) => isSame(decodeState(encodeState(state)), state)),
      { numRuns: 300 },
    )
  })

  test('gives the same bytes whatever the order of the keys', () => {
    expect(text({ b: 1, a: { d: 2, c: 3 } })).toBe('{"a":{"c":3,"d":2},"b":1}')
    expect(text({ a: { c: 3, d: 2 }, b: 1 })).toBe(text({ b: 1, a: { d: 2, c: 3 } }))
  })

  test('writes arrays as base64 of their little-endian elements', () => {
    expect(text(Float64Array.of(1, -0))).toBe(
      `{"$Float64Array":"${Buffer.from('000000000000f03f0000000000000080', 'hex').toString('base64')}"}`,
    )
    expect(text(new Uint16Array([1, 256]))).toBe(
      `{"$Uint16Array":"${Buffer.from('01000001', 'hex').toString('base64')}"}`,
    )
  })

  test('keeps the payload of a NaN inside an array', () => {
    const bytes = Buffer.from('010203040506f87f', 'hex')
    const array = new Float64Array(new Uint8Array(bytes).buffer)
    const back = decodeState(encodeState(array)) as Float64Array
    expect(Buffer.from(back.buffer).toString('hex')).toBe('010203040506f87f')
  })

  test('writes a view of a larger buffer as the view alone', () => {
    const view = Float64Array.of(1, 2, 3, 4).subarray(1, 3)
    expect(decodeState(encodeState(view))).toStrictEqual(Float64Array.of(2, 3))
  })

  test('turns the bytes of each element round for a big-endian host', () => {
    expect(swapped(Buffer.from('0001020304050607', 'hex'), 8).toString('hex')).toBe('0706050403020100')
    expect(swapped(Buffer.from('0001020304050607', 'hex'), 4).toString('hex')).toBe('0302010007060504')
    expect(swapped(Buffer.from('0001', 'hex'), 2).toString('hex')).toBe('0100')
    expect(swapped(Buffer.from('0001', 'hex'), 1).toString('hex')).toBe('0001')
  })

  test('a key named __proto__ stays a key and reaches no prototype', () => {
    const state = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}') as State
    const back = decodeState(encodeState(state)) as Record<string, State>
    expect(Object.keys(back).sort()).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('refuses to write what would not come back', () => {
    for (const value of [
      undefined,
      [undefined],
      { a: undefined },
      1n,
      new Date(0),
      new Map(),
      Buffer.from('a'),
      new BigInt64Array(1),
      new Int8Array(1),
      () => 1,
    ]) {
      expect(codeOf(() => encodeState(value as unknown as State))).toBe('INTERNAL')
    }
    const cycle: State[] = []
    cycle.push(cycle)
    expect(codeOf(() => encodeState(cycle))).toBe('INTERNAL')
  })

  test.each([
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['text that is no JSON', '{"a":'],
    ['nothing', ''],
    ['a byte order mark', '\u{feff}1'],
    ['an unknown type', '{"$Function":"return 1"}'],
    ['a type that is a property of every object', '{"$constructor":"AA=="}'],
    ['a reserved key beside others', '{"$Float64Array":"","a":1}'],
    ['an unknown number', '{"$number":"1"}'],
    ['a number that is no text', '{"$number":1}'],
    ['an array whose bytes are no whole elements', '{"$Float64Array":"AAAA"}'],
    ['an array that is no text', '{"$Float64Array":[1]}'],
    ['base64 with a foreign character', '{"$Uint8Array":"AA-="}'],
    ['base64 without its padding', '{"$Uint8Array":"AA"}'],
    ['base64 with spaces', '{"$Uint8Array":"AA =="}'],
    ['base64 with padding in its middle', '{"$Uint8Array":"AA==AAAA"}'],
    ['base64 of addresses', '{"$Uint8Array":"AAA_"}'],
    ['base64 with a character whose lower byte is one', '{"$Uint8Array":"AAA\u{141}"}'],
    ['base64 with bits beyond its bytes', '{"$Uint8Array":"AB=="}'],
    ['nesting beyond the limit', `${'['.repeat(2000)}${']'.repeat(2000)}`],
    ['nesting that would end a recursive parser', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
  ])('refuses %s', (_, input) => {
    expect(codeOf(() => (typeof input === 'string' ? decodeText(input) : decodeState(input)))).toBe('PACKAGE_CORRUPT')
  })

  test('takes of a text that stands for bytes the one spelling that would be written', () => {
    const spelt = fc
      .tuple(fc.uint8Array({ maxLength: 12 }), fc.nat(20), fc.constantFrom('', 'A', '=', '-', '_', '/', ' ', '\u{141}'))
      .map(([bytes, at, put]) => {
        const text = Buffer.from(bytes).toString('base64')
        return `${text.slice(0, at)}${put}${text.slice(at + put.length)}`
      })
    fc.assert(
      fc.property(spelt, (text) => {
        const isTheOne = Buffer.from(text, 'base64').toString('base64') === text
        const code = codeOf(() => decodeText(JSON.stringify({ $Uint8Array: text })))
        expect(code).toBe(isTheOne ? 'no error' : 'PACKAGE_CORRUPT')
      }),
      { numRuns: 2000 },
    )
  })

  describe('long arrays', () => {
    const long = Uint8Array.from({ length: 9000 }, (_, i) => i)
    const base64 = Buffer.from(long).toString('base64')

    test('come back beside others, in any order of keys, and among texts that look like them', () => {
      const state = {
        b: long,
        10: Float64Array.from(long),
        9: '{"$Uint8Array":"',
        a: ['#0', `{"$x":"${base64}`, long, '\u{1f600}'],
      }
      expect(isSame(decodeState(encodeState(state)), state)).toBe(true)
    })

    test.each([
      ['a foreign character', `{"$Uint8Array":"${base64.replace('BAU', 'B U')}"}`],
      ['a character beyond ASCII', `{"$Uint8Array":"${base64.replace('BAUG', 'BA\u{141}G')}"}`],
      ['no end', `{"$Uint8Array":"${base64}`],
      ['another member beside it', `{"$Uint8Array":"${base64}","a":1}`],
      ['a mark', '{"$Uint8Array":"#0"}'],
      ['a mark of another array', `[{"$Uint8Array":"${base64}"},{"$Uint8Array":"#0"}]`],
      ['a mark of another array before it', `[{"$Uint8Array": "#0"},{"$Uint8Array":"${base64}"}]`],
      ['a twin of the same name', `{"a":{"$Uint8Array":"${base64}"},"a":1}`],
    ])('with %s are refused', (_, json) => {
      expect(codeOf(() => decodeText(json))).toBe('PACKAGE_CORRUPT')
    })
  })

  test('a message names the place, not the content', () => {
    expect(() => decodeText('{"a":[1,{"$number":"secret"}]}')).toThrow('at $.a[1]')
    expect(() => decodeText('{"a":[1,{"$number":"secret"}]}')).not.toThrow('secret')
  })
})
