import { BellwetherError } from '../../errors.ts'
import type { EstimatorDefinition, TableFacts } from '../../learn/estimator.ts'
import type { SearchSpace } from '../../learn/search-space.ts'
import type { ParamValue } from './params.ts'
import type { SearchFamily } from './search-plan.ts'

/** A family with the estimator's own search space, and its defaults for the space's options in trial 0. */
export function searchFamily(definition: EstimatorDefinition, facts: TableFacts): SearchFamily {
  const space = definition.searchSpace(facts)
  const options = defaultsOf(definition, facts)
  const defaults = Object.keys(space).map((name): [string, ParamValue] => {
    const value = options[name]
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return [name, value]
    }
    throw new BellwetherError(
      'INTERNAL',
      `${definition.name} has no default for "${name}", which its search space draws.`,
    )
  })
  return {
    estimator: definition.name,
    space,
    defaults: Object.fromEntries(defaults),
    ...roundsOf(definition, space, facts),
  }
}

function defaultsOf(definition: EstimatorDefinition, facts: TableFacts): Readonly<Record<string, unknown>> {
  return definition.defaults?.(facts) ?? (definition.options.parse({}) as Readonly<Record<string, unknown>>)
}

/** What a search by halving may spend: the estimator's rounds, up to the largest number that its space draws, or its default. */
export function roundsOf(
  definition: EstimatorDefinition,
  space: SearchSpace,
  facts: TableFacts,
): Pick<SearchFamily, 'rounds'> {
  const option = definition.rounds
  if (!option) return {}
  const drawn = space[option]
  const values = drawn?.type === 'choice' ? drawn.values : drawn ? [drawn.high] : []
  const numbers = values.filter((value) => typeof value === 'number' && Number.isInteger(value)) as number[]
  const fallback = defaultsOf(definition, facts)[option]
  if (typeof fallback !== 'number')
    throw new BellwetherError('INTERNAL', `${definition.name} has no number as its default for "${option}".`)
  return { rounds: { option, max: numbers.length > 0 ? Math.max(...numbers) : fallback } }
}
