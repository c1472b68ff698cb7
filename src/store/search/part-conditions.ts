import type { Filter } from '../../track/search/filter.ts'
import type { EstimatedPart } from './candidates.ts'
import { type Condition, compileFilter } from './compile-filter.ts'
import type { SearchTarget } from './search-target.ts'
import type { Way } from './search-way.ts'

/**
 * The conditions of a filter's parts on the way that is taken: a set of ids that is made once, or what is asked of each row.
 * @param owner The columns that name the row where it is first come by, so that sets are asked before anything is looked up.
 * @param bounded Parts that a walk is already bound by.
 */
export function partConditions(
  parts: readonly EstimatedPart[],
  way: Way,
  { target, owner, bounded = [] }: { target: SearchTarget; owner: readonly string[]; bounded?: readonly Filter[] },
): Condition[] {
  return parts.flatMap((part, index) => {
    if (bounded.includes(part.filter)) return []
    const { candidates } = part
    const leads = way.by === 'candidates' && way.lead === index
    const asked = compileFilter(part.filter, target)
    if (!candidates || !(leads || way.sets[index])) return [asked]
    // With IS TRUE it is asked of each row; as a plain IN SQLite would rather begin with the set, and sort.
    const set = { sql: `((${owner.join(', ')}) IN (${candidates.ids.sql})) IS TRUE`, values: candidates.ids.values }
    return [...(leads ? [] : [set]), ...(candidates.exact ? [] : [asked])]
  })
}
