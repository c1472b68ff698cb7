import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { postgresHomes } from '../../../test/support/postgres-home.ts'
import { searchRuns } from '../mlflow/run-search.ts'
import { type Home, openHome } from '../open-home.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import type { Way } from './search-way.ts'

const FILTER = "metrics.a > 0.5 AND metrics.b <= 0.4 AND (metrics.a < 0.9 OR NOT metrics.c = 1) AND params.p = 'x'"

/**
 * The plans of a search's own queries.
 * @param count What each count answers: of runs, and of those that a clause may match.
 */
async function plansOf(
  home: Home,
  search: { filter: string; orderBy: string[]; experiments?: number },
  count: { runs: number; matches: number },
  explain: string,
  choose?: (ways: readonly Way[]) => Way,
): Promise<string[]> {
  const plans: string[] = []
  const experimentIds: string[] = []
  for (let i = 0; i < (search.experiments ?? 1); i += 1)
    experimentIds.push(await home.mlflow.experiments.create({ name: `${Math.random()}`, tags: [], now: 1 }))
  await home.database.read(async (sql) => {
    const explained: SqlConnection = {
      ...sql,
      async all<Row>(text: string, ...values: readonly SqlValue[]) {
        const rows = await sql.all<Record<string, string>>(`${explain} ${text}`, ...values)
        plans.push(rows.map((row) => row['detail'] ?? row['QUERY PLAN']).join('\n'))
        return sql.all<Row>(text, ...values)
      },
      async tuples<Row extends readonly unknown[]>(text: string, ...values: readonly SqlValue[]) {
        await explained.all(text, ...values)
        return sql.tuples<Row>(text, ...values)
      },
      first: async <Row>(text: string) =>
        ({ n: /MAX\(sequence\)|AS some_runs/.test(text) ? count.runs : count.matches }) as Row,
    }
    const { filter, orderBy } = search
    await searchRuns(
      explained,
      { experimentIds, viewType: 'ACTIVE_ONLY', filter, orderBy, maxResults: 10, pageToken: null },
      choose ? { choose } : {},
    )
  })
  return plans
}

const MANY = { runs: 1_000_000, matches: 1_000_000 }
const FEW = { runs: 1_000_000, matches: 30 }
/** Of each clause so many that together hardly any matches. */
const SOME = { runs: 100_000, matches: 2_000 }

describe('how SQLite goes about a search', { timeout: 180_000 }, () => {
  async function sqlitePlans(
    search: { filter: string; orderBy: string[]; experiments?: number },
    count = MANY,
    choose?: (ways: readonly Way[]) => Way,
  ) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-plan-'))
    const home = await openHome(folder, { ring: null })
    try {
      return await plansOf(home, search, count, 'EXPLAIN QUERY PLAN', choose)
    } finally {
      await home.close()
      await rm(folder, { recursive: true })
    }
  }

  test.each([['metrics.d DESC'], ['start_time DESC']])(
    "a clause on a metric is asked of each run by the metric's key, and never goes through all values beyond its bound (order by %s)",
    async (order) => {
      for (const count of [MANY, FEW]) {
        const plans = await sqlitePlans({ filter: FILTER, orderBy: [order] }, count)
        const clauses = plans.flatMap((plan) => plan.split('\n').filter((line) => /(SEARCH|SCAN) g EXISTS/.test(line)))
        expect(clauses.length).toBeGreaterThan(count === MANY ? 2 : 0)
        for (const line of clauses) expect(line).toMatch(/run_id=\?/)
      }
    },
  )

  test('an order by a metric is read from the index of its values, and sorts ties alone', async () => {
    const [numbers, none, without] = await sqlitePlans({ filter: FILTER, orderBy: ['metrics.d DESC'] })
    expect(numbers).toContain('SEARCH o0 USING COVERING INDEX latest_metrics_by_value (key=? AND value>?)')
    expect(numbers).toContain('USE TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY')
    expect(none).toContain('SEARCH o0 USING COVERING INDEX latest_metrics_by_value (key=? AND value=?)')
    expect(without).not.toContain('TEMP B-TREE')
  })

  test('an order by a param or a tag is read from the index of its values, and sorts what begins alike alone', async () => {
    for (const [order, table] of [
      ['params.p DESC', 'params'],
      ['tags.t ASC', 'tags'],
    ] as const) {
      const plans = await sqlitePlans({ filter: FILTER, orderBy: [order] })
      const [values, without] = [plans[0], plans.at(-1)]
      expect(plans.length).toBeGreaterThan(1)
      expect(values).toContain(`SEARCH o0 USING INDEX ${table}_by_value (key=?)`)
      expect(values).toContain('USE TEMP B-TREE FOR LAST 3 TERMS OF ORDER BY')
      expect(without).not.toContain('TEMP B-TREE')
    }
  })

  test('where all runs have to be sorted, they are read in one sweep', async () => {
    for (const orderBy of [['attributes.run_name'], ['attributes.end_time DESC']]) {
      const plans = await sqlitePlans({ filter: '', orderBy, experiments: 3 })
      expect(plans[0]).toContain('SCAN r')
      expect(plans[0]).not.toContain('USING INDEX')
    }
  })

  test.each([
    ['NOT of what nearly all match', 'NOT metrics.a > 0.001', /latest_metrics_by_value \(key=\? AND value<\?\)/],
    ['what is not there', 'metrics.a IS NULL', /EXCEPT/],
    ['NOT of one of two', 'NOT (metrics.a > 1 OR metrics.b > 1)', /latest_metrics_by_value/],
    ['any text but', "NOT params.p != 'x'", /params_by_value \(key=\? AND <expr>=\?\)/],
  ])('few that match %s are found in the index of values', async (_, filter, expected) => {
    const [plan] = await sqlitePlans({ filter, orderBy: [] }, FEW)
    expect(plan).toMatch(expected)
    expect(plan).toMatch(/SEARCH r USING INDEX sqlite_autoindex_runs_1 \(id=\?\)/)
  })

  test.each([
    ['metrics.d DESC', /SEARCH o0 USING COVERING INDEX latest_metrics_by_value/],
    ['start_time DESC', /SEARCH r USING INDEX runs_as_searched \(experiment_id=\?\)/],
  ])(
    'of clauses that one in fifty matches, sets are made once, and the walk stays one in the order of %s',
    async (order, walk) => {
      const search = { filter: 'metrics.a > 0.9 AND metrics.b > 0.9', orderBy: [order] }
      const [plan] = await sqlitePlans(search, SOME, (ways) => ways.find(({ by }) => by === 'walk')!)
      expect(plan).toMatch(walk)
      expect(plan!.match(/LIST SUBQUERY \d+\nSEARCH g USING COVERING INDEX latest_metrics_by_value/g)).toHaveLength(2)
      expect(plan).not.toMatch(/CORRELATED|EXISTS/)
    },
  )

  test('where no index has the order, the first runs are sorted before they are asked', async () => {
    const search = { filter: 'metrics.a > 0.5', orderBy: ['attributes.run_name'] }
    const [plan] = await sqlitePlans(search, { runs: 100_000, matches: 60_000 })
    expect(plan).toMatch(
      /(CO-ROUTINE|MATERIALIZE) (top_rows|first_rows)\n(CO-ROUTINE first_rows\n)?SCAN r\nUSE TEMP B-TREE FOR ORDER BY/,
    )
  })

  test('runs that come together in the order of a param are sorted before they are asked', async () => {
    const search = { filter: 'metrics.a > 0.5', orderBy: ['params.p DESC'] }
    const [plan] = await sqlitePlans(search, { runs: 100_000, matches: 60_000 })
    const [first, rest] = plan!.split('USE TEMP B-TREE FOR LAST 3 TERMS OF ORDER BY')
    expect(first).toContain('SEARCH o0 USING INDEX params_by_value (key=?)')
    expect(first).not.toContain('latest_metrics')
    expect(rest).toMatch(
      /SCAN (top|first)_rows\nSEARCH o0 USING INDEX sqlite_autoindex_params_1 \(run_id=\? AND key=\?\)/,
    )
    expect(rest).toMatch(/SEARCH g EXISTS USING INDEX sqlite_autoindex_latest_metrics_1/)
  })

  test('a bound on the metric that leads the order is a bound of that walk, and what has no number is not looked for', async () => {
    const plans = await sqlitePlans({ filter: 'metrics.d < 0.3 AND metrics.d > 0.1', orderBy: ['metrics.d DESC'] })
    expect(plans[0]).toContain('SEARCH o0 USING COVERING INDEX latest_metrics_by_value (key=? AND value>? AND value<?)')
    // The other queries are those of what was logged to the runs that were found: here none.
    expect(plans).toHaveLength(1)
  })

  test('runs in the order of their start are not sorted, also of several experiments', async () => {
    for (const experiments of [1, 3]) {
      const [plan] = await sqlitePlans({ filter: 'metrics.a > 0.5', orderBy: [], experiments })
      expect(plan!.match(/SEARCH r USING INDEX runs_as_searched \(experiment_id=\?\)/g)).toHaveLength(experiments)
      if (experiments === 1) expect(plan).not.toContain('TEMP B-TREE')
      else expect(plan).toContain('MERGE (UNION ALL)')
    }
  })

  test.each([
    ['a number', 'metrics.a > 0.5', /SEARCH g USING COVERING INDEX latest_metrics_by_value \(key=\? AND value>\?\)/],
    ['a text', "params.p = 'x'", /SEARCH g USING COVERING INDEX params_by_value \(key=\? AND <expr>=\?\)/],
    [
      'how a text begins',
      "tags.t LIKE 'run-7%'",
      /SEARCH g USING COVERING INDEX tags_by_value \(key=\? AND <expr>>\? AND <expr><\?\)/,
    ],
    ['one of two', "metrics.a > 0.5 OR tags.t = 'x'", /MERGE \(UNION\)/],
  ])('few candidates lead, found by %s in the index of values', async (_, filter, expected) => {
    for (const orderBy of [[], ['metrics.d ASC']]) {
      const [plan] = await sqlitePlans({ filter, orderBy }, FEW)
      expect(plan).toMatch(expected)
      expect(plan).toMatch(/SEARCH r USING INDEX sqlite_autoindex_runs_1 \(id=\?\)/)
      if (orderBy.length > 0)
        expect(plan).toMatch(/SEARCH o0 USING INDEX sqlite_autoindex_latest_metrics_1 \(run_id=\? AND key=\?\)/)
    }
  })
})

describe('how PostgreSQL goes about a search', () => {
  const homes = postgresHomes()

  test('by the same indices, where a table is too large to be read as a whole', { timeout: 180_000 }, async () => {
    const { place, remove } = await homes.place()
    let home = await openHome(place)
    try {
      // Its planner reads small tables as a whole, whatever there is.
      const plansWith = async (search: { filter: string; orderBy: string[] }, count: typeof MANY) =>
        (await plansOf(home, search, count, 'EXPLAIN')).join('\n')
      await home.database.write(async (sql) => {
        const { database } = (await sql.first<{ database: string }>('SELECT current_database() AS database'))!
        for (const setting of ['enable_seqscan', 'enable_sort', 'enable_bitmapscan'])
          await sql.run(`ALTER DATABASE "${database}" SET ${setting} = off`)
      })
      await home.close()
      home = await openHome(place)
      expect(await plansWith({ filter: 'metrics.a > 0.5', orderBy: ['metrics.d DESC'] }, MANY)).toMatch(
        /Index Only Scan (Backward )?using latest_metrics_by_value on latest_metrics o0/,
      )
      expect(await plansWith({ filter: 'metrics.a > 0.5', orderBy: [] }, MANY)).toMatch(
        /using runs_as_searched on runs r/,
      )
      expect(await plansWith({ filter: 'metrics.a > 0.5', orderBy: [] }, FEW)).toMatch(
        /latest_metrics_by_value on latest_metrics g/,
      )
      expect(await plansWith({ filter: "tags.t LIKE 'run-7%'", orderBy: [] }, FEW)).toMatch(/tags_by_value on tags g/)
    } finally {
      await home.close()
      await remove()
    }
  })
})
