import type { EstimatorDefinition } from '../estimator.ts'
import type { Distribution, SearchSpace } from '../search-space.ts'
import { presetFor } from './presets.ts'

/**
 * What a search draws for boosting: of a small table around the preset for those, with its slow learning and random thresholds, else
 * around what LightGBM does. Class weights are not drawn: they bend probabilities, and labels are weighed after the fit (`decision`). The preset is the same for every trial, fold and refit, though folds have fewer rows than the table.
 */
export const searchSpace: EstimatorDefinition['searchSpace'] = ({ nRows }) => {
  const preset = presetFor(nRows)
  return {
    preset: { type: 'choice', values: [preset] },
    ...(preset === 'small-data' ? smallTable(nRows) : largeTable()),
  }
}

function smallTable(nRows: number): SearchSpace {
  return {
    maxIterations: { type: 'int', low: 150, high: 400 },
    learningRate: { type: 'logUniform', low: 0.02, high: 0.08 },
    maxLeaves: { type: 'int', low: 5, high: 24, log: true },
    minSamplesLeaf: leafRows(nRows, 3, 20),
    l2Regularization: { type: 'logUniform', low: 1, high: 20 },
    subsample: { type: 'uniform', low: 0.6, high: 1 },
    featureFraction: { type: 'uniform', low: 0.4, high: 1 },
    extraTrees: { type: 'choice', values: [true, false] },
  }
}

function largeTable(): SearchSpace {
  return {
    maxIterations: { type: 'int', low: 80, high: 250 },
    learningRate: { type: 'logUniform', low: 0.03, high: 0.15 },
    maxLeaves: { type: 'int', low: 4, high: 24, log: true },
    minSamplesLeaf: { type: 'int', low: 5, high: 40, log: true },
    l2Regularization: { type: 'logUniform', low: 0.1, high: 10 },
    subsample: { type: 'uniform', low: 0.7, high: 1 },
    featureFraction: { type: 'uniform', low: 0.3, high: 0.8 },
    extraTrees: { type: 'choice', values: [false, true] },
  }
}

/** A leaf may ask for at most a tenth of the rows, so that tiny tables can be split at all. */
function leafRows(nRows: number, low: number, high: number): Distribution {
  return {
    type: 'int',
    low: Math.max(1, Math.min(low, Math.floor(nRows / 40))),
    high: Math.max(1, Math.min(high, Math.floor(nRows / 10))),
    log: true,
  }
}
