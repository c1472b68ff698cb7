import { openHome } from '../../src/store/open-home.ts'
import type { MlflowStores } from '../../src/track/mlflow-stores.ts'

/** One search whose time is taken. */
interface SearchForm {
  readonly title: string
  readonly filter: string
  readonly orderBy?: readonly string[]
  readonly maxResults?: number
}

/** Processor time of a search in the store, in milliseconds, and how many were found by it; the next page's where there is one. */
export interface FormTimes {
  readonly of: string
  readonly title: string
  readonly found: number
  readonly ms: number
  readonly nextMs: number | null
}

/** All that is asked of the filled runs: 50 metrics in [0, 1), a param of four values, one of as many as there are runs, a name. */
const RUN_FORMS: readonly SearchForm[] = [
  { title: 'no filter', filter: '' },
  { title: 'no filter, a page of 1,000', filter: '', maxResults: 1000 },
  { title: 'a metric, half match', filter: 'metrics.m07 > 0.5' },
  { title: 'a metric, half match, ordered by it', filter: 'metrics.m07 > 0.5', orderBy: ['metrics.m07 DESC'] },
  { title: 'ordered by a metric', filter: '', orderBy: ['metrics.m07 DESC'] },
  {
    title: 'two metrics, ordered by one',
    filter: 'metrics.m07 > 0.5 AND metrics.m13 < 0.5',
    orderBy: ['metrics.m07 DESC'],
  },
  {
    title: 'a metric of 1 in 100 and a param, by another',
    filter: "metrics.m07 > 0.99 AND params.estimator = 'forest'",
    orderBy: ['metrics.m21 ASC'],
  },
  {
    title: 'two metrics of 1 in 10, by a third',
    filter: 'metrics.m07 > 0.9 AND metrics.m13 > 0.9',
    orderBy: ['metrics.m21 ASC'],
  },
  { title: 'two metrics of 1 in 10, newest first', filter: 'metrics.m07 > 0.9 AND metrics.m13 > 0.9' },
  {
    title: 'three metrics of 3 in 10, by a fourth',
    filter: 'metrics.m07 > 0.7 AND metrics.m13 > 0.7 AND metrics.m30 > 0.7',
    orderBy: ['metrics.m21 DESC'],
  },
  {
    title: 'three metrics of 1 in 10, by a fourth',
    filter: 'metrics.m07 > 0.9 AND metrics.m13 > 0.9 AND metrics.m30 > 0.9',
    orderBy: ['metrics.m21 DESC'],
  },
  {
    title: 'four metrics of 1 in 4, newest first',
    filter: 'metrics.m07 > 0.75 AND metrics.m13 > 0.75 AND metrics.m30 > 0.75 AND metrics.m31 > 0.75',
  },
  {
    title: 'three metrics, few match, by a fourth',
    filter: 'metrics.m07 > 0.97 AND metrics.m13 > 0.97 AND metrics.m30 > 0.97',
    orderBy: ['metrics.m21 DESC'],
  },
  {
    title: 'a param of four values and a metric of 1 in 100, newest first',
    filter: "params.estimator = 'forest' AND metrics.m07 > 0.99",
  },
  {
    title: 'a param of four values and a metric of 2 in 1,000',
    filter: "params.estimator = 'forest' AND metrics.m07 > 0.998",
  },
  {
    title: 'a param of four values or a metric of 1 in 1,000',
    filter: "metrics.m07 > 0.999 OR params.estimator = 'forest'",
  },
  {
    title: 'a param of four values or a metric of 1 in 1,000, by a metric',
    filter: "metrics.m07 > 0.999 OR params.estimator = 'forest'",
    orderBy: ['metrics.m21 DESC'],
  },
  {
    title: 'a param of four values and a metric of 1 in 10, by a metric',
    filter: "params.estimator = 'forest' AND metrics.m07 > 0.9",
    orderBy: ['metrics.m21 DESC'],
  },
  {
    title: 'a param of four values and a metric of 1 in 10, by name',
    filter: "params.estimator = 'forest' AND metrics.m07 > 0.9",
    orderBy: ['attributes.run_name ASC'],
  },
  { title: 'a param of four values, by name', filter: "params.estimator = 'forest'", orderBy: ['run_name ASC'] },
  {
    title: 'a param of four values that no run has with the metric',
    filter: "params.estimator = 'forest' AND metrics.m07 > 2",
  },
  { title: 'a rare metric or a param', filter: "metrics.m07 > 0.999 OR params.seed = '33'" },
  {
    title: 'OR in AND, by a metric',
    filter: "(metrics.m07 > 0.999 OR metrics.m13 > 0.999) AND params.estimator = 'forest'",
    orderBy: ['metrics.m21 ASC'],
  },
  {
    title: 'OR of two of 1 in 4, by a metric',
    filter: '(metrics.m07 > 0.75 OR metrics.m13 > 0.75) AND metrics.m30 > 0.95',
    orderBy: ['metrics.m21 ASC'],
  },
  { title: "tags.name LIKE 'run-7777_'", filter: "tags.mlflow.runName LIKE 'run-7777_'" },
  { title: 'tags.name ILIKE in the midst', filter: "tags.mlflow.runName ILIKE '%99999%'" },
  { title: 'ordered by a param of four values', filter: '', orderBy: ['params.estimator ASC'] },
  { title: 'ordered by a param of 100,000', filter: '', orderBy: ['params.seed ASC'] },
  {
    title: 'ordered by a param of four values, half match',
    filter: 'metrics.m07 > 0.5',
    orderBy: ['params.estimator DESC'],
  },
  { title: 'ordered by a tag', filter: '', orderBy: ['tags.mlflow.runName ASC'] },
  { title: 'ordered by name', filter: '', orderBy: ['attributes.run_name ASC'] },
  { title: 'ordered by end', filter: '', orderBy: ['attributes.end_time DESC'] },
  { title: 'ordered by status', filter: '', orderBy: ['attributes.status ASC'] },
  { title: 'ordered by duration', filter: '', orderBy: ['attributes.duration ASC'] },
  { title: 'ordered by start, oldest first', filter: '', orderBy: ['attributes.start_time ASC'] },
  { title: 'ordered by run_id', filter: '', orderBy: ['attributes.run_id ASC'] },
  { title: 'half match, ordered by name', filter: 'metrics.m07 > 0.5', orderBy: ['attributes.run_name ASC'] },
  { title: 'NOT of what nearly all match', filter: 'NOT metrics.m07 > 0.001' },
  { title: 'IS NULL of what all have', filter: 'metrics.m07 IS NULL' },
  {
    title: 'four != of one param, none matches',
    filter:
      "params.estimator != 'boosting' AND params.estimator != 'forest' AND params.estimator != 'ridge' AND params.estimator != 'baseline'",
  },
  { title: 'a name that one run has', filter: "attributes.run_name = 'run-777'" },
  { title: 'a name that one run has, by a metric', filter: "run_name = 'run-777'", orderBy: ['metrics.m21 DESC'] },
  { title: 'how a name begins', filter: "attributes.run_name LIKE 'run-7777%'" },
  { title: 'how a name ends', filter: "attributes.run_name LIKE '%99999'" },
  { title: 'names without regard of case', filter: "attributes.run_name ILIKE '%RUN-9999%'" },
  { title: 'an end that nine runs have', filter: 'attributes.end_time < 1700000010000' },
  { title: 'a start that nine runs have', filter: 'attributes.start_time < 1700000010000' },
  { title: 'a status that none has', filter: "attributes.status = 'FAILED'" },
  { title: 'a user that none is', filter: "attributes.user_id = 'ana'" },
  { title: 'two runs by their ids', filter: "attributes.run_id IN ('x', 'y')" },
  { title: 'a dataset that none has', filter: "datasets.name = 'x'" },
  { title: 'a duration that none has', filter: 'attributes.duration > 600000', orderBy: ['metrics.m21 DESC'] },
]

const MODEL_FORMS: readonly SearchForm[] = [
  { title: 'no filter', filter: '' },
  { title: 'newest first', filter: '', orderBy: ['last_updated_timestamp DESC'] },
  { title: 'a name', filter: "name = 'team-07.model-00007'" },
  { title: 'how names begin', filter: "name LIKE 'team-07%'" },
  { title: 'what names hold, newest first', filter: "name LIKE '%777%'", orderBy: ['last_updated_timestamp DESC'] },
  { title: 'names without regard of case', filter: "name ILIKE '%MODEL-0777%'" },
  { title: 'a tag that one has', filter: "tags.tag1 = 'owner-777'" },
  { title: 'a tag of 1 in 40, newest first', filter: "tags.tag2 = 'team-7'", orderBy: ['last_updated_timestamp DESC'] },
  { title: 'two tags of 1 in 4', filter: "tags.tag3 = 'value-1' AND tags.tag4 = 'value-2'" },
  { title: 'a tag that none has', filter: "tags.tag9 = 'x'" },
  { title: 'a tag or a name', filter: "tags.tag2 = 'team-7' OR name LIKE 'team-08%'" },
  { title: 'a page of 1,000', filter: '', maxResults: 1000 },
  { title: 'not a prompt', filter: "tags.`mlflow.prompt.is_prompt` != 'true'" },
]

const VERSION_FORMS: readonly SearchForm[] = [
  { title: 'no filter', filter: '' },
  { title: 'of one model', filter: "name = 'team-07.model-00007'" },
  { title: 'of one model, by number', filter: "name = 'team-07.model-00007'", orderBy: ['version_number DESC'] },
  { title: 'of a run', filter: "run_id = '00000000000000000000000000003091'" },
  {
    title: 'of two runs',
    filter: "run_id IN ('00000000000000000000000000003091', '00000000000000000000000000003092')",
  },
  { title: 'how names begin', filter: "name LIKE 'team-07%'" },
  { title: 'what names hold', filter: "name LIKE '%777%'" },
  { title: 'names without regard of case', filter: "name ILIKE '%MODEL-0777%'" },
  { title: 'a tag that one has', filter: "tags.tag1 = 'build-7777'" },
  { title: 'a tag of 1 in 1,000', filter: "tags.tag2 = 'data-7'" },
  { title: 'two tags of 1 in 4', filter: "tags.tag3 = 'value-1' AND tags.tag4 = 'value-2'" },
  { title: 'a tag that none has', filter: "tags.tag9 = 'x'" },
  { title: 'a source', filter: "source_path = 'mlflow-artifacts:/1/77/7'" },
  { title: 'ordered by name', filter: '', orderBy: ['name ASC'] },
  { title: 'ordered by creation', filter: '', orderBy: ['creation_timestamp ASC'] },
  { title: 'oldest change first', filter: '', orderBy: ['last_updated_timestamp ASC'] },
  { title: 'a stage', filter: "current_stage = 'Production'" },
  { title: 'a stage that none has', filter: "current_stage = 'Staging'" },
  { title: 'a user of 50', filter: "user_id = 'user-7'" },
  { title: 'a page of 1,000', filter: '', maxResults: 1000 },
  { title: 'not a prompt', filter: "tags.`mlflow.prompt.is_prompt` != 'true'" },
]

const LOGGED_MODEL_FORMS: readonly SearchForm[] = [
  { title: 'no filter', filter: '' },
  { title: 'a name', filter: "name = 'logged-777'" },
  { title: 'how names begin', filter: "name LIKE 'logged-7777%'" },
  { title: 'a metric, half match', filter: 'metrics.m07 > 0.5' },
  { title: 'a metric, half match, ordered by it', filter: 'metrics.m07 > 0.5', orderBy: ['metrics.m07 DESC'] },
  { title: 'ordered by a metric', filter: '', orderBy: ['metrics.m07 DESC'] },
  { title: 'a metric of 1 in 10,000', filter: 'metrics.m07 > 0.9999' },
  {
    title: 'two metrics of 1 in 10, by a third',
    filter: 'metrics.m07 > 0.9 AND metrics.m03 > 0.9',
    orderBy: ['metrics.m05 ASC'],
  },
  { title: 'a param that one has', filter: "params.tag1 = '777'" },
  { title: 'a tag of 1 in 1,000', filter: "tags.tag1 = 'commit-7'" },
  { title: 'a tag that none has', filter: "tags.tag9 = 'x'" },
  { title: 'of a run', filter: "source_run_id = 'run-7'" },
  { title: 'a type, by name', filter: "model_type = 'agent'", orderBy: ['name ASC'] },
  { title: 'oldest change first', filter: '', orderBy: ['last_updated_timestamp ASC'] },
]

const EXPERIMENT_FORMS: readonly SearchForm[] = [
  { title: 'no filter', filter: '' },
  { title: 'a name', filter: "name = 'project-07/experiment-00007'" },
  { title: 'how names begin', filter: "name LIKE 'project-07%'" },
  { title: 'names without regard of case', filter: "name ILIKE '%EXPERIMENT-0777%'" },
  { title: 'a tag that one has', filter: "tags.tag1 = 'note of 800777'" },
  { title: 'a tag of 1 in 40', filter: "tags.tag2 = 'team-7'" },
  { title: 'a tag that none has', filter: "tags.tag9 = 'x'" },
  { title: 'newest change first', filter: '', orderBy: ['last_update_time DESC'] },
  { title: 'a page of 1,000', filter: '', maxResults: 1000 },
]

type Ask = (
  stores: MlflowStores,
  form: { filter: string; orderBy: string[]; maxResults: number; pageToken: string | null },
) => Promise<{ items: readonly unknown[]; nextPageToken: string | null }>

interface Searched {
  readonly of: string
  readonly forms: readonly SearchForm[]
  readonly ask: Ask
}

export const PAGE = 100

/** Searches of the runs of one experiment. */
export function formsOfRuns(experiment: string): Searched[] {
  const ask: Ask = ({ runs }, form) => runs.search({ ...form, experimentIds: [experiment], viewType: 'ACTIVE_ONLY' })
  return [{ of: 'runs', forms: RUN_FORMS, ask }]
}

/** Searches of everything else that can be searched. @param experiment The one that has the logged models. */
export function formsOfRegistry(experiment: string): Searched[] {
  return [
    { of: 'registered models', forms: MODEL_FORMS, ask: ({ registry }, form) => registry.searchModels(form) },
    { of: 'model versions', forms: VERSION_FORMS, ask: ({ registry }, form) => registry.searchVersions(form) },
    {
      of: 'logged models',
      forms: LOGGED_MODEL_FORMS,
      ask: ({ loggedModels }, { orderBy, ...form }) =>
        loggedModels.search({
          ...form,
          experimentIds: [experiment],
          datasets: [],
          orderBy: orderBy.map((term) => {
            const [field, direction] = term.split(' ') as [string, string]
            return { field, ascending: direction === 'ASC', datasetName: null, datasetDigest: null }
          }),
        }),
    },
    {
      of: 'experiments',
      forms: EXPERIMENT_FORMS,
      ask: ({ experiments }, form) => experiments.search({ ...form, viewType: 'ACTIVE_ONLY' }),
    },
  ]
}

/** Processor time of each search, in this process; medians. The first turn reads the file and counts for nothing. */
export async function measureForms(
  place: string,
  searched: readonly Searched[],
  repeats: number,
): Promise<FormTimes[]> {
  const home = await openHome(place, { ring: null })
  try {
    const times: FormTimes[] = []
    for (const { of, forms, ask } of searched) {
      for (const { title, filter, orderBy = [], maxResults = PAGE } of forms) {
        const timed = async (pageToken: string | null) => {
          const begun = process.cpuUsage()
          const page = await ask(home.mlflow, { filter, orderBy: [...orderBy], maxResults, pageToken })
          const { user, system } = process.cpuUsage(begun)
          return { page, ms: (user + system) / 1000 }
        }
        const first: number[] = []
        const next: number[] = []
        let found = 0
        for (let turn = -1; turn < repeats; turn += 1) {
          const { page, ms } = await timed(null)
          found = page.items.length
          const after = page.nextPageToken === null ? null : await timed(page.nextPageToken)
          if (turn < 0) continue
          first.push(ms)
          if (after) next.push(after.ms)
        }
        times.push({ of, title, found, ms: median(first), nextMs: next.length > 0 ? median(next) : null })
      }
    }
    return times
  } finally {
    await home.close()
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!
}
