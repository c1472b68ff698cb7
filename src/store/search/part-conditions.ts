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
    // As an expression no index has it: with the plain column SQLite would rather begin with the set, and sort. PostgreSQL joins it as it likes.
    const [first, ...rest] = owner
    const name = [`${first} || ''`, ...rest].join(', ')
    const set = { sql: `(${name}) IN (${candidates.ids.sql})`, values: candidates.ids.values }
    return [...(leads ? [] : [set]), ...(candidates.exact ? [] : [asked])]
  })
}
