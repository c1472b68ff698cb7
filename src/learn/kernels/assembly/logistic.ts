import { exp } from "./exp";

/**
 * Gradients and hessians of the logistic loss, as `logisticLoss` in ../../boosting has them: p - y and p (1 - p), times the weight.
 * in:  `raw` f64, `codes` u8 (0 or 1), `weights` f64 by row (0: every weight is 1); rows begin to end - 1, `begin` even
 * out: `gradients`, `hessians` f64 at those rows, and at one more where their number is odd: there is room for it
 */
export function logisticGradients(
  raw: usize,
  codes: usize,
  weights: usize,
  begin: u32,
  end: u32,
  gradients: usize,
  hessians: usize,
): void {
  const one = f64x2.splat(1);
  for (let row = begin; row < end; row += 2) {
    const at = <usize>row << 3;
    const p = f64x2.div(one, f64x2.add(one, exp(f64x2.neg(v128.load(raw + at)))));
    const y = f64x2(<f64>load<u8>(codes + row), 0);
    const both = f64x2.replace_lane(y, 1, <f64>load<u8>(codes + row, 1));
    let gradient = f64x2.sub(p, both);
    let hessian = f64x2.mul(p, f64x2.sub(one, p));
    if (weights != 0) {
      const weight = v128.load(weights + at);
      gradient = f64x2.mul(weight, gradient);
      hessian = f64x2.mul(f64x2.mul(weight, p), f64x2.sub(one, p));
    }
    v128.store(gradients + at, gradient);
    v128.store(hessians + at, hessian);
  }
}
