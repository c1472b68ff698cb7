import { BellwetherError } from '../../errors.ts'
import { nearest } from '../../table/nearest.ts'
import type { ClustererDefinition } from './clusterer.ts'
import { gaussianMixture } from './gaussian-mixture.ts'
import { kMeans } from './k-means.ts'

/** Every way to cluster by its name, from simple to complex. */
export const clusterers: ReadonlyMap<string, ClustererDefinition> = new Map(
  [kMeans, gaussianMixture].map((definition): [string, ClustererDefinition] => [definition.name, definition]),
)

/** @throws CLUSTERER_UNKNOWN naming those that there are, and the one that was probably meant. */
export function clusterer(name: string): ClustererDefinition {
  const found = clusterers.get(name)
  if (found) return found
  const near = nearest(name, clusterers.keys())
  const known = [...clusterers.keys()].join(', ')
  throw new BellwetherError(
    'CLUSTERER_UNKNOWN',
    `There is no clusterer "${name.slice(0, 80)}"${near ? `; did you mean "${near}"?` : '.'} There are: ${known}.`,
  )
}
