import type { State } from '../../table/state.ts'
import type { StateReader } from '../read-state.ts'

/** How leaf values are kept in a file. In memory they are float64, and exactly what the file says. */
export type LeafFormat = 'float32' | 'float16' | 'int8'

export const LEAF_FORMATS: readonly LeafFormat[] = ['float32', 'float16', 'int8']

/** Leaves below this are nothing; smaller steps would leave float32's normal range. */
const SMALLEST_STEP = 2 ** -100

/** Largest number of float16. */
const HALF_MAX = 65_504

/** Leaf values as the format can say them, nearest to what they were; shape as given. */
export function roundLeaves(values: Float64Array, format: LeafFormat): Float64Array {
  switch (format) {
    case 'float32':
      return values.map(Math.fround)
    case 'float16':
      return values.map((value) => fromHalf(toHalf(value)))
    case 'int8': {
      const scale = scaleOf(values)
      return values.map((value) => Math.round(value / scale) * scale)
    }
  }
}

/** What the file holds of leaf values that `roundLeaves` gave; comes back without loss. */
export function packLeaves(values: Float64Array, format: LeafFormat): State {
  switch (format) {
    case 'float32':
      return Float32Array.from(values)
    case 'float16':
      return Uint16Array.from(values, toHalf)
    case 'int8': {
      const scale = scaleOf(values)
      return { scale, codes: Uint8Array.from(values, (value) => Math.round(value / scale) + 128) }
    }
  }
}

/** @throws MODEL_STATE_INVALID */
export function unpackLeaves(state: StateReader, key: string, format: string): Float64Array {
  const packed = state.raw(key)
  if (format === 'float32') {
    return packed instanceof Float32Array ? Float64Array.from(packed) : state.fail(key, 'a Float32Array')
  }
  if (format === 'float16') {
    return packed instanceof Uint16Array ? Float64Array.from(packed, fromHalf) : state.fail(key, 'a Uint16Array')
  }
  if (format !== 'int8') return state.fail('leafFormat', LEAF_FORMATS.join(', '))
  const { scale, codes } = (packed ?? {}) as { readonly scale?: State; readonly codes?: State }
  if (typeof scale !== 'number' || !(scale > 0) || !(codes instanceof Uint8Array)) {
    return state.fail(key, 'a scale and codes')
  }
  return Float64Array.from(codes, (code) => (code - 128) * scale)
}

/** The step of int8: the largest size is 127 steps. The step of rounded values is the step itself, so that packing them again changes nothing. */
function scaleOf(values: Float64Array): number {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  // As float32: 127 steps of it are exact in float64, and their 127th part is the step again.
  return largest === 0 ? 1 : Math.max(Math.fround(largest / 127), SMALLEST_STEP)
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** The 16 bits of the nearest IEEE 754 half, ties to even; beyond its range the largest. */
export function toHalf(value: number): number {
  float[0] = Math.min(Math.max(value, -HALF_MAX), HALF_MAX)
  const sign = (bits[0]! >>> 16) & 0x8000
  const magnitude = bits[0]! & 0x7fffffff
  // Below the smallest normal half: a multiple of 2^-24.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(float[0]!) * 2 ** 24)
  const rebased = magnitude - 0x38000000
  return sign | ((rebased + 0x0fff + ((rebased >>> 13) & 1)) >>> 13)
}

export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
