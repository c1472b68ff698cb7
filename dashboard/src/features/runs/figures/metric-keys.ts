import type { Run } from '../../../../../src/track/tracking-store.ts'

/** Those that tell most about a run go first; the rest follows by name. */
const PREFERRED = [
  'f1_macro',
  'f1',
  'accuracy',
  'roc_auc_ovr',
  'roc_auc',
  'log_loss',
  'rmse',
  'mae',
  'r2',
  'silhouette',
]

/** Parts of a metric's name that make it a detail of another: spreads and interval ends. */
const DETAIL = /\.(std|low|high|lower|upper|seconds)$|^(seconds|fold)/

/** "test.f1_macro" -> "f1_macro". */
function measureOf(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}

/** The stage that a metric is of: "test", "cv"; empty when its name tells none. */
function stageOf(key: string): string {
  return key.includes('.') ? key.slice(0, key.indexOf('.')) : ''
}

/**
 * The metrics worth a column each: of one stage (test before cross-validation), the telling ones first. Runs of several tasks,
 * which share no metrics, get their share of the columns each.
 * @param limit How many columns there is room for.
 */
export function mainMetrics(runs: readonly Run[], limit: number): string[] {
  const byTask = Map.groupBy(
    runs.filter((run) => Object.keys(run.metrics).length > 0),
    (run) => run.params['task'] ?? '',
  )
  const room = Math.max(1, Math.floor(limit / Math.max(1, byTask.size)))
  const keys = [...byTask.values()].flatMap((ofTask) => mainMetricsOfTask(ofTask).slice(0, room))
  return [...new Set(keys)]
}

function mainMetricsOfTask(runs: readonly Run[]): string[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].filter((key) => !DETAIL.test(key))
  const stages = ['test', 'cv', '', ...keys.map(stageOf)]
  const stage = stages.find((candidate) => keys.some((key) => stageOf(key) === candidate))
  return sortMetrics(keys.filter((key) => stageOf(key) === stage))
}

/** Metric names in reading order: by stage, then the telling ones, then by name. */
export function sortMetrics(keys: readonly string[]): string[] {
  const rank = (key: string): number => {
    const place = PREFERRED.indexOf(measureOf(key))
    return place < 0 ? PREFERRED.length : place
  }
  const stageRank = (key: string): number => ['test', 'cv', ''].indexOf(stageOf(key)) >>> 0
  return keys.toSorted((a, b) => stageRank(a) - stageRank(b) || rank(a) - rank(b) || a.localeCompare(b, 'en'))
}

const SMALLER =
  /loss|brier|error|deviance|divergence|seconds|bytes|davies_bouldin|(^|_)(ece|rmse|mse|mae|mape|pinball)(_|$)/
const GREATER =
  /accuracy|precision|recall|f1|auc|kappa|mcc|silhouette|stability|calinski_harabasz|agreement|coverage|(^|_)(r2|score)(_|$)/

/** Which way a metric is better, by its name; null for one whose name does not tell, such as `epoch` of somebody's own run. */
export function betterWhen(key: string): 'smaller' | 'greater' | null {
  const measure = measureOf(key)
  return SMALLER.test(measure) ? 'smaller' : GREATER.test(measure) ? 'greater' : null
}

/** Title of a column: "test f1_macro". */
export function metricTitle(key: string): string {
  return key.replaceAll('.', ' ')
}
