import { countDraws } from "./random";

/** How often each row comes in as many draws as there are rows, or once. out: `times` u32 by row, with room for one more */
export function drawTimes(times: usize, nRows: u32, bootstrap: u32): void {
  if (!bootstrap) {
    for (let row: usize = 0; row < nRows; row++) store<u32>(times + (row << 2), 1);
    return;
  }
  memory.fill(times, 0, <usize>nRows << 2);
  countDraws(nRows, times);
}

/** As `fixedPointScale` of ../../tree/fixed-point.ts. */
export function fixedPointScale(bound: f64, bits: i32): f64 {
  if (!(bound > 0)) return 1;
  const biased = <i32>(reinterpret<u64>(bound) >> 52) & 0x7ff;
  const exponent = biased == 0 ? -1023 : biased - 1023;
  return reinterpret<f64>(<u64>(max(-1000, min(1000, bits - 1 - exponent)) + 1023) << 52);
}

/** A weight as a whole number, at least 1, as `Math.round` gives it. */
export function toFixedPoint(weight: f64, scale: f64): f64 {
  const x = weight * scale;
  const up = ceil(x);
  return max<f64>(1, select<f64>(up, up - 1, up - 0.5 <= x));
}
