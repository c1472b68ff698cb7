import type { ServedModel } from '../model-cache.ts'
import { policyOf } from './make-entries.ts'

/** What the prediction log wants of a table's row beside what the model reads: the person's identifier and sensitive columns. */
export function carriedColumns(served: ServedModel, names: readonly string[]): string[] {
  const { id, sensitive } = policyOf(served)
  const passedOver = new Set(served.scorer.signature.ignored ?? [])
  return [...(id === null ? [] : [id]), ...sensitive].filter((name) => passedOver.has(name) && names.includes(name))
}
