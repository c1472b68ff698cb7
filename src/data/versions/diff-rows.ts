import type { Ask } from './ask-duckdb.ts'
import type { ComparedColumn, ComparedTables } from './compared-tables.ts'
import { type RowsDiff, unusableId } from './table-diff.ts'

/** A row that is in a table three times and in the other twice was added or removed once. */
export async function diffRowsByContent({ before, after, shared }: ComparedTables, ask: Ask): Promise<RowsDiff> {
  const keys = shared.map((_, i) => `k${i}`).join(', ')
  const rows = (side: 'before' | 'after') =>
    `SELECT ${side === 'before'} AS early, ${shared.map((column, i) => `${column[side].key} AS k${i}`).join(', ')}
     FROM ${(side === 'before' ? before : after).from}`
  // Without a column in common every row is like every other.
  const [same] =
    shared.length === 0
      ? [Math.min(before.nRows, after.nRows)]
      : await ask.numbers(`SELECT coalesce(sum(least(n_before, n_after)), 0) FROM (
          SELECT count(*) FILTER (early) AS n_before, count(*) FILTER (NOT early) AS n_after
          FROM (${rows('before')} UNION ALL ${rows('after')}) GROUP BY ${keys})`)
  const unchanged = same!
  const counts = { added: after.nRows - unchanged, removed: before.nRows - unchanged, changed: null, unchanged }
  return { counts, changedByColumn: null }
}

/** @throws INVALID_INPUT where an id is missing or comes twice */
export async function diffRowsById({ before, after, shared }: ComparedTables, id: string, ask: Ask): Promise<RowsDiff> {
  const key = shared.find(({ name }) => name === id)!
  await requireDistinct(before.from, key.before.raw, id, ask)
  await requireDistinct(after.from, key.after.raw, id, ask)
  const others = shared.filter((column) => column !== key)
  const side = (name: 'before' | 'after', from: string) =>
    `(SELECT ${[key, ...others].map((column, i) => `${column[name].key} AS k${i}`).join(', ')} FROM ${from})`
  const differs = (_: ComparedColumn, i: number) => `a.k${i + 1} IS DISTINCT FROM b.k${i + 1}`
  const found =
    await ask.numbers(`SELECT count(*)${others.length === 0 ? ', 0' : `, count(*) FILTER (${others.map(differs).join(' OR ')})`}
    ${others.map((column, i) => `, count(*) FILTER (${differs(column, i)})`).join('')}
    FROM ${side('before', before.from)} AS a JOIN ${side('after', after.from)} AS b ON a.k0 = b.k0`)
  const [both = 0, changed = 0, ...byColumn] = found
  const counts = { added: after.nRows - both, removed: before.nRows - both, changed, unchanged: both - changed }
  return { counts, changedByColumn: new Map(others.map(({ name }, i) => [name, byColumn[i]!])) }
}

/** @throws INVALID_INPUT with the first row whose id is missing or came before */
async function requireDistinct(from: string, value: string, id: string, ask: Ask): Promise<void> {
  const [missing, again] = await ask.numbers(
    `SELECT coalesce(sum(n) FILTER (k IS NULL), 0), count(*) FILTER (k IS NOT NULL AND n > 1)
     FROM (SELECT ${value} AS k, count(*) AS n FROM ${from} GROUP BY ALL)`,
  )
  if (missing === 0 && again === 0) return
  const [row, isMissing] = await ask.numbers(
    `SELECT place + 1, CAST(k IS NULL AS INTEGER)
     FROM (SELECT place, ${value} AS k, row_number() OVER (PARTITION BY k ORDER BY place) AS nth FROM ${from})
     WHERE k IS NULL OR nth = 2 ORDER BY place LIMIT 1`,
  )
  throw unusableId(id, isMissing === 1 ? 'missing' : 'twice', row!)
}
