/** How near one model's answers are to another's. */
export interface Fidelity {
  /** Share of rows with the same label; null for numbers. */
  readonly agreement: number | null
  /** Mean Kullback-Leibler divergence from the teacher's probabilities to the student's, in nats; null for numbers. */
  readonly divergence: number | null
  /** Mean absolute difference of probabilities or values. */
  readonly meanAbsoluteDifference: number
  /** Share of the variance of the teacher's values that the student's explain; null for classes and where they do not vary. */
  readonly r2: number | null
}

/** Keeps the logarithm of 0 finite. */
const EPSILON = 1e-12

/**
 * @param teacher, student Probabilities, shape (nRows * nClasses) row-major, or values, shape (nRows).
 * @param nClasses 0 for numbers.
 */
export function fidelity(teacher: Float64Array, student: Float64Array, nClasses: number): Fidelity {
  let difference = 0
  for (let i = 0; i < teacher.length; i++) difference += Math.abs(teacher[i]! - student[i]!)
  const meanAbsoluteDifference = difference / teacher.length
  if (nClasses === 0)
    return { agreement: null, divergence: null, meanAbsoluteDifference, r2: explained(teacher, student) }
  const nRows = teacher.length / nClasses
  let same = 0
  let divergence = 0
  for (let row = 0; row < nRows; row++) {
    let [best, other] = [0, 0]
    for (let c = 0; c < nClasses; c++) {
      const [p, q] = [teacher[row * nClasses + c]!, student[row * nClasses + c]!]
      if (p > teacher[row * nClasses + best]!) best = c
      if (q > student[row * nClasses + other]!) other = c
      if (p > 0) divergence += p * Math.log(p / Math.max(q, EPSILON))
    }
    if (best === other) same++
  }
  return { agreement: same / nRows, divergence: divergence / nRows, meanAbsoluteDifference, r2: null }
}

function explained(teacher: Float64Array, student: Float64Array): number | null {
  const mean = teacher.reduce((sum, value) => sum + value, 0) / teacher.length
  let left = 0
  let all = 0
  for (let i = 0; i < teacher.length; i++) {
    left += (teacher[i]! - student[i]!) ** 2
    all += (teacher[i]! - mean) ** 2
  }
  return all === 0 ? null : 1 - left / all
}
