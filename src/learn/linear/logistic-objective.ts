import { type CompressedColumns, columnSums, linearScores } from './compressed-columns.ts'
import { type Coordinates, hessianCoordinates } from './hessian-coordinates.ts'
import type { RayObjective } from './lbfgs.ts'

export interface LogisticProblem {
  readonly x: CompressedColumns
  /** Class of each row, 0 to nClasses - 1; shape (nRows). */
  readonly codes: Int32Array
  /** shape (nRows), not negative, sum 1 */
  readonly rowWeights: Float64Array
  /** At least 2, each with a row of weight above 0. */
  readonly nClasses: number
  /** Strength of the penalty, lambda below; more than 0. */
  readonly penalty: number
}

/**
 * Mean logistic loss with an L2 penalty; intercepts are not penalised:
 *
 *   f(w) = sum over rows of rowWeight * -ln p(class of the row)  +  lambda / 2 * sum of squared coefficients
 *
 * Two classes have one score, whose sigmoid is the probability of class 1; more have one each and the softmax.
 * Parameters are (nOutputs, nColumns + 1) row-major, an output's last one being its intercept.
 * With lambda = 1 / (C * total weight) it has the minimum of scikit-learn's `C * sum of losses + 1/2 * squares`.
 */
export class LogisticObjective implements RayObjective {
  readonly size: number
  readonly nOutputs: number
  /** The present point in the parameters' own coordinates, shape (size). */
  readonly point: Float64Array
  value: number
  readonly #problem: LogisticProblem
  readonly #coordinates: Coordinates
  readonly #direction: Float64Array
  /** Scores at the present point and their change along the direction, shape (nOutputs, nRows). */
  readonly #scores: Float64Array
  readonly #slopes: Float64Array
  /** Scores and weighted residuals (p, less 1 for the row's class) at the last probe, shape (nOutputs, nRows). */
  readonly #probeScores: Float64Array
  readonly #residuals: Float64Array
  #probeStep = 0
  #probeValue = 0
  /** Of the coefficients without intercepts: squares of the point, its product with the direction, squares of the direction. */
  #squares = 0
  #product = 0
  #directionSquares = 0

  /** @throws CANCELLED */
  constructor(problem: LogisticProblem, signal?: AbortSignal) {
    const { x, nClasses, penalty, rowWeights } = problem
    this.#problem = problem
    this.nOutputs = nClasses === 2 ? 1 : nClasses
    this.size = (x.nColumns + 1) * this.nOutputs
    this.point = new Float64Array(this.size)
    this.#direction = new Float64Array(this.size)
    this.#scores = new Float64Array(x.nRows * this.nOutputs)
    this.#slopes = new Float64Array(x.nRows * this.nOutputs)
    this.#probeScores = new Float64Array(x.nRows * this.nOutputs)
    this.#residuals = new Float64Array(x.nRows * this.nOutputs)
    const shares = new Float64Array(nClasses)
    for (let row = 0; row < x.nRows; row++) shares[problem.codes[row]!]! += rowWeights[row]!
    this.#startAtPriors(shares)
    // At the start the Hessian is (diag(p) - p p') over classes times X' W X over columns. For the softmax its first part is
    // taken as 1 / nClasses, which treats classes alike, so that their parameters go on summing to 0.
    const curvature = nClasses === 2 ? shares[0]! * shares[1]! : 1 / nClasses
    this.#coordinates = hessianCoordinates(x, rowWeights, curvature, penalty, signal)
    for (let k = 0; k < this.nOutputs; k++) linearScores(x, this.#ofOutput(this.point, k), this.#plane(this.#scores, k))
    this.value = this.probe(0).value
    this.accept()
  }

  gradient(out: Float64Array): number {
    const { x, penalty } = this.#problem
    let largest = 0
    for (let k = 0; k < this.nOutputs; k++) {
      const own = this.#ofOutput(out, k)
      const point = this.#ofOutput(this.point, k)
      columnSums(x, this.#plane(this.#residuals, k), own)
      for (let j = 0; j < x.nColumns; j++) own[j]! += penalty * point[j]!
      for (let j = 0; j < own.length; j++) largest = Math.max(largest, Math.abs(own[j]!))
      this.#coordinates.gradientInto(own)
    }
    return largest
  }

  aim(direction: Float64Array): void {
    const { x } = this.#problem
    this.#direction.set(direction)
    this.#product = 0
    this.#directionSquares = 0
    for (let k = 0; k < this.nOutputs; k++) {
      const own = this.#ofOutput(this.#direction, k)
      const point = this.#ofOutput(this.point, k)
      this.#coordinates.directionOutOf(own)
      linearScores(x, own, this.#plane(this.#slopes, k))
      for (let j = 0; j < x.nColumns; j++) {
        this.#product += point[j]! * own[j]!
        this.#directionSquares += own[j]! * own[j]!
      }
    }
  }

  probe(step: number): { value: number; slope: number } {
    const { penalty } = this.#problem
    const { value, slope } = this.nOutputs === 1 ? this.#probeTwo(step) : this.#probeMany(step)
    this.#probeStep = step
    const squares = this.#squares + step * (2 * this.#product + step * this.#directionSquares)
    this.#probeValue = value + 0.5 * penalty * squares
    return { value: this.#probeValue, slope: slope + penalty * (this.#product + step * this.#directionSquares) }
  }

  accept(): void {
    for (let i = 0; i < this.size; i++) this.point[i]! += this.#probeStep * this.#direction[i]!
    this.#scores.set(this.#probeScores)
    this.value = this.#probeValue
    this.#squares = 0
    for (let k = 0; k < this.nOutputs; k++) {
      const own = this.#ofOutput(this.point, k)
      for (let j = 0; j < own.length - 1; j++) this.#squares += own[j]! * own[j]!
    }
  }

  /** One output's parameters, a view of shape (nColumns + 1). */
  #ofOutput(parameters: Float64Array, output: number): Float64Array {
    const width = this.#problem.x.nColumns + 1
    return parameters.subarray(output * width, (output + 1) * width)
  }

  /** One output's scores or residuals, a view of shape (nRows). */
  #plane(scores: Float64Array, output: number): Float64Array {
    const { nRows } = this.#problem.x
    return scores.subarray(output * nRows, (output + 1) * nRows)
  }

  /** Coefficients 0 and intercepts at the log of the classes' shares: the best point without columns. */
  #startAtPriors(shares: Float64Array): void {
    const { nColumns } = this.#problem.x
    if (this.nOutputs === 1) {
      this.point[nColumns] = Math.log(shares[1]! / shares[0]!)
      return
    }
    let mean = 0
    for (const share of shares) mean += Math.log(share) / shares.length
    for (let k = 0; k < shares.length; k++) this.#ofOutput(this.point, k)[nColumns] = Math.log(shares[k]!) - mean
  }

  #probeTwo(step: number): { value: number; slope: number } {
    const { codes, rowWeights } = this.#problem
    let value = 0
    let slope = 0
    for (let row = 0; row < codes.length; row++) {
      const score = this.#scores[row]! + step * this.#slopes[row]!
      const weight = rowWeights[row]!
      // ln(1 + e^score) without overflow; small = e^-|score|.
      const small = Math.exp(-Math.abs(score))
      const probability = score >= 0 ? 1 / (1 + small) : small / (1 + small)
      const residual = weight * (probability - codes[row]!)
      value += weight * (Math.log1p(small) + Math.max(score, 0) - codes[row]! * score)
      slope += residual * this.#slopes[row]!
      this.#probeScores[row] = score
      this.#residuals[row] = residual
    }
    return { value, slope }
  }

  #probeMany(step: number): { value: number; slope: number } {
    const { codes, rowWeights } = this.#problem
    const scores = this.#probeScores
    const slopes = this.#slopes
    const residuals = this.#residuals
    const nRows = codes.length
    for (let i = 0; i < scores.length; i++) scores[i] = this.#scores[i]! + step * slopes[i]!
    let value = 0
    let slope = 0
    for (let row = 0; row < nRows; row++) {
      let highest = Number.NEGATIVE_INFINITY
      for (let at = row; at < scores.length; at += nRows) if (scores[at]! > highest) highest = scores[at]!
      let sum = 0
      for (let at = row; at < scores.length; at += nRows) {
        const power = Math.exp(scores[at]! - highest)
        residuals[at] = power
        sum += power
      }
      const weight = rowWeights[row]!
      const own = row + codes[row]! * nRows
      value += weight * (Math.log(sum) + highest - scores[own]!)
      for (let at = row; at < scores.length; at += nRows) {
        const residual = weight * (residuals[at]! / sum - (at === own ? 1 : 0))
        residuals[at] = residual
        slope += residual * slopes[at]!
      }
    }
    return { value, slope }
  }
}
