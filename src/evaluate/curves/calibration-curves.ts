import { quantileSorted, sortedWithoutNaN } from '../../table/quantile.ts'
import type { Target } from '../../table/target.ts'
import { ECE_BINS } from '../metrics/classification-view.ts'
import { confidenceBin } from '../metrics/probability.ts'
import { type CurveOptions, curveSetup } from './curve-options.ts'

export interface CalibrationOptions extends Omit<CurveOptions, 'sampleWeight'> {
  /** Default 10. */
  readonly bins?: number
  /** Bins of one width, or of one number of rows. Default `uniform`. */
  readonly strategy?: 'uniform' | 'quantile'
}

/** Whether probabilities come true; plain JSON. */
export interface Calibration {
  readonly strategy: 'uniform' | 'quantile'
  /** For two classes the positive one, for more each against the rest. */
  readonly curves: readonly CalibrationCurve[]
  /** Of the answers given: how sure they are, and how often right; the bins of the calibration error. */
  readonly confidence: readonly ConfidenceBin[]
}

export interface CalibrationCurve {
  readonly label: string
  /** One per bin that has rows, from low to high. */
  readonly points: readonly CalibrationPoint[]
}

export interface CalibrationPoint {
  /** Mean probability of the class in the bin. */
  readonly predicted: number
  /** Share of the bin's rows that are of the class. */
  readonly observed: number
  readonly count: number
}

export interface ConfidenceBin {
  /** The bin holds `to`, not `from`. */
  readonly from: number
  readonly to: number
  readonly count: number
  /** Null for a bin without rows. */
  readonly meanConfidence: number | null
  readonly accuracy: number | null
}

/**
 * scikit-learn's `calibration_curve` for each class, and the confidence of the answers. Empty where a probability is not
 * a finite number.
 * @param probabilities shape (nRows * nClasses) row-major.
 */
export function calibrationCurves(
  target: Extract<Target, { task: 'classification' }>,
  probabilities: Float64Array,
  options: CalibrationOptions = {},
): Calibration {
  const { bins = 10, strategy = 'uniform' } = options
  const { facts, codes } = curveSetup(target, probabilities, options)
  if (!facts.finite) return { strategy, curves: [], confidence: [] }
  const curves = codes.map((c) => ({
    label: target.classes[c]!,
    points: calibrationPoints(facts.scoresOf(c), facts.membersOf(c), innerEdges(facts.scoresOf(c), bins, strategy)),
  }))
  const counts = new Float64Array(ECE_BINS)
  const sums = new Float64Array(ECE_BINS)
  const right = new Float64Array(ECE_BINS)
  for (let row = 0; row < facts.nRows; row++) {
    const bin = confidenceBin(facts.confidence[row]!)
    counts[bin]!++
    sums[bin]! += facts.confidence[row]!
    if (facts.labels[row] === facts.codes[row]) right[bin]!++
  }
  const confidence = Array.from(counts, (count, bin) => ({
    from: bin / ECE_BINS,
    to: (bin + 1) / ECE_BINS,
    count,
    meanConfidence: count === 0 ? null : sums[bin]! / count,
    accuracy: count === 0 ? null : right[bin]! / count,
  }))
  return { strategy, curves, confidence }
}

/** The edges between the bins, ascending, shape (bins - 1); a bin holds its upper edge. */
function innerEdges(scores: Float64Array, bins: number, strategy: 'uniform' | 'quantile'): Float64Array {
  // i * (1 / bins), as numpy's linspace computes it, so that a score on an edge falls in the same bin.
  const shares = Float64Array.from({ length: bins - 1 }, (_, i) => (i + 1) * (1 / bins))
  if (strategy === 'uniform') return shares
  const sorted = sortedWithoutNaN(scores)
  // Times 100 and back, as numpy's percentile does: the last bit decides on which side a score at an edge falls.
  return shares.map((share) => quantileSorted(sorted, (share * 100) / 100))
}

function calibrationPoints(scores: Float64Array, isPositive: Uint8Array, edges: Float64Array): CalibrationPoint[] {
  const bins = Array.from({ length: edges.length + 1 }, () => ({ sum: 0, positive: 0, count: 0 }))
  for (let row = 0; row < scores.length; row++) {
    const bin = bins[edges.findLastIndex((edge) => edge < scores[row]!) + 1]!
    bin.sum += scores[row]!
    bin.positive += isPositive[row]!
    bin.count++
  }
  return bins
    .filter(({ count }) => count > 0)
    .map(({ sum, positive, count }) => ({ predicted: sum / count, observed: positive / count, count }))
}
