/** Registers: a standard error of 1.04 / sqrt(256) = 6.5 %, in 256 bytes. */
const BITS = 8
const REGISTERS = 1 << BITS
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

/**
 * About how many different things were added, in 256 bytes however many they are.
 * @see Flajolet, Fusy, Gandouet and Meunier (2007), HyperLogLog, https://doi.org/10.46298/dmtcs.3545; small counts are by the empty registers
 *   (linear counting, Whang et al. 1990).
 */
export class DistinctCount {
  readonly #registers = new Uint8Array(REGISTERS)

  /** @param hash 32 bits that are spread evenly. */
  add(hash: number): void {
    const register = hash >>> (32 - BITS)
    const rank = Math.clz32((hash << BITS) | (1 << (BITS - 1))) + 1
    if (rank > this.#registers[register]!) this.#registers[register] = rank
  }

  /** Takes in what another count has seen. */
  merge(other: DistinctCount): void {
    for (const [i, rank] of other.#registers.entries()) if (rank > this.#registers[i]!) this.#registers[i] = rank
  }

  clear(): void {
    this.#registers.fill(0)
  }

  estimate(): number {
    let sum = 0
    let empty = 0
    for (const rank of this.#registers) {
      sum += 2 ** -rank
      if (rank === 0) empty++
    }
    const raw = (ALPHA * REGISTERS * REGISTERS) / sum
    return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw
  }
}

/** A further number in a hash of 32 bits (xorshift-multiply of both its halves). */
export function hashNumber(hash: number, value: number): number {
  NUMBER[0] = value
  return mix(mix(hash ^ HALVES[0]!) ^ HALVES[1]!)
}

/** A text as 32 bits (FNV-1a, then spread). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

const NUMBER = new Float64Array(1)
const HALVES = new Uint32Array(NUMBER.buffer)

/** @see Wellons (2018), lowbias32, https://nullprogram.com/blog/2018/07/31/ */
function mix(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}
