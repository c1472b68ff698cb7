import { z } from 'zod'
import { BellwetherError } from '../errors.ts'
import { type AnsweringPipeline, answeringPipeline, restoreAnswering } from '../evaluate/answering-pipeline.ts'
import { type FittedClusterPipeline, restoreClusterPipeline } from '../learn/cluster/cluster-pipeline.ts'
import { TableProfile } from '../table/profile.ts'
import type { State } from '../table/state.ts'
import { canonicalJson } from './canonical-json.ts'
import {
  CLUSTERING_FORMAT_VERSION,
  MANIFEST_FILE,
  MODEL_FILE,
  ModelManifest,
  PROFILE_FILE,
  SIGNATURE_FILE,
} from './manifest.ts'
import { isMlflowModel } from './mlflow/mlflow-files.ts'
import { FOREIGN_FILE, isForeign } from './onnx/foreign-files.ts'
import { checkSeal, SEAL_FILE, type TrustedKeys } from './sign-manifest.ts'
import { type ClusteringSignature, ModelSignature, type PredictingSignature } from './signature.ts'
import { decodeState } from './state-codec.ts'
import type { WrittenFile } from './write-package.ts'

/** Where a package's bytes come from, checked against their hash; `track/blob-store.ts` has it. */
export interface PackageSource {
  /** @throws BLOB_NOT_FOUND, BLOB_CORRUPT */
  get(hash: string): Promise<Uint8Array>
  /**
   * All files of a package, read and checked beside this thread. Null where that did not work, for whatever reason: they are read by `get` then,
   * which says what is wrong. Left out where there is no such way.
   */
  readBeside?(files: readonly WrittenFile[], stateFile: string): Promise<PackageContents | null>
  /** Keys that a package must be signed with to be loaded from here; left out or null where any package may be. */
  readonly trustedKeys?: TrustedKeys | null
}

/** Files of a package whose bytes have the hashes that were asked for. */
export interface PackageContents {
  /** By their paths; without the state's, where that was decoded beside. */
  readonly files: Map<string, Uint8Array>
  /** Decoded already, or null. */
  readonly state: State | null
}

/** A model version that predicts a target, ready to answer. */
export interface LoadedModel {
  readonly manifest: ModelManifest & { readonly task: PredictingSignature['task'] }
  readonly signature: PredictingSignature
  readonly pipeline: AnsweringPipeline
  /** Of the training rows. */
  readonly profile: TableProfile
}

/** A model version that says which cluster a row belongs to, ready to answer. */
export interface LoadedClustering {
  readonly manifest: ModelManifest & { readonly task: 'clustering' }
  readonly signature: ClusteringSignature
  readonly pipeline: FittedClusterPipeline
  /** Of the rows that were clustered. */
  readonly profile: TableProfile
}

/** SHA-256 of the manifest, which names every other file with its hash: it stands for the package. @throws PACKAGE_CORRUPT without one */
export function manifestHash(files: readonly WrittenFile[]): string {
  const found = files.find(({ path }) => path === MANIFEST_FILE)
  if (!found) throw new BellwetherError('PACKAGE_CORRUPT', `The package has no ${MANIFEST_FILE}.`)
  return found.hash
}

export function isClustering(loaded: LoadedModel | LoadedClustering): loaded is LoadedClustering {
  return loaded.signature.task === 'clustering'
}

/**
 * Reads the files of a version that predicts a target; see `readAnyPackage`.
 * @throws MODEL_IS_CLUSTERING, and as `readAnyPackage`
 */
export async function readPackage(blobs: PackageSource, files: readonly WrittenFile[]): Promise<LoadedModel> {
  const loaded = await readAnyPackage(blobs, files)
  if (!isClustering(loaded)) return loaded
  throw new BellwetherError(
    'MODEL_IS_CLUSTERING',
    `Expected a model that predicts a target; this version of "${loaded.manifest.name}" is a clustering, which has none.`,
  )
}

/**
 * Reads a version's files. Every byte is checked before any is used: each file against its hash and size, the list of files against the
 * manifest's, each document against its schema. Nothing in a package is ever run.
 * @param files As the registry has them.
 * A model that MLflow's client logged is read as far as it can be served.
 * @throws PACKAGE_CORRUPT, PACKAGE_TOO_NEW; PACKAGE_UNTRUSTED where packages have to be signed; MODEL_NOT_SERVABLE
 */
export async function readAnyPackage(
  blobs: PackageSource,
  files: readonly WrittenFile[],
): Promise<LoadedModel | LoadedClustering> {
  if (isMlflowModel(files)) {
    checkSeal(new Uint8Array(0), undefined, blobs.trustedKeys ?? null)
    const { readMlflowModel } = await import('./mlflow/read-mlflow-model.ts')
    return readMlflowModel(files, (file) => readFile(blobs, file))
  }
  const { files: contents, state: decoded } =
    (await blobs.readBeside?.(files, MODEL_FILE)) ?? (await readContents(blobs, files))
  checkSeal(bytesOf(contents, MANIFEST_FILE), contents.get(SEAL_FILE), blobs.trustedKeys ?? null)
  const manifest = parseManifest(documentOf(contents, MANIFEST_FILE))
  checkFileList(files, manifest)
  const signature = parseAs(ModelSignature, documentOf(contents, SIGNATURE_FILE), SIGNATURE_FILE)
  const profile = parseAs(TableProfile, documentOf(contents, PROFILE_FILE), PROFILE_FILE)
  const bytes = decoded === null ? bytesOf(contents, MODEL_FILE) : null
  const state = () => decoded ?? decodeState(bytes!)
  if (manifest.task === 'clustering' || signature.task === 'clustering')
    return clustering(manifest, signature, profile, state)
  const pipeline = isForeign(manifest)
    ? await foreign(state, bytesOf(contents, FOREIGN_FILE))
    : restored(() => restoreAnswering(state()))
  checkAgreement(manifest, signature, pipeline)
  return { manifest: { ...manifest, task: manifest.task }, signature, profile, pipeline }
}

function clustering(
  manifest: ModelManifest,
  signature: ModelSignature,
  profile: TableProfile,
  state: () => State,
): LoadedClustering {
  if (manifest.task !== 'clustering' || signature.task !== 'clustering')
    throw corrupt(SIGNATURE_FILE, 'is of another task than the manifest')
  const pipeline = restored(() => restoreClusterPipeline(state()))
  const { model, features } = pipeline
  const inputs = new Set(signature.inputs.map(({ name }) => name))
  const agrees =
    manifest.estimator === model.clusterer &&
    signature.clusters === model.nClusters &&
    (signature.beside === 'probabilities') === (model.predictProba !== undefined) &&
    features.inputs.every((name) => inputs.has(name))
  if (!agrees) throw corrupt(MODEL_FILE, 'is of another model than the manifest and the signature')
  return { manifest: { ...manifest, task: manifest.task }, signature, profile, pipeline }
}

/** Files that are whole, but of different models, would answer wrongly without a word. */
function checkAgreement(
  manifest: ModelManifest,
  signature: PredictingSignature,
  { target, members, weights, calibrator, decision, inputs: read }: AnsweringPipeline,
): void {
  const named = manifest.members ?? [{ estimator: manifest.estimator, weight: 1 }]
  const inputs = new Set(signature.inputs.map(({ name }) => name))
  const agrees =
    manifest.task === target.task &&
    manifest.estimator === members[0]!.model.estimator &&
    named.length === members.length &&
    named.every(({ estimator, weight }, i) => estimator === members[i]!.model.estimator && weight === weights[i]) &&
    manifest.calibration?.method === calibrator?.method &&
    canonicalJson(manifest.decision ?? null) === canonicalJson(decision && Array.from(decision)) &&
    signature.task === target.task &&
    canonicalJson(signature.target.classes) === canonicalJson(target.classes) &&
    read.every((name) => inputs.has(name))
  if (!agrees) throw corrupt(MODEL_FILE, 'is of another model than the manifest and the signature')
}

async function readContents(blobs: PackageSource, files: readonly WrittenFile[]): Promise<PackageContents> {
  const contents = new Map<string, Uint8Array>()
  for (const file of files) contents.set(file.path, await readFile(blobs, file))
  return { files: contents, state: null }
}

async function readFile(blobs: PackageSource, { path, hash, sizeBytes }: WrittenFile): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    bytes = await blobs.get(hash)
  } catch (cause) {
    if (!(cause instanceof BellwetherError) || (cause.code !== 'BLOB_CORRUPT' && cause.code !== 'BLOB_NOT_FOUND'))
      throw cause
    throw corrupt(
      path,
      cause.code === 'BLOB_CORRUPT' ? `is not as it was written (expected ${hash})` : `is gone (${hash})`,
      cause,
    )
  }
  if (bytes.length !== sizeBytes) throw corrupt(path, `has ${bytes.length} bytes, expected ${sizeBytes}`)
  return bytes
}

const AnyVersion = z.object({ formatVersion: z.int().positive() })

function parseManifest(document: unknown): ModelManifest {
  const { formatVersion } = parseAs(AnyVersion, document, MANIFEST_FILE)
  if (formatVersion > CLUSTERING_FORMAT_VERSION) {
    throw new BellwetherError(
      'PACKAGE_TOO_NEW',
      `The package has format ${formatVersion}; this program reads formats up to ${CLUSTERING_FORMAT_VERSION}.`,
    )
  }
  return parseAs(ModelManifest, document, MANIFEST_FILE)
}

/** The registry and the manifest must name the same files with the same content. */
function checkFileList(files: readonly WrittenFile[], manifest: ModelManifest): void {
  const inOrder = (list: readonly WrittenFile[]) =>
    canonicalJson(
      list
        .map(({ path, hash, sizeBytes }) => ({ path, hash, sizeBytes }))
        .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    )
  if (inOrder(files.filter(({ path }) => path !== MANIFEST_FILE && path !== SEAL_FILE)) !== inOrder(manifest.files)) {
    throw corrupt(MANIFEST_FILE, 'names other files than the registry has for this version')
  }
}

function bytesOf(contents: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const bytes = contents.get(path)
  if (!bytes) throw corrupt(path, 'is missing from the package')
  return bytes
}

function documentOf(contents: ReadonlyMap<string, Uint8Array>, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(contents, path)))
  } catch (cause) {
    if (cause instanceof BellwetherError) throw cause
    throw corrupt(path, 'is not JSON in UTF-8', cause)
  }
}

function parseAs<T>(schema: z.ZodType<T>, document: unknown, path: string): T {
  const result = schema.safeParse(document)
  if (result.success) return result.data
  const { issues } = result.error
  throw corrupt(
    path,
    `does not hold what it should (at ${issues[0]?.path.join('.') || 'the top'}: ${issues[0]?.message})`,
  )
}

/** Any failure here means a state that `writePackage` can't have written. */
function restored<Pipeline>(restore: () => Pipeline): Pipeline {
  try {
    return restore()
  } catch (cause) {
    throw corrupt(MODEL_FILE, 'holds no model that can be restored', cause)
  }
}

/** A model that was imported as ONNX. A machine without the runtime says so; any other failure is a file that was never imported like this. */
async function foreign(state: () => State, bytes: Uint8Array): Promise<AnsweringPipeline> {
  const { restoreForeign } = await import('./onnx/foreign-package.ts')
  try {
    return answeringPipeline({ members: [restoreForeign(state(), bytes)] })
  } catch (cause) {
    if (cause instanceof BellwetherError && cause.code === 'ONNX_RUNTIME_MISSING') throw cause
    throw corrupt(FOREIGN_FILE, 'holds no model that can be served', cause)
  }
}

function corrupt(path: string, what: string, cause?: unknown): BellwetherError {
  return new BellwetherError('PACKAGE_CORRUPT', `The file ${path} of the model package ${what}.`, { cause })
}
