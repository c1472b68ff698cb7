import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { searchRuns } from '../mlflow/run-search.ts'
import { openHome } from '../open-home.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'

test("a clause on a metric is asked of each run by the metric's key, and never goes through all values beyond its bound", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-plan-'))
  const home = await openHome(folder, { ring: null })
  try {
    const experimentId = await home.mlflow.experiments.create({ name: 'plans', tags: [], now: 1 })
    const plans: string[] = []
    await home.database.read(async (sql) => {
      const explained: SqlConnection = {
        ...sql,
        async all<Row>(text: string, ...values: readonly SqlValue[]) {
          const rows = await sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...values)
          plans.push(rows.map(({ detail }) => detail).join('\n'))
          return sql.all<Row>(text, ...values)
        },
        // As if many runs had such a value: then none of them leads.
        first: async <Row>() => ({ n: 1_000_000 }) as Row,
      }
      const search = {
        experimentIds: [experimentId],
        viewType: 'ACTIVE_ONLY' as const,
        maxResults: 10,
        pageToken: null,
      }
      const filter =
        "metrics.a > 0.5 AND metrics.b <= 0.4 AND (metrics.a < 0.9 OR NOT metrics.c = 1) AND params.p = 'x'"
      await searchRuns(explained, { ...search, filter, orderBy: ['metrics.d DESC'] })
      await searchRuns(explained, { ...search, filter, orderBy: ['start_time DESC'] })
    })
    const clauses = plans.flatMap((plan) => plan.split('\n').filter((line) => /SEARCH g |SCAN g\b/.test(line)))
    expect(clauses.length).toBeGreaterThan(10)
    for (const line of clauses) expect(line).toMatch(/run_id=\?/)
    // An order by a metric is read from the index of its values.
    expect(plans[0]).toContain('SEARCH o0 USING COVERING INDEX latest_metrics_by_value (key=? AND value>?)')
  } finally {
    await home.close()
    await rm(folder, { recursive: true })
  }
})
