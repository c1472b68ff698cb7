import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresHomes } from '../../../test/support/postgres-home.ts'
import type { Page, TrackedRun } from '../../track/mlflow-model.ts'
import { filters, logSearchedRuns, ordersOfTerms, searchedPlainly } from '../../track/testing/run-searches.ts'
import { searchRuns } from '../mlflow/run-search.ts'
import { type Home, openHome } from '../open-home.ts'
import type { Way } from './search-way.ts'

/** Every way that a search may go, whatever it costs: among ninety runs the cheapest is nearly always the same. */
function describeWays(database: string, place: () => Promise<{ place: string; remove: () => Promise<void> }>) {
  describe(`every way of a search on ${database}`, { timeout: 300_000 }, () => {
    let home: Home
    let remove: () => Promise<void>
    let experiments: string[]
    let all: TrackedRun[]

    beforeAll(async () => {
      const at = await place()
      remove = at.remove
      home = await openHome(at.place, { ring: null })
      ;({ experiments, all } = await logSearchedRuns(home.mlflow))
    })
    afterAll(async () => {
      await home?.close()
      await remove?.()
    })

    test('is found for a filter of as many clauses as there may be', async () => {
      const names = ['params.k', 'tags.k', 'metrics.a']
      const clauses = Array.from({ length: 300 }, (_, i) => {
        const name = names[i % 3]!
        return `NOT ${name} = ${name === 'metrics.a' ? i : `'x${i}'`}`
      })
      for (const word of [' AND ', ' OR ']) {
        const search = { experimentIds: experiments, viewType: 'ACTIVE_ONLY' as const, filter: clauses.join(word) }
        const page = { ...search, orderBy: ['params.k ASC'], maxResults: 200, pageToken: null }
        for (const by of ['walk', 'all', 'candidates'] as const) {
          const choose = (ways: readonly Way[]) => ways.find((way) => way.by === by) ?? ways[0]!
          const { items } = await home.database.read((sql) => searchRuns(sql, page, { choose, fewRuns: 0 }))
          expect(items).toHaveLength(all.length)
        }
      }
    })

    test('leads to what a plain look at each run finds, also where pages go different ways', async () => {
      const taken = new Set<string>()
      await fc.assert(
        fc.asyncProperty(
          filters,
          ordersOfTerms,
          fc.constantFrom(2, 7, 200),
          fc.integer({ min: 1, max: 3 }),
          fc.infiniteStream(fc.tuple(fc.nat({ max: 9 }), fc.boolean(), fc.constantFrom(3, 40))),
          async ({ text, holds }, order, maxResults, nExperiments, choices) => {
            const experimentIds = experiments.slice(0, nExperiments)
            /** Any of the ways; sets wherever they can be, or nowhere; few of the first runs, too. */
            const choose = (ways: readonly Way[]): Way => {
              const [index, allSets, top] = choices.next().value
              const way = ways[index % ways.length]!
              const sets = way.sets.map(() => allSets)
              taken.add(`${way.by}${allSets ? ' with sets' : ''}`)
              return way.by === 'top' || way.by === 'walk' ? { ...way, sets, top } : { ...way, sets }
            }
            const found: string[] = []
            let pageToken: string | null = null
            do {
              const token: string | null = pageToken
              const search = {
                experimentIds,
                viewType: 'ACTIVE_ONLY' as const,
                filter: text,
                orderBy: order.map((term) => term.text),
                maxResults,
                pageToken: token,
              }
              const page: Page<TrackedRun> = await home.database.read((sql) =>
                searchRuns(sql, search, { choose, fewRuns: 0 }),
              )
              found.push(...page.items.map(({ info }) => info.id))
              pageToken = page.nextPageToken
            } while (pageToken !== null)
            expect(found).toEqual(searchedPlainly(all, { experimentIds, holds }, order))
          },
        ),
        { numRuns: 250 },
      )
      for (const by of ['walk', 'all', 'candidates', 'top'])
        for (const sets of ['', ' with sets']) expect(taken).toContain(`${by}${sets}`)
    })
  })
}

describeWays('SQLite', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-ways-'))
  return { place: folder, remove: () => rm(folder, { recursive: true }) }
})

const homes = postgresHomes()
describeWays('PostgreSQL', () => homes.place())
