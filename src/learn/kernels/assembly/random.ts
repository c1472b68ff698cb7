import { STATE, scratch } from "./layout";

const N: u32 = 624;
const M: u32 = 397;

let position: u32 = N;

/** Begins the stream of `RandomState(seed)` (../../../table/random.ts), number by number the same. */
export function seedRandom(seed: u32): void {
  const state = scratch + STATE;
  let previous = seed;
  store<u32>(state, seed);
  for (let i: u32 = 1; i < N; i++) {
    previous = 1812433253 * (previous ^ (previous >>> 30)) + i;
    store<u32>(state + (<usize>i << 2), previous);
  }
  position = N;
}

/** A whole number in [0, n), each as likely: `RandomState.randint`. */
export function randint(n: u32): u32 {
  const largest = n - 1;
  if (largest == 0) return 0;
  const mask = <u32>0xffffffff >>> clz(largest);
  let value = next() & mask;
  while (value > largest) value = next() & mask;
  return value;
}

/** A number in [0, 1) with 53 random bits: `RandomState.random`. */
export function random(): f64 {
  const high = next() >>> 5;
  const low = next() >>> 6;
  return (<f64>high * 67108864 + <f64>low) / 9007199254740992;
}

function next(): u32 {
  if (position == N) twist();
  const word = load<u32>(scratch + STATE + (<usize>position << 2));
  position++;
  return temper(word);
}

function twist(): void {
  const state = scratch + STATE;
  // Words are made from later ones, and from the beginning once that is made anew: three stretches without a look back.
  for (let at = state; at < state + ((N - M) << 2); at += 4) store<u32>(at, mix(at, at + 4, at + (M << 2)));
  const last = state + ((N - 1) << 2);
  for (let at = state + ((N - M) << 2); at < last; at += 4) store<u32>(at, mix(at, at + 4, at - ((N - M) << 2)));
  store<u32>(last, mix(last, state, last - ((N - M) << 2)));
  position = 0;
}

// @ts-ignore: decorator
@inline
function mix(at: usize, after: usize, far: usize): u32 {
  const y = (load<u32>(at) & 0x80000000) | (load<u32>(after) & 0x7fffffff);
  return load<u32>(far) ^ (y >>> 1) ^ ((0 - (y & 1)) & 0x9908b0df);
}

// @ts-ignore: decorator
@inline
function temper(word: u32): u32 {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

/**
 * Counts n draws of `randint(n)`. What is too large is counted past the end instead of being branched over, which could not be foreseen.
 * out: `times` u32 (n), added to; one more behind them is overwritten
 */
export function countDraws(n: u32, times: usize): void {
  const largest = n - 1;
  if (largest == 0) {
    store<u32>(times, load<u32>(times) + 1);
    return;
  }
  const mask = <u32>0xffffffff >>> clz(largest);
  const state = scratch + STATE;
  let drawn: u32 = 0;
  let at = position;
  while (drawn < n) {
    if (at == N) {
      twist();
      at = 0;
    }
    // Fewer words than draws are left to do: no draw too many.
    const to = min(N, at + n - drawn);
    for (; at < to; at++) {
      const value = temper(load<u32>(state + (<usize>at << 2))) & mask;
      const counted = times + (<usize>min(value, n) << 2);
      store<u32>(counted, load<u32>(counted) + 1);
      drawn += <u32>(value <= largest);
    }
  }
  position = at;
}
