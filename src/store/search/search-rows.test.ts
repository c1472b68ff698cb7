import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresHomes } from '../../../test/support/postgres-home.ts'
import type { KeyValue, LoggedModel, TrackedVersion } from '../../track/mlflow-model.ts'
import { filtersOf, type Meaning } from '../../track/testing/run-searches.ts'
import { findLoggedModels, type OrderField } from '../mlflow/logged-model-search.ts'
import { pageOf, sortValues } from '../mlflow/sql-experiment-store.ts'
import { searchVersions } from '../mlflow/version-search.ts'
import { type Home, openHome } from '../open-home.ts'
import type { Way } from './search-way.ts'

const TEXTS = ['x', 'xy', 'X', '', `${'long '.repeat(25)}1`, `${'long '.repeat(25)}2`]
const compareTexts = (left: string, right: string) => (left === right ? 0 : left < right ? -1 : 1)
const tagOf = (tags: readonly KeyValue[], key: string) => tags.find((tag) => tag.key === key)?.value

/** Clauses on texts that something has by a key. */
function onTexts<Item>(group: string, textsOf: (item: Item) => readonly KeyValue[]): fc.Arbitrary<Meaning<Item>> {
  return fc
    .tuple(fc.constantFrom('k', 'rare', 'none'), fc.constantFrom('=', '!=', 'LIKE'), fc.constantFrom(...TEXTS))
    .map(([key, comparator, text]) => ({
      text: `${group}.${key} ${comparator} '${text}${comparator === 'LIKE' ? '%' : ''}'`,
      holds: (item: Item) => {
        const value = tagOf(textsOf(item), key)
        if (value === undefined) return false
        return comparator === '=' ? value === text : comparator === '!=' ? value !== text : value.startsWith(text)
      },
    }))
}

const ofVersion = fc.oneof(
  onTexts<TrackedVersion>('tags', ({ tags }) => tags),
  fc.constantFrom<Meaning<TrackedVersion>>(
    { text: "name = 'm2'", holds: ({ model }) => model === 'm2' },
    { text: "name LIKE 'm1%'", holds: ({ model }) => model.startsWith('m1') },
    { text: 'version_number > 3', holds: ({ version }) => version > 3 },
    { text: "run_id IN ('r1', 'r5')", holds: ({ runId }) => runId === 'r1' || runId === 'r5' },
    { text: "current_stage = 'Staging'", holds: ({ stage }) => stage === 'Staging' },
    { text: 'tags.k IS NULL', holds: ({ tags }) => tagOf(tags, 'k') === undefined },
    // What has no such tag is no prompt.
    {
      text: "tags.`mlflow.prompt.is_prompt` != 'true'",
      holds: ({ tags }) => tagOf(tags, 'mlflow.prompt.is_prompt') !== 'true',
    },
    {
      text: "tags.`mlflow.prompt.is_prompt` = 'true'",
      holds: ({ tags }) => tagOf(tags, 'mlflow.prompt.is_prompt') === 'true',
    },
  ),
)

const ofLoggedModel = fc.oneof(
  onTexts<LoggedModel>('tags', ({ tags }) => tags),
  onTexts<LoggedModel>('params', ({ params }) => params),
  // Any of the values that a metric has, one for each dataset.
  fc.tuple(fc.constantFrom('a', 'b', 'none'), fc.constantFrom('<', '>', '!='), fc.constantFrom(0, 0.5, 2)).map(
    ([key, comparator, bound]): Meaning<LoggedModel> => ({
      text: `metrics.${key} ${comparator} ${bound}`,
      holds: ({ metrics }) =>
        metrics.some(
          ({ key: own, value }) =>
            own === key &&
            !Number.isNaN(value) &&
            (comparator === '<' ? value < bound : comparator === '>' ? value > bound : value !== bound),
        ),
    }),
  ),
  fc.constantFrom<Meaning<LoggedModel>>(
    { text: 'metrics.a IS NULL', holds: ({ metrics }) => !metrics.some(({ key }) => key === 'a') },
    { text: "name LIKE 'l1%'", holds: ({ name }) => name.startsWith('l1') },
    { text: "model_type = 'agent'", holds: ({ modelType }) => modelType === 'agent' },
    { text: 'creation_timestamp >= 1005', holds: ({ createdTime }) => createdTime >= 1005 },
  ),
)

/** The value of a metric that an order takes: of the dataset that it names, or the newest. */
function chosen(model: LoggedModel, { field, datasetName }: OrderField): number | null {
  const own = model.metrics.filter(
    ({ key, datasetName: of }) => `metrics.${key}` === field && (datasetName === null || of === datasetName),
  )
  own.sort(
    (left, right) => right.timestamp - left.timestamp || compareTexts(left.datasetName ?? '', right.datasetName ?? ''),
  )
  const value = own[0]?.value
  return value === undefined || Number.isNaN(value) ? null : value
}

const loggedOrders = fc.uniqueArray(
  fc.record({
    field: fc.constantFrom('metrics.a', 'metrics.b', 'metrics.none', 'name', 'creation_timestamp'),
    ascending: fc.boolean(),
    datasetName: fc.constantFrom(null, 'd1'),
    datasetDigest: fc.constant(null),
  }),
  { maxLength: 2, selector: ({ field }) => field },
)

function compareLogged(order: readonly OrderField[]) {
  return (left: LoggedModel, right: LoggedModel) => {
    for (const term of order) {
      const sign = term.ascending ? 1 : -1
      if (term.field === 'name') {
        const by = compareTexts(left.name, right.name) * sign
        if (by !== 0) return by
      } else if (term.field === 'creation_timestamp') {
        if (left.createdTime !== right.createdTime) return (left.createdTime - right.createdTime) * sign
      } else {
        const [l, r] = [chosen(left, term), chosen(right, term)]
        if ((l === null) !== (r === null)) return l === null ? 1 : -1
        if (l !== null && r !== null && l !== r) return (l < r ? -1 : 1) * sign
      }
    }
    return right.createdTime - left.createdTime || compareTexts(left.id, right.id)
  }
}

/** Every way that a search may go, whatever it costs, also with the first rows alone, which so few are not worth; the ways taken are noted. */
const choices = fc.infiniteStream(fc.tuple(fc.nat({ max: 9 }), fc.boolean(), fc.constantFrom(0, 4, 30)))
const chooser = (stream: Iterator<[number, boolean, number]>, taken: Set<string>) => (ways: readonly Way[]) => {
  const [index, allSets, top] = stream.next().value as [number, boolean, number]
  const way = ways[index % ways.length]!
  const sets = way.sets.map(() => allSets)
  const chosenWay: Way = way.by === 'all' && top > 0 ? { by: 'top', top, sets, cost: way.cost } : { ...way, sets }
  taken.add(`${chosenWay.by}${allSets ? ' with sets' : ''}`)
  return chosenWay
}

function describeRows(database: string, place: () => Promise<{ place: string; remove: () => Promise<void> }>) {
  describe(`every way of a search on ${database}`, { timeout: 300_000 }, () => {
    let home: Home
    let remove: () => Promise<void>
    let experiments: string[]

    beforeAll(async () => {
      const at = await place()
      remove = at.remove
      home = await openHome(at.place, { ring: null })
      experiments = await fill(home)
    })
    afterAll(async () => {
      await home?.close()
      await remove?.()
    })

    test('among model versions leads to what a plain look at each finds', async () => {
      const page = { filter: '', orderBy: [], maxResults: 1000, pageToken: null }
      const all = (await home.mlflow.registry.searchVersions(page)).items
      expect(all).toHaveLength(48)
      const taken = new Set<string>()
      const orders = fc.constantFrom('', 'name ASC', 'name DESC', 'last_updated_timestamp ASC', 'version_number DESC')
      const key: Record<string, (version: TrackedVersion) => number | string> = {
        name: ({ model }) => model,
        last_updated_timestamp: ({ updatedTime }) => updatedTime,
        version_number: ({ version }) => version,
      }
      await fc.assert(
        fc.asyncProperty(
          filtersOf(ofVersion),
          orders,
          fc.constantFrom(3, 100),
          choices,
          async (filter, order, maxResults, stream) => {
            const choose = chooser(stream, taken)
            const found = await allPages((pageToken) =>
              home.database.read((sql) =>
                searchVersions(
                  sql,
                  { filter: filter.text, orderBy: order ? [order] : [], maxResults, pageToken },
                  choose,
                ),
              ),
            )
            const [column, direction] = (order || 'last_updated_timestamp DESC').split(' ') as [string, string]
            const expected = all.filter(filter.holds).sort((left, right) => {
              const [l, r] = [key[column]!(left), key[column]!(right)]
              if (l !== r) return (l < r ? -1 : 1) * (direction === 'ASC' ? 1 : -1)
              return compareTexts(left.model, right.model) || right.version - left.version
            })
            expect(found).toEqual(expected)
          },
        ),
        { numRuns: 150 },
      )
      for (const by of ['all', 'candidates', 'candidates with sets', 'top']) expect(taken).toContain(by)
    })

    test('among logged models leads to what a plain look at each finds', async () => {
      const page = { filter: '', orderBy: [], maxResults: 1000, pageToken: null, experimentIds: experiments }
      const all = (await home.mlflow.loggedModels.search(page)).items
      expect(all).toHaveLength(50)
      const taken = new Set<string>()
      await fc.assert(
        fc.asyncProperty(
          fc.oneof({ arbitrary: filtersOf(ofLoggedModel), weight: 5 }, fc.constant({ text: '', holds: () => true })),
          loggedOrders,
          fc.constantFrom(3, 100),
          fc.integer({ min: 1, max: 2 }),
          choices,
          async (filter, orderBy, maxResults, nExperiments, stream) => {
            const choose = chooser(stream, taken)
            const experimentIds = experiments.slice(0, nExperiments)
            const found = await allPages((pageToken) =>
              home.database.read(async (sql) => {
                const search = { experimentIds, filter: filter.text, orderBy, maxResults, pageToken }
                const { rows, keys, pin } = await findLoggedModels<{ id: string }>(sql, search, choose)
                return pageOf(
                  rows,
                  maxResults,
                  (row) => sortValues(row, keys),
                  pin,
                  async (some) => some.map(({ id }) => id),
                )
              }),
            )
            const expected = all
              .filter((model) => experimentIds.includes(model.experimentId) && filter.holds(model))
              .sort(compareLogged(orderBy))
            expect(found).toEqual(expected.map(({ id }) => id))
          },
        ),
        { numRuns: 250 },
      )
      for (const by of ['all', 'candidates', 'top', 'walk', 'walk with sets']) expect(taken).toContain(by)
    })
  })
}

async function allPages<Item>(
  page: (token: string | null) => Promise<{ items: readonly Item[]; nextPageToken: string | null }>,
): Promise<Item[]> {
  const found: Item[] = []
  let token: string | null = null
  do {
    const { items, nextPageToken }: { items: readonly Item[]; nextPageToken: string | null } = await page(token)
    found.push(...items)
    token = nextPageToken
  } while (token !== null)
  return found
}

/** Models with versions, one of them deleted, and logged models of two experiments, measured with none, one or two datasets. */
async function fill({ mlflow }: Home): Promise<string[]> {
  const { registry, loggedModels, runs } = mlflow
  const tagsOf = (i: number) => [
    ...(i % 3 === 0 ? [] : [{ key: 'k', value: TEXTS[i % TEXTS.length]! }]),
    ...(i % 11 === 0 ? [{ key: 'rare', value: 'xy' }] : []),
  ]
  for (let i = 0; i < 7; i += 1) {
    const by = { actor: 'ana', now: 1000 + i }
    const model = `m${i % 2 === 0 ? '' : '1'}${i}`
    await registry.createModel({ name: model, description: null, tags: [] }, by)
    for (let v = 0; v < 7; v += 1) {
      const prompt = v % 3 === 0 ? [] : [{ key: 'mlflow.prompt.is_prompt', value: v % 3 === 1 ? 'true' : 'false' }]
      const about = { source: 's', storageLocation: null, description: null, runLink: null, modelId: null, files: [] }
      await registry.createVersion(
        { ...about, model, runId: `r${v}`, tags: [...tagsOf(i * 7 + v), ...prompt] },
        { actor: 'ana', now: 1000 + ((i * 5 + v) % 9) },
      )
    }
    if (i === 3) await registry.deleteVersion(model, 2, by)
    if (i === 4) await registry.setStage({ model, version: 3, stage: 'Staging', archiveExisting: false }, by)
  }
  const experiments = [
    await mlflow.experiments.create({ name: 'one', tags: [], now: 1 }),
    await mlflow.experiments.create({ name: 'two', tags: [], now: 1 }),
  ]
  for (let i = 0; i < 50; i += 1) {
    const experimentId = experiments[i % 2]!
    const run = await runs.create({ experimentId, userId: '', name: null, startTime: 1, tags: [] })
    const { id } = await loggedModels.create({
      ...{ experimentId, name: `l${i % 20}`, modelType: i % 3 === 0 ? 'agent' : null, sourceRunId: run.info.id },
      ...{ params: tagsOf(i + 2), tags: tagsOf(i), now: 1000 + (i % 8) },
    })
    const measured = (key: string, value: number, dataset: string | null, timestamp: number) => ({
      ...{ key, value, timestamp, step: 0, modelId: id },
      ...(dataset === null ? {} : { datasetName: dataset, datasetDigest: 'x' }),
    })
    await runs.log(run.info.id, {
      metrics: [
        ...(i % 5 === 0 ? [] : [measured('a', [0, 0.5, 1, Number.NaN, 3][i % 4 === 3 ? 3 : i % 3]!, null, i % 4)]),
        ...(i % 2 === 0 ? [measured('a', (i % 6) / 2, 'd1', 2)] : []),
        ...(i % 7 === 0 ? [measured('a', -1, 'd2', i % 3)] : []),
        ...(i % 3 === 0 ? [measured('b', i % 4, 'd1', 1)] : []),
      ],
    })
  }
  return experiments
}

describeRows('SQLite', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-rows-'))
  return { place: folder, remove: () => rm(folder, { recursive: true }) }
})

const homes = postgresHomes()
describeRows('PostgreSQL', () => homes.place())
