import { BellwetherError } from '../errors.ts'
import type { FittedFeatures } from '../features/fitted-features.ts'
import { contrastRows } from '../learn/contrast.ts'
import type { FittedPipeline, PipelineExplanation } from '../learn/fitted-pipeline.ts'
import { RowTerms, type TermContribution } from '../learn/row-terms.ts'
import type { AnyMatrix } from '../table/sparse-matrix.ts'
import { selectRows, type Table } from '../table/table.ts'
import type { FittedCalibrator } from './calibration/calibrator.ts'
import type { TemperatureCalibrator } from './calibration/temperature.ts'
import { temperedExplanation } from './calibration/tempered-explanation.ts'

/** Why an answer is what it is: `base + sum of contributions = score`, within 1e-9. */
export interface AnswerExplanation extends PipelineExplanation {
  /** Whether the score is what the calibrator is given rather than what it says: so for blends, whose answer it bends. */
  readonly beforeCalibration: boolean
  /** How many made-up background rows the contributions compare with; null where the model says it by itself. */
  readonly backgroundRows: number | null
}

interface Parts {
  readonly members: readonly FittedPipeline[]
  readonly weights: Float64Array
  readonly calibrator: FittedCalibrator | null
  readonly background: Table | null
}

/** Whether one model's own explanation does not do: blends need rows to compare with. */
export function needsBackground(members: readonly FittedPipeline[]): boolean {
  return members.length > 1
}

/**
 * - One model: its own explanation, exact TreeSHAP or linear SHAP; log-odds are multiplied by the inverse temperature where that
 *   calibrates them. Under another calibrator the score is the one before calibration.
 * - A blend: interventional SHAP on the background rows, in the value or in the probability before calibration. For each background row
 *   the members' exact Shapley values of their scores are carried through softmax along the straight way from the background's scores to
 *   the row's (Aumann-Shapley), then blended and averaged over the background.
 * @throws INTERNAL for a row that is not there, or a blend without background
 * @see Chen, Lundberg and Lee (2022), Explaining a series of models by propagating Shapley values,
 *   https://doi.org/10.1038/s41467-022-31384-3
 */
export function answerExplainer(parts: Parts): (table: Table, row: number, output: number) => AnswerExplanation {
  const { members, calibrator, background } = parts
  const references = new Map<FittedFeatures, AnyMatrix>()
  return (table, row, output) => {
    if (!Number.isInteger(row) || row < 0 || row >= table.nRows) {
      throw new BellwetherError('INTERNAL', `There is no row ${row}; the table has ${table.nRows}.`)
    }
    const one = table.nRows === 1 ? table : selectRows(table, Uint32Array.of(row))
    if (members.length === 1) return explainAlone(members[0]!, calibrator, one, output)
    if (!background) throw new BellwetherError('INTERNAL', 'A blend expects background rows to be explained with.')
    return explainBlend(parts, background, references, one, output)
  }
}

function explainAlone(
  member: FittedPipeline,
  calibrator: FittedCalibrator | null,
  one: Table,
  output: number,
): AnswerExplanation {
  const own = member.explain(one, 0, output)
  const as = { backgroundRows: null }
  if (!calibrator) return { ...own, ...as, beforeCalibration: false }
  if (calibrator.method !== 'temperature' || own.space !== 'log-odds') return { ...own, ...as, beforeCalibration: true }
  const { base, score, contributions } = temperedExplanation(
    { ...own, contributions: Float64Array.from(own.contributions, ({ contribution }) => contribution) },
    calibrator as TemperatureCalibrator,
  )
  return {
    space: own.space,
    base,
    score,
    contributions: own.contributions.map(({ feature, terms }, i) => ({
      feature,
      contribution: contributions[i]!,
      ...(terms ? { terms: temperedTerms(terms, calibrator as TemperatureCalibrator) } : {}),
    })),
    ...as,
    beforeCalibration: false,
  }
}

function temperedTerms(terms: readonly TermContribution[], { inverseTemperature }: TemperatureCalibrator) {
  return terms.map(({ term, contribution }) => ({ term, contribution: inverseTemperature * contribution }))
}

function explainBlend(
  { members, weights, calibrator }: Parts,
  background: Table,
  references: Map<FittedFeatures, AnyMatrix>,
  one: Table,
  output: number,
): AnswerExplanation {
  const matrices = new Map<FittedFeatures, AnyMatrix>()
  /** Every column that a member reads is listed, moved or not. */
  const sums = new Map<string, number>()
  for (const { features } of members) for (const source of features.sources) if (!sums.has(source)) sums.set(source, 0)
  const terms = new RowTerms()
  const nRows = background.nRows
  let base = 0
  let score = 0
  for (const [m, { features, model }] of members.entries()) {
    const x = kept(matrices, features, () => features.transform(one))
    const reference = kept(references, features, () => features.transform(background))
    const width = Math.max(1, model.nClasses)
    const weight = weights[m]!
    const answer = model.predict(x)[output]!
    const answers = model.predict(reference)
    score += weight * answer
    for (let other = 0; other < nRows; other++) {
      const from = answers[other * width + output]!
      base += (weight * from) / nRows
      const contrast = contrastRows(model, x, 0, reference, other)
      const carried = carriedContributions(contrast, output, answer - from).map((value) => (weight * value) / nRows)
      for (let j = 0; j < carried.length; j++) {
        const feature = features.sources[contrast.columns ? contrast.columns[j]! : j]!
        sums.set(feature, (sums.get(feature) ?? 0) + carried[j]!)
      }
      terms.add(features, one, x, carried, contrast.columns)
    }
  }
  return {
    space: members[0]!.target.task === 'regression' ? 'value' : 'probability',
    base,
    score,
    contributions: Array.from(sums, ([feature, contribution]) => ({
      feature,
      contribution,
      ...terms.strongest(feature),
    })),
    beforeCalibration: calibrator !== null,
    backgroundRows: nRows,
  }
}

/**
 * Contributions to the probability (or value) of one output, from contributions to all scores.
 * @param difference What they must sum to: the answer less the background row's. What rounding and quadrature leave is shared out in
 *   proportion to the contributions' size.
 * @returns shape (nColumns)
 */
function carriedContributions(
  { space, scores, background, contributions }: ReturnType<typeof contrastRows>,
  output: number,
  difference: number,
): Float64Array {
  const nScores = scores.length
  const nColumns = contributions.length / nScores
  const factors = new Float64Array(nScores)
  if (space === 'log-value') {
    // The mean slope of e^s between two scores is the step of the value over that of the score.
    const step = scores[output]! - background[output]!
    factors[output] = step === 0 ? Math.exp(scores[output]!) : difference / step
  } else if (space !== 'log-odds') factors[output] = 1
  else meanSlopes(scores, background, output, factors)
  const carried = new Float64Array(nColumns)
  let sum = 0
  let size = 0
  for (let k = 0; k < nScores; k++) {
    if (factors[k] === 0) continue
    for (let j = 0; j < nColumns; j++) carried[j]! += factors[k]! * contributions[k * nColumns + j]!
  }
  for (const value of carried) {
    sum += value
    size += Math.abs(value)
  }
  if (size > 0) for (let j = 0; j < nColumns; j++) carried[j]! += ((difference - sum) * Math.abs(carried[j]!)) / size
  return carried
}

/** Nodes and weights of Gauss and Legendre's rule of 8 points on [0, 1]. */
const NODES = [0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363]
const NODE_WEIGHTS = [0.362683783378362, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763]
/** Pieces of the way, each with 8 points. */
const PIECES = 4

/**
 * Mean slope of a class's probability in each score along the straight way between two rows' scores:
 *   ∫₀¹ ∂ softmax(s(t))[output] / ∂s[k] dt,  softmax(s)[c] (δ - softmax(s)[k])
 * Two classes' log-odds are each other's negative: only the one asked for counts, through the sigmoid.
 */
function meanSlopes(to: Float64Array, from: Float64Array, output: number, factors: Float64Array): void {
  const n = to.length
  const shares = new Float64Array(n)
  const at = (t: number, weight: number): void => {
    if (n === 2) {
      const p = 1 / (1 + Math.exp(-(from[output]! + t * (to[output]! - from[output]!))))
      factors[output]! += weight * p * (1 - p)
      return
    }
    let highest = Number.NEGATIVE_INFINITY
    for (let k = 0; k < n; k++) {
      shares[k] = from[k]! + t * (to[k]! - from[k]!)
      highest = Math.max(highest, shares[k]!)
    }
    let sum = 0
    for (let k = 0; k < n; k++) {
      shares[k] = Math.exp(shares[k]! - highest)
      sum += shares[k]!
    }
    const own = shares[output]! / sum
    for (let k = 0; k < n; k++) factors[k]! += weight * own * ((k === output ? 1 : 0) - shares[k]! / sum)
  }
  for (let piece = 0; piece < PIECES; piece++) {
    for (const [i, node] of NODES.entries()) {
      const weight = NODE_WEIGHTS[i]! / 2 / PIECES
      at((piece + (1 + node) / 2) / PIECES, weight)
      at((piece + (1 - node) / 2) / PIECES, weight)
    }
  }
}

function kept(matrices: Map<FittedFeatures, AnyMatrix>, features: FittedFeatures, make: () => AnyMatrix): AnyMatrix {
  const known = matrices.get(features)
  if (known) return known
  const made = make()
  matrices.set(features, made)
  return made
}
