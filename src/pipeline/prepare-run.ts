import type { LoadedDataset } from '../data/load-dataset.ts'
import type { DataPlace } from '../data/table-source.ts'
import { BellwetherError } from '../errors.ts'
import type { Metric } from '../evaluate/metrics/metric.ts'
import { metricNamed, scoringMetric } from '../evaluate/metrics/registry.ts'
import type { Fold } from '../evaluate/splits/fold.ts'
import { foldsFor } from '../evaluate/splits/folds-for.ts'
import { trainTestSplit } from '../evaluate/splits/train-test-split.ts'
import { makeTarget } from '../evaluate/target.ts'
import { clusterers } from '../learn/cluster/clusterers.ts'
import type { Encoding } from '../learn/estimator.ts'
import { defaultModels, estimator } from '../learn/estimators.ts'
import { type PreparedFeatures, prepareFeatures } from '../learn/fitted-pipeline.ts'
import { checkActionable } from '../packaging/actionable/actionable-fields.ts'
import { columnOf, selectRows, type Table } from '../table/table.ts'
import { selectTarget, type Target, targetLength } from '../table/target.ts'
import type { Project } from './load-project.ts'
import { loadProjectData, projectPlace } from './load-project-data.ts'
import { checkDirections, directionsOf } from './monotone.ts'
import { isSupervised, type ProjectOptions, type SupervisedOptions } from './project.ts'
import { type Roles, resolveRoles } from './roles.ts'
import { familyOf } from './search-families.ts'

export interface RunRequest {
  readonly project: Project
  /** Where the table is, absolute. */
  readonly file: DataPlace
  /** The table, where it is at hand: it is then not read from `file`. */
  readonly dataset?: LoadedDataset
  readonly trials?: number
  readonly method?: ProjectOptions['search']['method']
  /** In place of the project's, and of its `trialsDone`. */
  readonly timeBudgetSeconds?: number
  /** In place of the project's, and of its `timeBudgetSeconds`. */
  readonly trialsDone?: number
  readonly models?: readonly string[]
  readonly seed?: number
  /** In place of the project's split: which rows are for training and which for the test, as when runs are repeated over folds. */
  readonly rowsFor?: (target: Target) => { readonly train: Uint32Array; readonly test: Uint32Array }
  readonly signal?: AbortSignal
}

/** Everything a run needs, checked; nothing is written yet. */
export interface PreparedRun {
  readonly project: Project
  /** The project's options with what the command line overrides. */
  readonly options: SupervisedOptions
  readonly dataset: LoadedDataset
  readonly roles: Roles
  readonly families: readonly string[]
  readonly scoring: Metric
  readonly train: { readonly rows: Uint32Array; readonly table: Table; readonly target: Target }
  readonly test: { readonly rows: Uint32Array; readonly table: Table; readonly target: Target }
  readonly folds: readonly Fold[]
  /** Features fitted on all training rows, by encoding: what the best of each kind is fitted on in the end. */
  readonly features: ReadonlyMap<Encoding, PreparedFeatures>
  /** What was noticed and gone on with, in sentences. */
  readonly warnings: readonly string[]
  /** Said of the data wherever the model shows. */
  readonly notes: readonly string[]
}

/**
 * Reads and checks a run's data, columns, target, splits and features. Bad input ends here, before anything is written.
 * @throws every code of bad input: of the file, the project, the target, the folds, an expression
 */
export async function prepareRun(request: RunRequest): Promise<PreparedRun> {
  const options = withOverrides(request)
  if (!isSupervised(options)) {
    const message = 'expected classification or regression here; clustering has no target'
    throw new BellwetherError('PROJECT_INVALID', `task: ${message}.`, { details: [{ path: 'task', message }] })
  }
  const families = options.models ?? defaultModels(options.task)
  for (const name of families) {
    if (!estimator(name).tasks.includes(options.task)) {
      throw new BellwetherError(
        'PROJECT_INVALID',
        `models: "${name}" cannot do ${options.task}; the defaults are ${defaultModels(options.task).join(', ')}.`,
      )
    }
  }
  for (const name of Object.keys(options.search.spaces))
    familyOf(name, { nRows: 1, nColumns: 1, task: options.task }, options.search.spaces)
  const scoringName = options.search.scoring ?? (options.task === 'classification' ? 'f1_macro' : 'rmse')
  metricNamed(scoringName, options.task)
  for (const gate of options.gates) metricNamed(gate.metric, options.task)

  const dataset = request.dataset ?? (await loadProjectData(options, request.file, { signal: request.signal }))
  const roles = resolveRoles(dataset.schema, options.data)
  const target = makeTarget(
    roles.expression ? roles.expression.evaluate(dataset.table) : columnOf(dataset.table, roles.target),
    roles.target,
    options.task,
  )
  const scoring = scoringMetric(scoringName, target)
  const split =
    request.rowsFor?.(target) ??
    trainTestSplit(targetLength(target), {
      testSize: options.split.test,
      seed: options.split.seed,
      ...(options.split.stratify && target.task === 'classification' ? { stratify: target } : {}),
    })
  const part = (rows: Uint32Array) => ({
    rows,
    table: selectRows(dataset.table, rows),
    target: selectTarget(target, rows),
  })
  const train = part(split.train)
  const test = part(split.test)
  const folds = foldsFor(train.target, options.search.folds, options.search.seed)

  checkActionable(
    options.serving.actionable,
    dataset.schema.columns.filter(({ name }) => roles.inputs.includes(name)),
  )
  const monotone = directionsOf(options.data, dataset.schema)
  const undirected = checkDirections(monotone, {
    schema: dataset.schema,
    roles,
    target,
    families,
    features: options.features,
  })
  const encodings = new Set([...families, 'baseline'].map((name) => estimator(name).encoding))
  const features = new Map<Encoding, PreparedFeatures>()
  for (const encoding of encodings) {
    features.set(
      encoding,
      prepareFeatures({
        table: train.table,
        schema: dataset.schema,
        inputs: roles.inputs,
        target: train.target,
        featureOptions: options.features,
        encoding,
        seed: options.search.seed,
        monotone,
      }),
    )
  }
  const warnings = [...dataset.warnings, ...undirected]
  for (const prepared of features.values()) {
    for (const { message } of prepared.warnings) if (!warnings.includes(message)) warnings.push(message)
  }
  const source = projectPlace(options, request.project.folder)
  return {
    project: request.project,
    options,
    dataset,
    roles,
    families,
    scoring,
    train,
    test,
    folds,
    features,
    warnings,
    notes: JSON.stringify(source) === JSON.stringify(request.file) ? options.sourceNotes : [],
  }
}

export function withOverrides({ project, models, seed, ...own }: RunRequest): ProjectOptions {
  const { options } = project
  for (const name of models ?? []) if (!clusterers.has(name)) estimator(name)
  return {
    ...options,
    ...(models ? { models: [...models] } : {}),
    split: { ...options.split, ...(seed === undefined ? {} : { seed }) },
    search: { ...searchOf(options.search, own), ...(seed === undefined ? {} : { seed }) },
  }
}

type SearchOverrides = Pick<RunRequest, 'trials' | 'method' | 'timeBudgetSeconds' | 'trialsDone'>

/** @throws PROJECT_INVALID where both limits are set in one place */
function searchOf(
  options: ProjectOptions['search'],
  { trials, method, timeBudgetSeconds, trialsDone }: SearchOverrides,
): ProjectOptions['search'] {
  const asked = timeBudgetSeconds !== undefined || trialsDone !== undefined
  const limits = asked ? { timeBudgetSeconds, trialsDone } : options
  if (limits.timeBudgetSeconds !== undefined && limits.trialsDone !== undefined) {
    const message = 'a search ends by time (timeBudgetSeconds) or after a number of trials (trialsDone), not by both'
    throw new BellwetherError('PROJECT_INVALID', `search: ${message}.`, { details: [{ path: 'search', message }] })
  }
  const { timeBudgetSeconds: _, trialsDone: __, ...rest } = options
  return {
    ...rest,
    ...(trials === undefined ? {} : { trials }),
    ...(method === undefined ? {} : { method }),
    ...(limits.timeBudgetSeconds === undefined ? {} : { timeBudgetSeconds: limits.timeBudgetSeconds }),
    ...(limits.trialsDone === undefined ? {} : { trialsDone: limits.trialsDone }),
  }
}
