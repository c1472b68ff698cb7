import type { ClassificationView } from './classification-view.ts'
import { type ClassificationMetric, type Score, undefinedScore } from './metric.ts'
import type { RankSummary } from './rank-order.ts'

/**
 * How well the probabilities order the rows, whatever threshold one picks later. With two classes they are about the
 * positive class. With more, each class is taken against the rest and the mean is over the classes that occur (for an
 * absent class neither is defined); scikit-learn refuses or gives NaN there.
 */

export const rocAuc: ClassificationMetric = {
  name: 'roc_auc',
  title: 'ROC AUC',
  description: 'Chance that a row of the positive class gets a higher probability of it than a row of the other.',
  task: 'classification',
  twoClassesOnly: true,
  greaterIsBetter: true,
  needs: 'probabilities',
  range: [0, 1],
  score: (view) => ofClasses(view, 'rocAuc'),
}

export const rocAucOvr: ClassificationMetric = {
  name: 'roc_auc_ovr',
  title: 'ROC AUC (one against the rest)',
  description:
    'Chance that a row of a class gets a higher probability of it than a row of another; mean over the classes.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: true,
  needs: 'probabilities',
  range: [0, 1],
  score: (view) => ofClasses(view, 'rocAuc'),
}

export const averagePrecision: ClassificationMetric = {
  name: 'average_precision',
  title: 'Average precision',
  description:
    'Area under the precision-recall curve, step by step: precision while more and more of a class is found; mean over the classes.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: true,
  needs: 'probabilities',
  range: [0, 1],
  score: (view) => ofClasses(view, 'averagePrecision'),
}

function ofClasses(view: ClassificationView, part: keyof Pick<RankSummary, 'rocAuc' | 'averagePrecision'>): Score {
  const { nClasses, positive, finite } = view.facts
  if (!finite) return undefinedScore('a probability is not a finite number')
  if (nClasses === 2) {
    const value = view.ranking(positive)[part]
    if (!Number.isNaN(value)) return { value }
    return undefinedScore(part === 'rocAuc' ? 'only one class occurs' : 'the positive class does not occur')
  }
  let sum = 0
  let defined = 0
  for (let c = 0; c < nClasses; c++) {
    const value = view.ranking(c)[part]
    if (Number.isNaN(value)) continue
    sum += value
    defined++
  }
  return defined > 0
    ? { value: sum / defined }
    : undefinedScore(part === 'rocAuc' ? 'only one class occurs' : 'there are no rows')
}
