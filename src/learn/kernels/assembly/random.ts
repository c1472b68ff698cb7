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
  let y = load<u32>(scratch + STATE + (<usize>position << 2));
  position++;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

function twist(): void {
  const state = scratch + STATE;
  for (let i: u32 = 0; i < N; i++) {
    const after = i + 1 == N ? 0 : i + 1;
    const far = i + M >= N ? i + M - N : i + M;
    const y = (load<u32>(state + (<usize>i << 2)) & 0x80000000) | (load<u32>(state + (<usize>after << 2)) & 0x7fffffff);
    const mixed = load<u32>(state + (<usize>far << 2)) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    store<u32>(state + (<usize>i << 2), mixed);
  }
  position = 0;
}
