import { BellwetherError } from '../../errors.ts'
import type { Distribution, SearchSpace } from '../../learn/search-space.ts'
import { RandomState } from '../../table/random.ts'
import type { Params, ParamValue } from './params.ts'

/** Larger grids than numpy can draw one number from; repeats in them are unheard of. */
const LARGEST_GRID = 2 ** 32

/**
 * What each trial of a search tries. Trial 0 is `defaults`, the estimator's own: a search should never end worse than no
 * search. The rest are the very draws of scikit-learn's `ParameterSampler(space, n_iter=n - 1, random_state=seed)`:
 * options in the order of their names, each drawn from its distribution; a space of choices alone is drawn without
 * replacement, and gives no more trials than it has points (here without the point that trial 0 tried already).
 * An empty space has one trial.
 * @param defaults Values of the space's options that trial 0 has; options left out have the estimator's default. null: every trial is drawn.
 * @throws SEARCH_SPACE_INVALID
 */
export function sampleTrials(space: SearchSpace, n: number, seed: number, defaults: Params | null = {}): Params[] {
  if (!Number.isInteger(n) || n < 1) {
    throw new BellwetherError('INTERNAL', `The number of trials should be a whole number, 1 or more, not ${n}.`)
  }
  const names = Object.keys(space).sort()
  for (const name of names) checkDistribution(name, space[name]!)
  if (names.length === 0) return [defaults ?? {}]
  const first = defaults === null ? [] : [defaults]
  if (n === first.length) return first
  const random = new RandomState(seed)
  const choices = names.map((name) => {
    const distribution = space[name]!
    return distribution.type === 'choice' ? distribution.values : []
  })
  const gridSize = choices.reduce((size, values) => size * values.length, 1)
  // A distribution that is no choice has no values here, which makes the grid's size 0.
  if (gridSize > 0 && gridSize <= LARGEST_GRID)
    return [...first, ...gridTrials(names, choices, n - first.length, defaults, random)]
  const trials: Params[] = first
  while (trials.length < n) {
    trials.push(Object.fromEntries(names.map((name) => [name, draw(space[name]!, random)])))
  }
  return trials
}

function draw(distribution: Distribution, random: RandomState): ParamValue {
  switch (distribution.type) {
    case 'choice':
      return distribution.values[random.randint(distribution.values.length)]!
    case 'uniform':
      return distribution.low + random.random() * (distribution.high - distribution.low)
    case 'logUniform':
      return logUniform(distribution.low, distribution.high, random)
    case 'int': {
      const { low, high } = distribution
      if (!distribution.log) return low + random.randint(high - low + 1)
      return Math.min(high, Math.floor(logUniform(low, high + 1, random)))
    }
  }
}

function logUniform(low: number, high: number, random: RandomState): number {
  const logLow = Math.log(low)
  return Math.min(high, Math.max(low, Math.exp(logLow + random.random() * (Math.log(high) - logLow))))
}

/** Points of a grid, drawn without replacement; the last name's values vary fastest along it. */
function gridTrials(
  names: readonly string[],
  choices: readonly (readonly ParamValue[])[],
  n: number,
  defaults: Params | null,
  random: RandomState,
): Params[] {
  const gridSize = choices.reduce((size, values) => size * values.length, 1)
  const isDefault = (params: Params) => defaults !== null && names.every((name) => params[name] === defaults[name])
  const at = (index: number): Params => {
    let rest = index
    const entries: [string, ParamValue][] = []
    for (let i = names.length - 1; i >= 0; i--) {
      const values = choices[i]!
      entries.unshift([names[i]!, values[rest % values.length]!])
      rest = Math.floor(rest / values.length)
    }
    return Object.fromEntries(entries)
  }
  // Where the defaults are a point of the grid, one more is drawn to make up for it.
  const onGrid =
    defaults !== null &&
    names.every((name, i) => Object.hasOwn(defaults, name) && choices[i]!.includes(defaults[name]!))
  const indices = sampleWithoutReplacement(gridSize, Math.min(gridSize, onGrid ? n + 1 : n), random)
  return Array.from(indices, at)
    .filter((params) => !isDefault(params))
    .slice(0, n)
}

/** `n` different whole numbers below `size`, as scikit-learn's function of this name with method `auto` draws them. */
function sampleWithoutReplacement(size: number, n: number, random: RandomState): readonly number[] {
  const ratio = n / size
  if (ratio > 0.01 && ratio < 0.99) return [...random.permutation(size).subarray(0, n)]
  if (ratio < 0.2) {
    const chosen = new Set<number>()
    while (chosen.size < n) chosen.add(random.randint(size))
    return [...chosen]
  }
  const chosen = Array.from({ length: n }, (_, i) => i)
  for (let i = n; i < size; i++) {
    const j = random.randint(i + 1)
    if (j < n) chosen[j] = i
  }
  return chosen
}

function checkDistribution(name: string, distribution: Distribution): void {
  const refuse = (expected: string): never => {
    throw new BellwetherError('SEARCH_SPACE_INVALID', `The distribution of "${name}" needs ${expected}.`)
  }
  if (distribution.type === 'choice') {
    if (distribution.values.length === 0) refuse('at least one value')
    return
  }
  const { type, low, high } = distribution
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high)
    refuse(`finite bounds, low <= high, not ${low} and ${high}`)
  if (type === 'int' && !(Number.isSafeInteger(low) && Number.isSafeInteger(high) && high - low < 2 ** 32)) {
    refuse(`whole numbers less than 2^32 apart as bounds, not ${low} and ${high}`)
  }
  if ((type === 'logUniform' || (type === 'int' && distribution.log)) && low <= 0)
    refuse(`a low bound above 0, not ${low}`)
}
