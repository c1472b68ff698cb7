import type { ClassificationView } from './classification-view.ts'
import { type ClassificationMetric, type Score, undefinedScore } from './metric.ts'

/**
 * Precision, recall and F1, of the positive class and averaged, as scikit-learn with `zero_division=0`:
 *   precision = TP / (TP + FP)   recall = TP / (TP + FN)   F1 = 2TP / (2TP + FP + FN)
 * A quotient 0/0 is 0. Macro averages run over the classes that occur among the truths or the predictions.
 */
export interface ClassScores {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Weight of the rows of the class. */
  readonly support: number
  /** Whether a row is of the class or was predicted as it. */
  readonly present: boolean
}

type Part = 'precision' | 'recall' | 'f1'

/** Precision, recall and F1 of one class against the rest. */
export function classScores(view: ClassificationView, c: number): ClassScores {
  const { nClasses } = view.facts
  const { confusion } = view
  const hits = confusion[c * nClasses + c]!
  let support = 0
  let predicted = 0
  for (let other = 0; other < nClasses; other++) {
    support += confusion[c * nClasses + other]!
    predicted += confusion[other * nClasses + c]!
  }
  return {
    precision: share(hits, predicted),
    recall: share(hits, support),
    f1: share(2 * hits, support + predicted),
    support,
    present: support + predicted > 0,
  }
}

const PARTS: Record<Part, { title: string; macro: string; positive: string }> = {
  precision: {
    title: 'Precision',
    macro: 'Of the rows predicted as a class, the share that is of it; mean over the classes.',
    positive: 'Of the rows predicted as the positive class, the share that is of it.',
  },
  recall: {
    title: 'Recall',
    macro: 'Of the rows of a class, the share that was found; mean over the classes.',
    positive: 'Of the rows of the positive class, the share that was found.',
  },
  f1: {
    title: 'F1',
    macro:
      'Harmonic mean of precision and recall of each class; mean over the classes, so that a rare class counts as much as a common one.',
    positive: 'Harmonic mean of precision and recall of the positive class.',
  },
}

export const f1Macro = averaged('f1', 'macro', PARTS.f1.macro)
export const f1Weighted = averaged('f1', 'weighted', 'Mean over the classes of their F1, weighted by their rows.')
export const f1Micro = averaged(
  'f1',
  'micro',
  'F1 over all decisions together; with one class per row it equals accuracy.',
)
export const precisionMacro = averaged('precision', 'macro', PARTS.precision.macro)
export const recallMacro = averaged('recall', 'macro', PARTS.recall.macro)
export const f1 = ofPositiveClass('f1')
export const precision = ofPositiveClass('precision')
export const recall = ofPositiveClass('recall')

function averaged(part: Part, average: 'macro' | 'weighted' | 'micro', description: string): ClassificationMetric {
  return {
    name: `${part}_${average}`,
    title: `${PARTS[part].title} (${average})`,
    description,
    task: 'classification',
    twoClassesOnly: false,
    greaterIsBetter: true,
    needs: 'labels',
    range: [0, 1],
    score: (view) => {
      if (view.total === 0) return undefinedScore('there are no rows')
      if (average === 'micro') return { value: view.correct / view.total }
      return { value: average === 'macro' ? macro(view, part) : weighted(view, part) }
    },
  }
}

function macro(view: ClassificationView, part: Part): number {
  let sum = 0
  let present = 0
  for (let c = 0; c < view.facts.nClasses; c++) {
    const scores = classScores(view, c)
    if (!scores.present) continue
    sum += scores[part]
    present++
  }
  return sum / present
}

function weighted(view: ClassificationView, part: Part): number {
  let sum = 0
  let support = 0
  for (let c = 0; c < view.facts.nClasses; c++) {
    const scores = classScores(view, c)
    sum += scores[part] * scores.support
    support += scores.support
  }
  return sum / support
}

function ofPositiveClass(part: Part): ClassificationMetric {
  return {
    name: part,
    title: PARTS[part].title,
    description: PARTS[part].positive,
    task: 'classification',
    twoClassesOnly: true,
    greaterIsBetter: true,
    needs: 'labels',
    range: [0, 1],
    score: (view): Score => {
      if (view.total === 0) return undefinedScore('there are no rows')
      return { value: classScores(view, view.facts.positive)[part] }
    },
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
