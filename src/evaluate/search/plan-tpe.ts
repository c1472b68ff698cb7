import { BellwetherError } from '../../errors.ts'
import type { SearchSpace } from '../../learn/search-space.ts'
import { deriveSeed, RandomState } from '../../table/random.ts'
import type { Params, ParamValue } from './params.ts'
import { type ParzenEstimator, parzenEstimator } from './parzen.ts'
import { sampleTrials } from './sample-trials.ts'
import { interleave, type SearchFamily, type SearchPlan } from './search-plan.ts'
import type { PlannedTrial, TrialResult } from './trial-result.ts'

export interface TpeOptions {
  /** Trials of each family, at most (`sampleTrials`). */
  readonly nTrials: number
  readonly seed: number
  /** Trials of each family that are drawn before the first suggestion; those of a randomised search. */
  readonly startup: number
  /** Trials of each family that are suggested at a time, from the results of those before. */
  readonly batch: number
  /** Values that are drawn for each option of each suggestion. */
  readonly candidates: number
  readonly scoring: { readonly name: string; readonly greaterIsBetter: boolean }
}

/** Trials that a model learns what is good from, at most. */
const MOST_GOOD_TRIALS = 25
const GOOD_SHARE = 0.15

/**
 * Search by tree-structured Parzen estimators. Of a family's trials so far the best are the good ones. For each option of its
 * own, values are drawn from the estimator l of the good trials' values, and the one is taken whose likelihood ratio l/g
 * against the others' estimator g is largest: that is where the expected improvement is.
 *
 * A suggestion depends on the trials of the batches before and on its number alone, so the plan is the same whatever the
 * concurrency. Suggestions of one batch count each other among the trials that are not good, which keeps them apart
 * ("constant liar"). A failed trial is not good either. Nothing is tried twice while there is something else to try.
 * @see Bergstra, Bardenet, Bengio and Kégl (2011), Algorithms for hyper-parameter optimization, NeurIPS 24
 * @see Ginsbourger, Le Riche and Carraro (2010), Kriging is well-suited to parallelize optimization, for the liar
 */
export function planTpe(families: readonly SearchFamily[], options: TpeOptions): SearchPlan {
  const { startup, batch, candidates } = options
  for (const [name, value] of Object.entries({ startup, batch, candidates })) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new BellwetherError('INTERNAL', `${name} of a search by TPE is a whole number, 1 or more, not ${value}.`)
  }
  const drawn = families.map(({ space, defaults }) => sampleTrials(space, options.nTrials, options.seed, defaults))
  return {
    nTrials: drawn.reduce((sum, { length }) => sum + length, 0),
    *batches() {
      const ended = families.map((): TrialResult[] => [])
      const longest = Math.max(...drawn.map(({ length }) => length))
      for (let from = 0, to = startup; from < longest; from = to, to += batch) {
        const planned = families.map((family, i) => {
          const own = drawn[i]!
          const end = Math.min(to, own.length)
          if (from === 0) return own.slice(0, end).map((params, index) => trialOf(family, index, params))
          return suggest(family, own, ended[i]!, from, end, options)
        })
        const results = yield interleave(planned)
        for (const [i, { estimator }] of families.entries())
          ended[i]!.push(...results.filter((result) => result.estimator === estimator))
      }
    },
  }
}

function trialOf({ estimator }: SearchFamily, index: number, params: Params): PlannedTrial {
  return { estimator, index, params }
}

/** Trials `from` to `end` of a family. */
function suggest(
  family: SearchFamily,
  drawn: readonly Params[],
  ended: readonly TrialResult[],
  from: number,
  end: number,
  { seed, candidates, scoring }: TpeOptions,
): PlannedTrial[] {
  if (from >= end) return []
  const ordered = bestFirst(ended, scoring)
  const nGood = Math.min(MOST_GOOD_TRIALS, Math.ceil(GOOD_SHARE * ended.length))
  const good = ordered.slice(0, nGood)
  const others = ordered.slice(nGood)
  const tried = new Set(ended.map(({ params }) => JSON.stringify(params)))
  const suggestions: PlannedTrial[] = []
  for (let index = from; index < end; index++) {
    const random = new RandomState(deriveSeed(seed, 'tpe', family.estimator, index))
    let params = suggestion(family.space, good, others, candidates, random)
    if (tried.has(JSON.stringify(params))) {
      params = drawn.find((own) => !tried.has(JSON.stringify(own))) ?? params
    }
    tried.add(JSON.stringify(params))
    others.push(params)
    suggestions.push(trialOf(family, index, params))
  }
  return suggestions
}

function suggestion(
  space: SearchSpace,
  good: readonly Params[],
  others: readonly Params[],
  candidates: number,
  random: RandomState,
): Params {
  const names = Object.keys(space).sort()
  const valuesOf = (trials: readonly Params[], name: string) =>
    trials.flatMap((params) => (Object.hasOwn(params, name) ? [params[name]!] : []))
  return Object.fromEntries(
    names.map((name) => {
      const l = parzenEstimator(space[name]!, valuesOf(good, name))
      const g = parzenEstimator(space[name]!, valuesOf(others, name))
      return [name, mostPromising(l, g, candidates, random)]
    }),
  )
}

function mostPromising(l: ParzenEstimator, g: ParzenEstimator, candidates: number, random: RandomState): ParamValue {
  let best = l.sample(random)
  let bestRatio = l.logLikelihood(best) - g.logLikelihood(best)
  for (let i = 1; i < candidates; i++) {
    const value = l.sample(random)
    const ratio = l.logLikelihood(value) - g.logLikelihood(value)
    if (ratio <= bestRatio) continue
    best = value
    bestRatio = ratio
  }
  return best
}

/** What trials tried, best first; equally good ones in their order, those that failed last. */
function bestFirst(trials: readonly TrialResult[], { name, greaterIsBetter }: TpeOptions['scoring']): Params[] {
  const cost = ({ cv }: TrialResult) => {
    const mean = cv?.[name]?.mean ?? Number.NaN
    if (Number.isNaN(mean)) return Number.POSITIVE_INFINITY
    return greaterIsBetter ? -mean : mean
  }
  return trials
    .map((trial) => ({ params: trial.params, cost: cost(trial), index: trial.index }))
    .sort((a, b) => (a.cost === b.cost ? a.index - b.index : a.cost - b.cost))
    .map(({ params }) => params)
}
