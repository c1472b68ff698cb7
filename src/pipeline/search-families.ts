import { z } from 'zod'
import { BellwetherError } from '../errors.ts'
import { roundsOf, searchFamily } from '../evaluate/search/search-family.ts'
import type { SearchFamily } from '../evaluate/search/search-plan.ts'
import { estimator } from '../learn/estimators.ts'
import { nearest } from '../table/nearest.ts'
import type { SearchOptions } from './project.ts'

type Facts = Parameters<ReturnType<typeof estimator>['searchSpace']>[0]

/**
 * What a search draws for a kind of model: its built-in space, with the project's distributions in place of those of the same options.
 * @throws PROJECT_INVALID for an option that the kind of model does not have
 */
export function familyOf(name: string, facts: Facts, spaces: SearchOptions['spaces']): SearchFamily {
  const definition = estimator(name)
  const declared = spaces[name]
  if (!declared) return searchFamily(definition, facts)
  const known = definition.options instanceof z.ZodObject ? Object.keys(definition.options.shape) : []
  for (const option of Object.keys(declared)) {
    if (known.includes(option)) continue
    const near = nearest(option, known)
    const message = `search.spaces.${name}: there is no option "${option}"${near ? `; did you mean "${near}"?` : ''}`
    throw new BellwetherError('PROJECT_INVALID', message, {
      details: [{ path: `search.spaces.${name}.${option}`, message: `the options are: ${known.join(', ')}` }],
    })
  }
  const space = { ...definition.searchSpace(facts), ...declared }
  return { estimator: name, space, defaults: null, ...roundsOf(definition, space, facts) }
}
