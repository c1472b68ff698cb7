import { BellwetherError } from '../errors.ts'
import type { ModelManifest } from '../packaging/manifest.ts'
import { readAnyPackage } from '../packaging/read-package.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetStore, DatasetVersion } from '../track/dataset-store.ts'
import type { ModelRegistry, ModelVersion, PackageFile } from '../track/model-registry.ts'
import type { RunDetail, TrackingStore } from '../track/tracking-store.ts'
import {
  compareFiles,
  compareManifests,
  type FileComparison,
  type ValueDifference,
  type Verdict,
  verdictOf,
} from './compare-packages.ts'
import { distillAgain } from './distill-again.ts'
import { executeClustering } from './execute-clustering.ts'
import { executeRun } from './execute-run.ts'
import type { Project } from './load-project.ts'
import { prepareClustering } from './prepare-clustering.ts'
import { prepareRun } from './prepare-run.ts'
import { ProjectOptions } from './project.ts'
import type { Provenance } from './provenance.ts'
import { reasonsOf } from './reproduction-reasons.ts'
import type { RunDeps } from './run-deps.ts'
import { TEACHER_TAG } from './run-tags.ts'
import { SEARCH_RECORD, SearchRecord } from './search-record.ts'
import { storedDataset } from './stored-dataset.ts'
import { versionOfRun } from './version-of-run.ts'

/** What came of making a run again; `--json` prints it. */
export interface Reproduction {
  readonly runId: string
  readonly model: { readonly name: string; readonly version: number }
  /** Of a distilled student: whose answers it learnt, as that was called then. */
  readonly teacher?: { readonly name: string; readonly version: number }
  readonly dataset: { readonly id: string; readonly rows: number }
  readonly verdict: Verdict
  /** Each file of the package, as it is kept and as it was made again. */
  readonly files: readonly FileComparison[]
  /** What the two manifests disagree in. */
  readonly differences: readonly ValueDifference[]
  /** Why files may differ, in sentences: what is known to be another one than then. */
  readonly reasons: readonly string[]
  readonly seconds: number
}

/** Stores that a run is recorded in. */
type Stores = Pick<RunDeps, 'tracking' | 'datasets' | 'models' | 'blobs'>

export interface ReproduceDeps {
  readonly tracking: TrackingStore
  readonly datasets: DatasetStore
  readonly models: ModelRegistry
  readonly blobs: BlobStore
  /** An empty home, in which the run is made again. */
  readonly scratch: Stores
  readonly clock: () => number
  /** Of this program; its `git` is that of the project's folder as it is now, null where that is not known. */
  readonly provenance: Provenance
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onEvent: RunDeps['onEvent']
  /** Options in place of those that the run had: whether they would make the same model. */
  readonly project?: Project
}

/**
 * Makes a run again from its lineage, and compares the package with the one that it made, byte for byte: the dataset version from the store, the
 * options and the seed from the package; a distilled student from its teacher's package too. Nothing is written but to the scratch home.
 * @param id The run's, or its first 6 characters or more.
 * @throws RUN_NOT_FOUND; RUN_NOT_REPRODUCIBLE where it made no version, one that was not trained here, or one whose teacher is gone; DATASET_NOT_FOUND, BLOB_NOT_FOUND where its
 *   data is gone; PACKAGE_CORRUPT where its package is not whole; CANCELLED
 */
export async function reproduceRun(id: string, deps: ReproduceDeps): Promise<Reproduction> {
  const started = deps.clock()
  const run = await deps.tracking.run(id)
  const version = await versionOfRun(run.id, deps.models)
  refuseUnlessTrained(run, version)
  const { manifest } = await readAnyPackage(deps.blobs, version.files)
  refuseUnlessTold(run, manifest, deps)
  const dataset = await deps.datasets.dataset(version.datasetId)
  const rebuilt = await packageAgain(run, manifest, dataset, deps)
  const { manifest: again } = await readAnyPackage({ get: (hash) => deps.scratch.blobs.get(hash) }, rebuilt)
  const files = compareFiles(version.files, rebuilt)
  const differences = compareManifests(manifest, again)
  const verdict = verdictOf(files, differences)
  return {
    runId: run.id,
    model: { name: version.model, version: version.version },
    ...(manifest.distilledFrom
      ? { teacher: { name: manifest.distilledFrom.model, version: manifest.distilledFrom.version } }
      : {}),
    dataset: { id: dataset.id, rows: dataset.nRows },
    verdict,
    files,
    differences,
    reasons: reasonsOf({ verdict, differences, manifest, run, now: deps.provenance }),
    seconds: Math.round(deps.clock() - started) / 1000,
  }
}

function refuseUnlessTrained(run: RunDetail, version: ModelVersion | null): asserts version is ModelVersion {
  const refuse = (why: string) => refuseRun(run, why)
  if (run.parentRunId) refuse(`is a trial of the run ${run.parentRunId.slice(0, 8)}, which is made again as a whole`)
  if (version === null) return refuse('made no model version: there is nothing to compare with')
  if (run.tags['bellwether.import'] || version.datasetId === '')
    refuse('brought in a model from elsewhere: it was not trained here')
}

/** A distillation must say which package taught it, and has no options of its own. */
function refuseUnlessTold(run: RunDetail, manifest: ModelManifest, { project }: ReproduceDeps): void {
  const teacher = run.tags[TEACHER_TAG]
  if (teacher && !manifest.distilledFrom)
    refuseRun(run, `distilled ${teacher} before packages said which bytes their teacher had; distil it again`)
  if (manifest.distilledFrom && project)
    refuseRun(run, "distilled another model, whose options it has: a project's are none of it")
}

function refuseRun(run: RunDetail, why: string): never {
  throw new BellwetherError('RUN_NOT_REPRODUCIBLE', `The run ${run.id.slice(0, 8)} ${why}.`)
}

/** The files of the run's package, made again. */
async function packageAgain(
  run: RunDetail,
  manifest: ModelManifest,
  dataset: DatasetVersion,
  deps: ReproduceDeps,
): Promise<readonly PackageFile[]> {
  if (manifest.distilledFrom) {
    return distillAgain(manifest, manifest.distilledFrom, dataset, {
      ...deps,
      scratch: deps.scratch.blobs,
      provenance: { ...deps.provenance, git: manifest.code },
    })
  }
  const options = deps.project?.options ?? (await optionsOf(run, manifest, deps))
  const loaded = await storedDataset(dataset, options, deps.blobs, deps.signal)
  return (await trainAgain(options, loaded, manifest, deps)).files
}

/** The options that a package was made with. @throws RUN_NOT_REPRODUCIBLE */
async function optionsOf(run: RunDetail, manifest: ModelManifest, { blobs }: ReproduceDeps): Promise<ProjectOptions> {
  const parsed = ProjectOptions.safeParse(manifest.project)
  if (!parsed.success) {
    throw new BellwetherError(
      'RUN_NOT_REPRODUCIBLE',
      `The run ${run.id.slice(0, 8)} had options that this version of Bellwether does not take.`,
      { details: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
    )
  }
  return { ...parsed.data, features: await inOrderOf(run, parsed.data.features, blobs) }
}

const DERIVED = 'features.derived.'

/** Derived columns in the order in which the project file had them, which is that of the features; a package has its keys by their names. */
async function inOrderOf(
  run: RunDetail,
  features: ProjectOptions['features'],
  blobs: BlobStore,
): Promise<ProjectOptions['features']> {
  const artifact = run.artifacts.find(({ path }) => path === SEARCH_RECORD)
  if (!artifact || Object.keys(features.derived).length < 2) return features
  const record = SearchRecord.safeParse(JSON.parse(new TextDecoder().decode(await blobs.get(artifact.hash))))
  if (!record.success) return features
  const order = Object.keys(record.data.options).filter((key) => key.startsWith(DERIVED))
  const place = (name: string) => order.indexOf(`${DERIVED}${name}`)
  const derived = Object.entries(features.derived).sort(([a], [b]) => place(a) - place(b))
  return { ...features, derived: Object.fromEntries(derived) }
}

async function trainAgain(
  options: ProjectOptions,
  dataset: Awaited<ReturnType<typeof storedDataset>>,
  manifest: ModelManifest,
  { project, scratch, clock, provenance, threads, signal, onEvent }: ReproduceDeps,
): Promise<ModelVersion> {
  const folder = project?.folder ?? '.'
  const request = {
    project: project ?? { file: '', folder, options },
    file: dataset.source,
    dataset,
    ...(signal ? { signal } : {}),
  }
  const deps = {
    ...scratch,
    clock,
    // The commit of the project's folder is a fact of the record: the data and the options were not taken from there.
    provenance: { ...provenance, git: manifest.code },
    actor: 'reproduce',
    throwaway: true,
    drawFigures: async () => [],
    onEvent,
    ...(signal ? { signal } : {}),
  }
  const { notes } = manifest
  const { model } =
    options.task === 'clustering'
      ? await executeClustering({ ...(await prepareClustering(request)), notes }, deps)
      : await executeRun({ ...(await prepareRun(request)), notes }, { ...deps, threads })
  return scratch.models.version(model.name, model.version)
}
