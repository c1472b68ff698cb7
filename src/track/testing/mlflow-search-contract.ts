import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TrackedRun } from '../mlflow-model.ts'
import type { MlflowStores } from '../mlflow-stores.ts'
import type { OpenStores } from './open-stores.ts'
import { filters, logSearchedRuns, ordersOfTerms, searchedPlainly } from './run-searches.ts'

/** What a search of runs finds, in whatever way the store goes about it: the same as looking at each run. */
export function runMlflowSearchContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: searches of runs`, { timeout: 300_000 }, () => {
    let stores: OpenStores
    let runs: MlflowStores['runs']
    let experiments: string[]
    let all: TrackedRun[]

    beforeAll(async () => {
      stores = await open()
      runs = stores.mlflow.runs
      ;({ experiments, all } = await logSearchedRuns(stores.mlflow))
    })
    afterAll(() => stores?.close())

    test('find, sort and page as if each run were looked at', async () => {
      await fc.assert(
        fc.asyncProperty(
          filters,
          ordersOfTerms,
          fc.constantFrom(1, 7, 30, 200),
          fc.integer({ min: 1, max: 3 }),
          async ({ text, holds }, order, maxResults, nExperiments) => {
            const experimentIds = experiments.slice(0, nExperiments)
            const found: string[] = []
            let pageToken: string | null = null
            do {
              const page: Awaited<ReturnType<typeof runs.search>> = await runs.search({
                experimentIds,
                viewType: 'ACTIVE_ONLY',
                filter: text,
                orderBy: order.map((term) => term.text),
                maxResults,
                pageToken,
              })
              found.push(...page.items.map(({ info }) => info.id))
              pageToken = page.nextPageToken
              // One run a page is enough of a walk after a few.
            } while (pageToken !== null && (maxResults > 1 || found.length < 8))
            const expected = searchedPlainly(all, { experimentIds, holds }, order)
            expect(found).toEqual(pageToken === null ? expected : expected.slice(0, found.length))
          },
        ),
        { numRuns: 250 },
      )
    })

    test('go on where they were also when the way to the rest has changed meanwhile', async () => {
      const search = {
        experimentIds: experiments,
        viewType: 'ACTIVE_ONLY' as const,
        filter: 'metrics.rare >= 0',
        orderBy: ['metrics.b DESC'],
      }
      const whole = await runs.search({ ...search, maxResults: 200, pageToken: null })
      const first = await runs.search({ ...search, maxResults: 1, pageToken: null })
      // So many more runs with the metric that they are no longer few.
      for (let i = 0; i < 60; i += 1) {
        const { info } = await runs.create({
          experimentId: experiments[0]!,
          userId: '',
          name: null,
          startTime: 1,
          tags: [],
        })
        await runs.log(info.id, { metrics: [{ key: 'rare', value: 1, timestamp: 1, step: 0 }] })
      }
      const rest = await runs.search({ ...search, maxResults: 2, pageToken: first.nextPageToken })
      const ids = [...first.items, ...rest.items].map(({ info }) => info.id)
      expect(ids).toEqual(whole.items.map(({ info }) => info.id).slice(0, 3))
    })
  })
}
