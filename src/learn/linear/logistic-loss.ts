/** The mean logistic loss at given scores, and what its derivatives need. Reused from point to point. */
export interface LogisticLoss {
  /** sum over rows of rowWeight * -ln p(class of the row) */
  value: number
  /** Of each output for each row; of class 1 where there is one output. */
  readonly probabilities: readonly Float64Array[]
  /** rowWeight * (p less 1 for the row's class); of each output, shape (nRows) each. */
  readonly residuals: readonly Float64Array[]
}

export function makeLogisticLoss(nOutputs: number, nRows: number): LogisticLoss {
  const planes = () => Array.from({ length: nOutputs }, () => new Float64Array(nRows))
  return { value: 0, probabilities: planes(), residuals: planes() }
}

/**
 * @param scores Of each output, shape (nRows) each; one output has the sigmoid, several have the softmax.
 * @param codes Class of each row, shape (nRows).
 * out: `loss`, written over
 */
export function logisticLoss(
  scores: readonly Float64Array[],
  codes: Int32Array,
  rowWeights: Float64Array,
  loss: LogisticLoss,
): void {
  loss.value =
    scores.length === 1 ? ofTwoClasses(scores[0]!, codes, rowWeights, loss) : ofMany(scores, codes, rowWeights, loss)
}

function ofTwoClasses(scores: Float64Array, codes: Int32Array, rowWeights: Float64Array, loss: LogisticLoss): number {
  const [probabilities, residuals] = [loss.probabilities[0]!, loss.residuals[0]!]
  let value = 0
  for (let row = 0; row < codes.length; row++) {
    const score = scores[row]!
    // ln(1 + e^score) without overflow; small = e^-|score|.
    const small = Math.exp(-Math.abs(score))
    const probability = score >= 0 ? 1 / (1 + small) : small / (1 + small)
    probabilities[row] = probability
    residuals[row] = rowWeights[row]! * (probability - codes[row]!)
    value += rowWeights[row]! * (Math.log1p(small) + Math.max(score, 0) - codes[row]! * score)
  }
  return value
}

function ofMany(
  scores: readonly Float64Array[],
  codes: Int32Array,
  rowWeights: Float64Array,
  { probabilities, residuals }: LogisticLoss,
): number {
  let value = 0
  for (let row = 0; row < codes.length; row++) {
    let highest = Number.NEGATIVE_INFINITY
    for (const own of scores) if (own[row]! > highest) highest = own[row]!
    let sum = 0
    for (let k = 0; k < scores.length; k++) {
      const power = Math.exp(scores[k]![row]! - highest)
      probabilities[k]![row] = power
      sum += power
    }
    const weight = rowWeights[row]!
    const code = codes[row]!
    value += weight * (Math.log(sum) + highest - scores[code]![row]!)
    for (let k = 0; k < scores.length; k++) {
      const probability = probabilities[k]![row]! / sum
      probabilities[k]![row] = probability
      residuals[k]![row] = weight * (probability - (k === code ? 1 : 0))
    }
  }
  return value
}
