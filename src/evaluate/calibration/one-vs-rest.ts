import { type CalibrationRows, rowsOf } from './calibrator.ts'

/** Classes that have a calibrator of their own: each, or of two the second alone, whose probability says it all. */
export function calibratedClasses(nClasses: number): number[] {
  return nClasses === 2 ? [1] : Array.from({ length: nClasses }, (_, c) => c)
}

/** One class against the rest. */
export interface BinaryRows {
  /** Probability of the class, shape (nRows). */
  readonly scores: Float64Array
  /** 1 where the row is of the class, else 0; shape (nRows). */
  readonly truth: Float64Array
  readonly weights: Float64Array
}

export function binaryRows({ codes, nClasses, probabilities, weights }: CalibrationRows, c: number): BinaryRows {
  return {
    scores: Float64Array.from(codes, (_, row) => probabilities[row * nClasses + c]!),
    truth: Float64Array.from(codes, (code) => (code === c ? 1 : 0)),
    weights,
  }
}

/**
 * Calibrates class by class, then divides each row by its sum; a row that is 0 for every class becomes the uniform one, as
 * in scikit-learn. Two classes: the second by its calibrator, the first is what is left to 1.
 * @param calibrate Of each class of `calibratedClasses`: from its probability to the calibrated one, both in [0, 1].
 * @param probabilities shape (nRows * nClasses) row-major
 */
export function applyOneVsRest(
  calibrate: readonly ((probability: number) => number)[],
  probabilities: Float64Array,
  nClasses: number,
): Float64Array {
  const nRows = rowsOf(probabilities, nClasses)
  const result = new Float64Array(probabilities.length)
  for (let row = 0; row < nRows; row++) {
    const from = row * nClasses
    if (nClasses === 2) {
      const positive = calibrate[0]!(probabilities[from + 1]!)
      result[from] = 1 - positive
      result[from + 1] = positive
      continue
    }
    let sum = 0
    for (let c = 0; c < nClasses; c++) {
      const p = calibrate[c]!(probabilities[from + c]!)
      result[from + c] = p
      sum += p
    }
    for (let c = 0; c < nClasses; c++) result[from + c] = sum === 0 ? 1 / nClasses : result[from + c]! / sum
  }
  return result
}
