import type { Search, SearchResult } from '../evaluate/search/run-search.ts'
import type { ProjectOptions, SearchOptions } from './project.ts'

/**
 * Whether one more trial may begin: by the clock, or by the number that an earlier run got to. The first one always may. Trials
 * that an earlier attempt has finished take no time.
 * @param spentMs What an earlier attempt has used up already.
 */
export function budgetOf(
  { timeBudgetSeconds, trialsDone }: Pick<SearchOptions, 'timeBudgetSeconds' | 'trialsDone'>,
  clock: () => number,
  spentMs = 0,
): NonNullable<Search['mayBegin']> {
  const started = clock() - spentMs
  return ({ nBegun, restored }) => {
    if (trialsDone !== undefined) return nBegun < trialsDone
    if (timeBudgetSeconds === undefined || nBegun === 0 || restored) return true
    return clock() - started < timeBudgetSeconds * 1000
  }
}

/**
 * The options that repeat what a search did, whatever the clock: a model's package holds these. Where a time budget ended the
 * search they say after how many trials; where the whole plan was tried, neither limit is of any consequence.
 */
export function replayable<Options extends ProjectOptions>(
  options: Options,
  { complete, trials }: SearchResult,
): Options {
  const { timeBudgetSeconds: _, trialsDone: __, ...search } = options.search
  return { ...options, search: complete ? search : { ...search, trialsDone: trials.length } }
}

/** The limits that a search was given, as params of its run. */
export function limitParams({
  timeBudgetSeconds,
  trialsDone,
}: Pick<SearchOptions, 'timeBudgetSeconds' | 'trialsDone'>): Record<string, string> {
  return {
    ...(timeBudgetSeconds === undefined ? {} : { 'search.timeBudgetSeconds': String(timeBudgetSeconds) }),
    ...(trialsDone === undefined ? {} : { 'search.trialsDone': String(trialsDone) }),
  }
}

/** Trials that ended of each kind of model, in the order of the project. */
export function trialsByFamily(
  families: readonly string[],
  { trials }: Pick<SearchResult, 'trials'>,
): Record<string, number> {
  return Object.fromEntries(families.map((name) => [name, trials.filter(({ estimator }) => estimator === name).length]))
}
