import { BellwetherError } from '../../errors.ts'
import { sampleTrials } from './sample-trials.ts'
import { interleave, type SearchFamily, type SearchPlan } from './search-plan.ts'
import type { PlannedTrial, TrialResult, TrialRung } from './trial-result.ts'

export interface HalvingOptions {
  /** Candidates of each family in the first rung, at most (`sampleTrials`). */
  readonly nTrials: number
  readonly seed: number
  /** One in so many candidates goes on, with so many times as much to spend. */
  readonly factor: number
  /** What candidates are given more of: training rows; or rounds and trees, where an estimator has them (rows where not). */
  readonly resource: 'rows' | 'rounds'
  /** Rows of the training part. */
  readonly nRows: number
  /** Fewest rows of a rung: scikit-learn's `smallest` is folds x 2 x classes. */
  readonly minRows: number
  readonly scoring: { readonly name: string; readonly greaterIsBetter: boolean }
}

/**
 * Successive halving as scikit-learn's `HalvingRandomSearchCV(n_candidates=n, min_resources='exhaust')` without aggressive
 * elimination: of n candidates the ⌈n / factor⌉ best of a rung go on to the next, which gives `factor` times as much. There
 * are 1 + ⌊log n⌋ rungs (base `factor`), or fewer where the first would have less than the least; all candidates are in the
 * first one. Each family halves by itself. Rungs are counted from the last one back, and the last one always has all there is
 * to give, so that families meet there on equal terms; one with fewer candidates joins later.
 *
 * Within a rung the best of the rung before come first: where a search ends early, what it has looked at is the most promising.
 * @throws INTERNAL for a factor below 2
 * @see Jamieson and Talwalkar (2016), Non-stochastic best arm identification, https://arxiv.org/abs/1502.07943
 */
export function planHalving(families: readonly SearchFamily[], options: HalvingOptions): SearchPlan {
  const { factor } = options
  if (!Number.isInteger(factor) || factor < 2) {
    throw new BellwetherError('INTERNAL', `The factor of halving is a whole number, 2 or more, not ${factor}.`)
  }
  const brackets = families.map((family) => bracketOf(family, options))
  const nRungs = brackets.reduce((most, { sizes }) => Math.max(most, sizes.length), 0)
  return {
    nTrials: brackets.reduce((sum, { sizes }) => sum + sizes.reduce((own, size) => own + size, 0), 0),
    *batches() {
      let going = brackets.map(({ candidates }) => candidates)
      for (let rung = 0; rung < nRungs; rung++) {
        const batch = interleave(
          brackets.map((bracket, i) => {
            if (rung < nRungs - bracket.sizes.length) return []
            return going[i]!.map((candidate) => atRung(candidate, bracket, rung, nRungs, factor))
          }),
        )
        const results = yield batch
        going = brackets.map((bracket, i) => {
          if (rung < nRungs - bracket.sizes.length) return going[i]!
          const own = results.filter(({ estimator }) => estimator === bracket.family.estimator)
          const kept = bestOf(own, Math.ceil(own.length / factor), options.scoring)
          return kept.map(({ index }) => bracket.candidates.find((candidate) => candidate.index === index)!)
        })
      }
    },
  }
}

interface Bracket {
  readonly family: SearchFamily
  readonly candidates: readonly PlannedTrial[]
  /** Candidates of each of its rungs; the last one is the search's last. */
  readonly sizes: readonly number[]
  readonly resource: string
  readonly max: number
}

function bracketOf(family: SearchFamily, { nTrials, seed, factor, resource, nRows, minRows }: HalvingOptions): Bracket {
  const { estimator, rounds } = family
  const spent = resource === 'rounds' ? rounds : undefined
  const space = { ...family.space }
  // What is spent is not drawn.
  if (spent) delete space[spent.option]
  const drawn = sampleTrials(space, nTrials, seed, family.defaults)
  const max = spent ? spent.max : nRows
  const least = spent ? 1 : Math.min(minRows, nRows)
  const sizes = [drawn.length]
  for (let given = max; sizes.at(-1)! >= factor && Math.floor(given / factor) >= least; given /= factor) {
    sizes.push(Math.ceil(sizes.at(-1)! / factor))
  }
  // A size shrinks by the factor rounded up, so it may stay at or above it for longer than log n says.
  const nRungs = Math.min(sizes.length, 1 + wholeLog(drawn.length, factor))
  return {
    family,
    candidates: drawn.map((params, index) => ({ estimator, index, params })),
    sizes: sizes.slice(0, nRungs),
    resource: spent ? spent.option : 'rows',
    max,
  }
}

/** ⌊log n⌋ to a whole base, without the rounding of logarithms. */
function wholeLog(n: number, base: number): number {
  let log = 0
  for (let power = base; power <= n; power *= base) log++
  return log
}

function atRung(
  candidate: PlannedTrial,
  { resource, max, family }: Bracket,
  rung: number,
  nRungs: number,
  factor: number,
): PlannedTrial {
  const amount = Math.floor(max / factor ** (nRungs - 1 - rung))
  const where: TrialRung = { rung, nRungs, resource, amount, max }
  if (resource !== family.rounds?.option) return { ...candidate, rung: where }
  return { ...candidate, params: { ...candidate.params, [resource]: amount }, rung: where }
}

/** The `n` best, best first; equally good ones in their order, those that failed last. */
function bestOf(
  results: readonly TrialResult[],
  n: number,
  { name, greaterIsBetter }: HalvingOptions['scoring'],
): TrialResult[] {
  const sign = greaterIsBetter ? 1 : -1
  const value = ({ cv }: TrialResult) => {
    const mean = cv?.[name]?.mean ?? Number.NaN
    return Number.isNaN(mean) ? null : sign * mean
  }
  return [...results]
    .sort((a, b) => {
      const [ofA, ofB] = [value(a), value(b)]
      if (ofA === ofB) return a.index - b.index
      if (ofA === null) return 1
      if (ofB === null) return -1
      return ofB - ofA
    })
    .slice(0, n)
}
