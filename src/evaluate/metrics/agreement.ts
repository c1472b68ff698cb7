import { type ClassificationMetric, undefinedScore } from './metric.ts'

/** How often predicted and true labels are the same, plainly and corrected for chance. */

const NO_ROWS = 'there are no rows'

export const accuracy: ClassificationMetric = {
  name: 'accuracy',
  title: 'Accuracy',
  description: 'Share of the rows that were predicted right.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: true,
  needs: 'labels',
  range: [0, 1],
  score: (view) => (view.total > 0 ? { value: view.correct / view.total } : undefinedScore(NO_ROWS)),
}

export const balancedAccuracy: ClassificationMetric = {
  name: 'balanced_accuracy',
  title: 'Balanced accuracy',
  description:
    'Mean over the classes of the share of their rows predicted right, so that a rare class counts as much as a common one.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: true,
  needs: 'labels',
  range: [0, 1],
  score: (view) => {
    const { nClasses } = view.facts
    const { support, confusion } = view
    let sum = 0
    let present = 0
    for (let c = 0; c < nClasses; c++) {
      if (support[c] === 0) continue
      sum += confusion[c * nClasses + c]! / support[c]!
      present++
    }
    return present > 0 ? { value: sum / present } : undefinedScore(NO_ROWS)
  },
}

/** @see Gorodkin (2004), https://doi.org/10.1016/j.compbiolchem.2004.09.006 (more than two classes) */
export const matthewsCorrelation: ClassificationMetric = {
  name: 'mcc',
  title: 'Matthews correlation',
  description: 'Correlation of predicted and true classes: 1 when always right, 0 when no better than chance.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: true,
  needs: 'labels',
  range: [-1, 1],
  score: (view) => {
    const { support, predicted, total, correct } = view
    if (total === 0) return undefinedScore(NO_ROWS)
    const both = dot(support, predicted)
    const spread = (total * total - dot(predicted, predicted)) * (total * total - dot(support, support))
    // One class alone among the truths or the predictions: no correlation, 0 as scikit-learn says.
    return { value: spread === 0 ? 0 : (correct * total - both) / Math.sqrt(spread) }
  },
}

/** @see Cohen (1960), https://doi.org/10.1177/001316446002000104 */
export const cohenKappa: ClassificationMetric = {
  name: 'cohen_kappa',
  title: 'Cohen’s kappa',
  description:
    'Agreement beyond what chance gives with these class sizes: 1 when always right, 0 when no better than chance.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: true,
  needs: 'labels',
  range: [-1, 1],
  score: (view) => {
    const { support, predicted, total, correct } = view
    if (total === 0) return undefinedScore(NO_ROWS)
    // Weight off the diagonal that chance would give; summed there, so that it is exactly 0 for one class alone.
    let expected = 0
    for (let i = 0; i < support.length; i++) {
      for (let j = 0; j < support.length; j++) if (i !== j) expected += (support[i]! * predicted[j]!) / total
    }
    if (expected === 0) return undefinedScore('all rows are of one class and were predicted as it')
    return { value: 1 - (total - correct) / expected }
  },
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
