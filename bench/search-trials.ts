import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sampleTrials } from '../src/evaluate/search/sample-trials.ts'
import { parseProject } from '../src/pipeline/load-project.ts'
import { familyOf } from '../src/pipeline/search-families.ts'

/** The project of the search's bench: numbers as they are, and the distributions of both sides. */
export const SEARCH_PROJECT = fileURLToPath(new URL('projects/academic-risk-search', import.meta.url))

type Value = string | number | boolean | null

/** Options of each trial by kind of model, in one side's words. */
export type Trials = Readonly<Record<string, readonly Readonly<Record<string, Value>>[]>>

/** scikit-learn's word for each option that is drawn; null for what has one value here and no counterpart there. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  'random-forest': {
    classWeight: 'class_weight',
    extraTrees: null,
    maxFeatures: 'max_features',
    minSamplesLeaf: 'min_samples_leaf',
    nEstimators: 'n_estimators',
  },
  'gradient-boosting': {
    extraTrees: null,
    featureFraction: null,
    featureFractionByNode: 'max_features',
    l2Regularization: null,
    learningRate: 'learning_rate',
    maxDepth: 'max_depth',
    maxIterations: 'n_estimators',
    maxLeaves: null,
    minSamplesLeaf: 'min_samples_leaf',
    preset: null,
    subsample: 'subsample',
  },
}

/** What a run of the project tries: its search draws before it begins, so that this is known beforehand. */
export function searchTrials(nTrials: number): Trials {
  const options = parseProject(readFileSync(`${SEARCH_PROJECT}/bellwether.yaml`, 'utf8'))
  const { seed, spaces } = options.search
  // Every option is declared, so that the size of the table decides none of them.
  const facts = { nRows: 1, nColumns: 1, task: 'classification' } as const
  return Object.fromEntries(
    options.models!.map((name) => {
      const { space, defaults } = familyOf(name, facts, spaces)
      return [name, sampleTrials(space, nTrials, seed, defaults)]
    }),
  )
}

/** The same trials in scikit-learn's words. */
export function inSklearnWords(trials: Trials): Trials {
  return Object.fromEntries(
    Object.entries(trials).map(([name, all]) => [
      name,
      all.map((params) =>
        Object.fromEntries(
          Object.entries(params).flatMap(([option, value]): [string, Value][] => {
            const word = WORDS[name]?.[option]
            if (word === undefined) throw new Error(`scikit-learn's word for ${name}'s ${option} is not known.`)
            return word === null ? [] : [[word, value]]
          }),
        ),
      ),
    ]),
  )
}
