import { exp } from "./exp";
import { PAIRS, scratch } from "./layout";

/**
 * Probabilities of classes from scores, as `softmaxLoss` in ../../boosting has them, two rows at a time.
 * in:  `raw` f64 at class * nRows + row, with room for one number more; up to 1024 classes; rows begin to end - 1, `begin` even
 * out: `probabilities`, as `raw`
 */
export function softmaxProbabilities(raw: usize, nRows: u32, nClasses: u32, begin: u32, end: u32, probabilities: usize): void {
  const perClass = <usize>nRows << 3;
  const powers = scratch + PAIRS;
  const last = powers + (<usize>nClasses << 4);
  for (let row = begin; row < end; row += 2) {
    const at = raw + (<usize>row << 3);
    let largest = f64x2.splat(-Infinity);
    let from = at;
    for (let power = powers; power < last; power += 16) {
      const scores = v128.load(from);
      v128.store(power, scores);
      largest = f64x2.pmax(largest, scores);
      from += perClass;
    }
    let sum = f64x2.splat(0);
    for (let power = powers; power < last; power += 16) {
      const one = exp(f64x2.sub(v128.load(power), largest));
      v128.store(power, one);
      sum = f64x2.add(sum, one);
    }
    let to = probabilities + (<usize>row << 3);
    if (row + 1 < end) {
      for (let power = powers; power < last; power += 16) {
        v128.store(to, f64x2.div(v128.load(power), sum));
        to += perClass;
      }
    } else {
      for (let power = powers; power < last; power += 16) {
        store<f64>(to, load<f64>(power) / f64x2.extract_lane(sum, 0));
        to += perClass;
      }
    }
  }
}

/**
 * Gradients and hessians of one class: p - [y = code] and factor p (1 - p), times the weight.
 * in:  `probabilities` f64 of the class by row, `codes` u8 by row, `weights` f64 by row (0: every weight is 1); rows begin to
 *      end - 1, `begin` even
 * out: `gradients`, `hessians` f64 at those rows, and at one more where their number is odd: there is room for it
 */
export function classGradients(
  probabilities: usize,
  codes: usize,
  weights: usize,
  code: u32,
  factor: f64,
  begin: u32,
  end: u32,
  gradients: usize,
  hessians: usize,
): void {
  const one = f64x2.splat(1);
  const factors = f64x2.splat(factor);
  for (let row = begin; row < end; row += 2) {
    const at = <usize>row << 3;
    const p = v128.load(probabilities + at);
    const first = f64x2.splat(<f64>(<i32>(load<u8>(codes + row) == code)));
    const both = f64x2.replace_lane(first, 1, <f64>(<i32>(load<u8>(codes + row, 1) == code)));
    let gradient = f64x2.sub(p, both);
    let scaled = factors;
    if (weights != 0) {
      const weight = v128.load(weights + at);
      gradient = f64x2.mul(weight, gradient);
      scaled = f64x2.mul(weight, factors);
    }
    v128.store(gradients + at, gradient);
    v128.store(hessians + at, f64x2.mul(f64x2.mul(scaled, p), f64x2.sub(one, p)));
  }
}
