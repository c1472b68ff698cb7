import type { LoadedDataset } from '../data/load-dataset.ts'
import { BellwetherError } from '../errors.ts'
import type { FittedFeatures } from '../features/fitted-features.ts'
import { fitClusterFeatures } from '../learn/cluster/cluster-pipeline.ts'
import { clusterers } from '../learn/cluster/clusterers.ts'
import type { Matrix } from '../table/matrix.ts'
import type { Project } from './load-project.ts'
import { loadProjectData, projectPlace } from './load-project-data.ts'
import { type RunRequest, withOverrides } from './prepare-run.ts'
import type { ProjectOptions } from './project.ts'
import { type Roles, resolveInputs } from './roles.ts'

/** Everything that a run of clustering needs, checked; nothing is written yet. */
export interface PreparedClustering {
  readonly project: Project
  /** The project's options with what the command line overrides. */
  readonly options: ProjectOptions
  readonly dataset: LoadedDataset
  readonly roles: Pick<Roles, 'inputs' | 'barred'>
  /** Names of the clusterers that compete. */
  readonly models: readonly string[]
  /** Fitted on all rows: there is nothing that a row could give away. */
  readonly features: FittedFeatures
  readonly matrix: Matrix
  readonly warnings: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Reads and checks the data and options of a run of clustering. Bad input ends here, before anything is written.
 * @throws every code of bad input: of the file, the project, an expression; FEATURES_INVALID for what needs a target
 */
export async function prepareClustering(request: RunRequest): Promise<PreparedClustering> {
  const options = withOverrides(request)
  const models = options.models ?? ['k-means']
  checkOptions(options, models)
  const dataset = request.dataset ?? (await loadProjectData(options, request.file, { signal: request.signal }))
  const roles = resolveInputs(dataset.schema, options.data)
  const { features, matrix, warnings } = fitClusterFeatures({
    table: dataset.table,
    schema: dataset.schema,
    inputs: roles.inputs,
    featureOptions: options.features,
    seed: options.search.seed,
  })
  const source = projectPlace(options, request.project.folder)
  return {
    project: request.project,
    options,
    dataset,
    roles,
    models,
    features,
    matrix,
    warnings: [...new Set([...dataset.warnings, ...warnings.map(({ message }) => message)])],
    notes: JSON.stringify(source) === JSON.stringify(request.file) ? options.sourceNotes : [],
  }
}

/** What a gate of a clustering can look at; of mixtures also the criteria. */
const SCORES = ['silhouette', 'davies_bouldin', 'calinski_harabasz', 'stability']
const CRITERIA = ['bic', 'aic']

/** @throws PROJECT_INVALID */
function checkOptions({ clusters, gates, search }: ProjectOptions, models: readonly string[]): void {
  const refuse = (path: string, message: string): never => {
    throw new BellwetherError('PROJECT_INVALID', `${path}: ${message}.`, { details: [{ path, message }] })
  }
  for (const name of models) {
    if (!clusterers.has(name))
      refuse('models', `"${name}" makes no clusters; there are ${[...clusterers.keys()].join(', ')}`)
    if (clusters.by !== 'silhouette' && name === 'k-means') {
      refuse('clusters.by', `k-means has no ${clusters.by}; choose by silhouette, or set models: [gaussian-mixture]`)
    }
  }
  for (const name of Object.keys(clusters.options)) {
    if (!models.includes(name)) refuse(`clusters.options.${name}`, `models has no ${name}; it has ${models.join(', ')}`)
  }
  const least = clusters.by === 'silhouette' ? 2 : 1
  if (clusters.from < least) refuse('clusters.from', `a ${clusters.by} takes at least ${least} clusters`)
  if (clusters.to < clusters.from)
    refuse('clusters.to', `expected ${clusters.from} (clusters.from) or more, got ${clusters.to}`)
  const mixtures = models.every((name) => name === 'gaussian-mixture')
  const known = [...SCORES, ...(mixtures ? CRITERIA : [])]
  for (const [i, { metric, betterThan }] of gates.entries()) {
    if (!known.includes(metric)) {
      const why = CRITERIA.includes(metric) ? 'gaussian-mixture alone has one' : 'no score of a clustering'
      refuse(`gates.${i}.metric`, `"${metric}" is ${why}; expected ${known.join(', ')}`)
    }
    if (betterThan) refuse(`gates.${i}.betterThan`, 'a clustering has no baseline; set min or max')
  }
  const limit = search.timeBudgetSeconds === undefined ? 'trialsDone' : 'timeBudgetSeconds'
  if (search[limit] !== undefined) {
    refuse(`search.${limit}`, 'a clustering makes no random trials; clusters.from and clusters.to say what is tried')
  }
}
