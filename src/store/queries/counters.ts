import type { SqlConnection } from '../sql-database.ts'

const ENSURE = `INSERT INTO counters (name, value) VALUES (?, 0) ON CONFLICT (name) DO NOTHING`
const NEXT = `UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value`

/** The next number of a counter, from 1; the transaction holds the counter until it ends, so numbers have neither gaps nor twins. */
export async function nextNumber(
  sql: SqlConnection,
  counter:
    | 'experiments'
    | 'runs'
    | 'datasets'
    | 'dataset_sources'
    | 'dataset_log'
    | 'chunk_packs'
    | 'api_keys'
    | 'audit_log'
    | 'outcomes',
): Promise<number> {
  await sql.run(ENSURE, counter)
  return (await sql.first<{ value: number }>(NEXT, counter))!.value
}
