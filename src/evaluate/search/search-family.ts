import { BellwetherError } from '../../errors.ts'
import type { EstimatorDefinition } from '../../learn/estimator.ts'
import type { ParamValue } from './params.ts'
import type { SearchFamily } from './search-plan.ts'

/** A family with the estimator's own search space, and its defaults for the space's options in trial 0. */
export function searchFamily(
  definition: EstimatorDefinition,
  facts: Parameters<EstimatorDefinition['searchSpace']>[0],
): SearchFamily {
  const space = definition.searchSpace(facts)
  const options = definition.options.parse({}) as Readonly<Record<string, unknown>>
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
  return { estimator: definition.name, space, defaults: Object.fromEntries(defaults) }
}
