import { BellwetherError } from '../errors.ts'

const N = 624
const M = 397

/**
 * numpy's legacy random stream, `numpy.random.RandomState(seed)`: MT19937 seeded with one 32-bit number, and the legacy
 * ways to draw from it. Equal seeds give the very numbers that a notebook gets, so that splits are the same rows.
 * The state is the object: two parts that should not disturb each other take a stream each (see `deriveSeed`).
 * @see Matsumoto and Nishimura (1998), Mersenne Twister, https://doi.org/10.1145/272991.272995
 */
export class RandomState {
  readonly #state = new Uint32Array(N)
  #position = N
  #spareNormal: number | null = null

  /** @throws USAGE unless `seed` is a whole number from 0 to 2^32 - 1, as numpy requires. */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw new BellwetherError('USAGE', `A seed is a whole number from 0 to 4294967295, not ${seed}.`)
    }
    const state = this.#state
    state[0] = seed
    for (let i = 1; i < N; i++) {
      const previous = state[i - 1]!
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i
    }
  }

  /** The next 32 random bits as a whole number from 0 to 2^32 - 1. */
  randomUint32(): number {
    if (this.#position === N) this.#twist()
    let y = this.#state[this.#position++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    y ^= y >>> 18
    return y >>> 0
  }

  /** A number in [0, 1) with 53 random bits, as `random_sample()`. */
  random(): number {
    const high = this.randomUint32() >>> 5
    const low = this.randomUint32() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  /**
   * A whole number in [0, n), each as likely, as `randint(n)`: the smallest mask of ones that covers n - 1 is laid over
   * 32 bits until the result is small enough. Takes no bits when n is 1.
   * @throws INTERNAL unless n is a whole number from 1 to 2^32.
   */
  randint(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000) {
      throw new BellwetherError('INTERNAL', `randint expects a whole number from 1 to 2^32, not ${n}.`)
    }
    const largest = n - 1
    if (largest === 0) return 0
    const mask = 0xffffffff >>> Math.clz32(largest)
    let value: number
    do value = (this.randomUint32() & mask) >>> 0
    while (value > largest)
    return value
  }

  /** The numbers 0 to n - 1 in random order, as `permutation(n)`; shape (n). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n)
    for (let i = 0; i < n; i++) order[i] = i
    return this.shuffle(order)
  }

  /** Puts the items in random order in place (Fisher and Yates, from the end), as `shuffle`. Returns its argument. */
  shuffle<A extends { readonly length: number; [index: number]: unknown }>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.randint(i + 1)
      const item = items[i]
      items[i] = items[j]
      items[j] = item
    }
    return items
  }

  /** A standard normal number, as `randn()`: the polar method, which makes two and keeps one for the next call. */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal
      this.#spareNormal = null
      return spare
    }
    let x1: number
    let x2: number
    let r2: number
    do {
      x1 = 2 * this.random() - 1
      x2 = 2 * this.random() - 1
      r2 = x1 * x1 + x2 * x2
    } while (r2 >= 1 || r2 === 0)
    const factor = Math.sqrt((-2 * Math.log(r2)) / r2)
    this.#spareNormal = factor * x1
    return factor * x2
  }

  #twist(): void {
    const state = this.#state
    for (let i = 0; i < N; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff)
      state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.#position = 0
  }
}

/**
 * A seed for one part of a piece of work, made from the seed of the whole and the part's name, such as
 * `deriveSeed(seed, 'fold', 3)`. Parts get streams of their own, so that adding one leaves the others as they were.
 * The number 1 and the text "1" are different parts, and so are ("ab", "c") and ("a", "bc").
 * @returns A whole number from 0 to 2^32 - 1: a 32-bit Murmur 3 hash.
 * @throws INTERNAL when a number is not finite.
 */
export function deriveSeed(seed: number, ...parts: readonly (string | number)[]): number {
  let hash = 0x9747b28c
  let words = 0
  const mix = (word: number) => {
    let k = Math.imul(word, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    hash ^= Math.imul(k, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
    words++
  }
  for (const part of [seed, ...parts]) {
    if (typeof part === 'number' && !Number.isFinite(part)) {
      throw new BellwetherError('INTERNAL', `A seed can't be derived from ${part}.`)
    }
    const text = String(part)
    mix(typeof part === 'number' ? 1 : 2)
    mix(text.length)
    for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i))
  }
  hash ^= words
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
