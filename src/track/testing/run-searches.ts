import fc from 'fast-check'
import type { DatasetInput, TrackedRun } from '../mlflow-model.ts'
import type { MlflowStores } from '../mlflow-stores.ts'

/** Searches of runs by chance, and what each means when it is asked of one run after the other: what every way of a store to go about them is held against. */

/** A filter and what it means. */
export interface Meaning<Item = TrackedRun> {
  readonly text: string
  readonly holds: (item: Item) => boolean
}

const KEYS = ['a', 'b', 'rare', 'none']
const NUMBERS = [Number.NEGATIVE_INFINITY, -1.5, 0, 0.25, 0.5, 0.75, 1, 1e9]
const TEXTS = ['x', 'xy', 'xyz', 'X', 'y', '', 'ü', `${'long '.repeat(25)}1`, `${'long '.repeat(25)}2`]

const metricOf = (run: TrackedRun, key: string) => run.metrics.find((metric) => metric.key === key)?.value
const textOf = (run: TrackedRun, group: 'params' | 'tags', key: string) =>
  run[group].find((one) => one.key === key)?.value

const COMPARE: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
}

const onMetric = fc
  .tuple(
    fc.constantFrom(...KEYS),
    fc.constantFrom(...Object.keys(COMPARE)),
    fc.constantFrom(-1.5, 0, 0.25, 0.5, 0.75, 1, 2),
  )
  .map(
    ([key, comparator, bound]): Meaning => ({
      text: `metrics.${key} ${comparator} ${bound}`,
      // NaN matches nothing, as what is not there.
      holds: (run) => {
        const value = metricOf(run, key)
        return value !== undefined && !Number.isNaN(value) && COMPARE[comparator]!(value, bound)
      },
    }),
  )

const onText = fc
  .tuple(
    fc.constantFrom('params' as const, 'tags' as const),
    fc.constantFrom('k', 'rare', 'none'),
    fc.constantFrom('=', '!=', 'LIKE', 'ILIKE'),
    fc.constantFrom(...TEXTS),
    fc.constantFrom('', '%', '_', '%y%'),
  )
  .map(([group, key, comparator, text, more]): Meaning => {
    const pattern = comparator.endsWith('LIKE') ? text + more : text
    const like = new RegExp(
      `^${Array.from(pattern, (c) => (c === '%' ? '.*' : c === '_' ? '.' : c)).join('')}$`,
      `us${comparator === 'ILIKE' ? 'i' : ''}`,
    )
    return {
      text: `${group}.${key} ${comparator} '${pattern}'`,
      holds: (run) => {
        const value = textOf(run, group, key)
        if (value === undefined) return false
        if (comparator === '=') return value === pattern
        return comparator === '!=' ? value !== pattern : like.test(value)
      },
    }
  })

const onRun = fc.constantFrom<Meaning>(
  { text: "attributes.status = 'FINISHED'", holds: (run) => run.info.status === 'FINISHED' },
  { text: "attributes.run_name = 'night-7'", holds: (run) => run.info.name === 'night-7' },
  { text: "run_name LIKE 'Night%'", holds: (run) => run.info.name.startsWith('Night') },
  { text: "run_name ILIKE '%HT-1_'", holds: (run) => /ht-1.$/i.test(run.info.name) },
  { text: "attributes.user_id != 'ana'", holds: (run) => run.info.userId !== 'ana' },
  { text: 'attributes.start_time <= 1003', holds: (run) => run.info.startTime <= 1003 },
  { text: 'duration < 4', holds: (run) => run.info.endTime !== null && run.info.endTime - run.info.startTime < 4 },
  { text: "datasets.name = 'd18'", holds: (run) => run.datasetInputs.some(({ dataset }) => dataset.name === 'd18') },
  {
    text: "dataset.context = 'train'",
    holds: (run) => run.datasetInputs.some(({ tags }) => tags.some(({ value }) => value === 'train')),
  },
  { text: 'end_time > 1005', holds: (run) => run.info.endTime !== null && run.info.endTime > 1005 },
  { text: 'metrics.a IS NULL', holds: (run) => metricOf(run, 'a') === undefined },
  { text: 'metrics.b IS NULL', holds: (run) => metricOf(run, 'b') === undefined },
  { text: 'tags.k IS NOT NULL', holds: (run) => textOf(run, 'tags', 'k') !== undefined },
  { text: "params.k IN ('x', 'y')", holds: (run) => ['x', 'y'].includes(textOf(run, 'params', 'k')!) },
  {
    text: "tags.k NOT IN ('x', 'y', 'xyz')",
    holds: (run) => !['x', 'y', 'xyz'].includes(textOf(run, 'tags', 'k') ?? 'x'),
  },
  {
    text: "attributes.status NOT IN ('FAILED', 'RUNNING')",
    holds: (run) => !['FAILED', 'RUNNING'].includes(run.info.status),
  },
)

/** Clauses joined by AND, OR, NOT. */
export function filtersOf<Item>(clause: fc.Arbitrary<Meaning<Item>>): fc.Arbitrary<Meaning<Item>> {
  return fc.letrec<{ filter: Meaning<Item> }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      { arbitrary: clause, weight: 3 },
      {
        arbitrary: fc.tuple(fc.constantFrom('AND', 'OR'), fc.array(tie('filter'), { minLength: 2, maxLength: 3 })).map(
          ([word, items]): Meaning<Item> => ({
            text: `(${items.map(({ text }) => text).join(` ${word} `)})`,
            holds: (item) =>
              word === 'AND' ? items.every(({ holds }) => holds(item)) : items.some(({ holds }) => holds(item)),
          }),
        ),
        weight: 2,
      },
      {
        arbitrary: tie('filter').map(
          ({ text, holds }): Meaning<Item> => ({ text: `NOT (${text})`, holds: (item) => !holds(item) }),
        ),
        weight: 1,
      },
    ),
  })).filter
}

/** Filters of runs, of all forms. */
export const filters = filtersOf(fc.oneof(onMetric, onText, onRun))

/** A term of an order. */
export type Order = { readonly text: string; readonly compare: (left: TrackedRun, right: TrackedRun) => number }

const byMetric = fc.tuple(fc.constantFrom(...KEYS), fc.boolean()).map(
  ([key, ascending]): Order => ({
    text: `metrics.${key} ${ascending ? 'ASC' : 'DESC'}`,
    // Numbers, then NaN, then what has none, in both directions.
    compare: (left, right) => {
      const [l, r] = [metricOf(left, key), metricOf(right, key)]
      const phase = (value: number | undefined) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0)
      if (phase(l) !== phase(r) || phase(l) > 0) return phase(l) - phase(r)
      return l === r ? 0 : (l! < r! ? -1 : 1) * (ascending ? 1 : -1)
    },
  }),
)
const byText = fc
  .tuple(fc.constantFrom('params' as const, 'tags' as const), fc.constantFrom('k', 'rare', 'none'), fc.boolean())
  .map(
    ([group, key, ascending]): Order => ({
      text: `${group}.${key} ${ascending ? 'ASC' : 'DESC'}`,
      // What has none comes last, in both directions.
      compare: (left, right) => {
        const [l, r] = [textOf(left, group, key), textOf(right, group, key)]
        if (l === undefined || r === undefined) return Number(l === undefined) - Number(r === undefined)
        return compareTexts(l, r) * (ascending ? 1 : -1)
      },
    }),
  )
const orders = fc.oneof(
  byMetric,
  byText,
  fc.constantFrom<Order>(
    { text: 'attributes.run_name ASC', compare: (left, right) => compareTexts(left.info.name, right.info.name) },
    { text: 'start_time DESC', compare: (left, right) => right.info.startTime - left.info.startTime },
    { text: 'attributes.start_time ASC', compare: (left, right) => left.info.startTime - right.info.startTime },
    { text: 'attributes.status DESC', compare: (left, right) => compareTexts(right.info.status, left.info.status) },
  ),
)
export const compareTexts = (left: string, right: string) => (left === right ? 0 : left < right ? -1 : 1)

/** Orders of up to two terms, which name different things. */
export const ordersOfTerms = fc.uniqueArray(orders, {
  maxLength: 2,
  selector: ({ text }) => text.split(' ')[0]!.replace(/^attributes\./, ''),
})

const own = (left: TrackedRun, right: TrackedRun) =>
  right.info.startTime - left.info.startTime || compareTexts(left.info.id, right.info.id)

/** Ids of the runs that a search finds, all of them in its order. */
export function searchedPlainly(
  all: readonly TrackedRun[],
  { experimentIds, holds }: { experimentIds: readonly string[]; holds: Meaning['holds'] },
  order: readonly Order[],
): string[] {
  return all
    .filter((run) => experimentIds.includes(run.info.experimentId) && holds(run))
    .sort((left, right) => {
      for (const { compare } of order) {
        const by = compare(left, right)
        if (by !== 0) return by
      }
      return own(left, right)
    })
    .map(({ info }) => info.id)
}

const datasetOf = (i: number): DatasetInput['dataset'] => ({
  name: `d${i}`,
  digest: 'd',
  sourceType: 'local',
  source: '{}',
  schema: null,
  profile: null,
})

/** Ninety runs in three experiments, with values of all kinds: missing, NaN, infinite, alike, long. */
export async function logSearchedRuns({ runs, experiments: experimentStore }: MlflowStores) {
  const experiments: string[] = []
  for (const label of ['one', 'two', 'three'])
    experiments.push(await experimentStore.create({ name: label, tags: [], now: 1 }))
  const ids: string[] = []
  for (let i = 0; i < 90; i += 1) {
    const { info } = await runs.create({
      experimentId: experiments[i % 3]!,
      userId: i % 6 === 0 ? 'bo' : 'ana',
      name: `${i % 5 === 0 ? 'Night' : 'night'}-${i % 20}`,
      startTime: 1000 + (i % 10),
      tags: [],
    })
    ids.push(info.id)
    const metric = (key: string, value: number) => ({ key, value, timestamp: 1, step: 0 })
    const at = { timestamp: 1, step: 0 }
    await runs.log(info.id, {
      metrics: [
        ...(i % 7 === 0 ? [] : [metric('a', i % 11 === 0 ? Number.NaN : NUMBERS[(i * 5) % NUMBERS.length]!)]),
        { key: 'b', value: NUMBERS[(i * 3) % NUMBERS.length]!, ...at },
        ...(i % 30 === 0 ? [metric('rare', i)] : []),
      ],
      params: [{ key: 'k', value: TEXTS[i % TEXTS.length]! }, ...(i % 40 === 0 ? [{ key: 'rare', value: 'xy' }] : [])],
      tags: i % 2 === 0 ? [{ key: 'k', value: TEXTS[(i * 7) % TEXTS.length]! }] : [],
    })
    if (i % 9 === 0)
      await runs.logInputs(
        info.id,
        [{ dataset: datasetOf(i), tags: i % 2 === 0 ? [{ key: 'mlflow.data.context', value: 'train' }] : [] }],
        [],
      )
    if (i % 4 !== 0)
      await runs.update(info.id, { status: i % 4 === 1 ? 'FAILED' : 'FINISHED', endTime: 1000 + (i % 12) }, 5)
  }
  return { experiments, all: await Promise.all(ids.map((id) => runs.get(id))) }
}
