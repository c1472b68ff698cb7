import type { AnswerPromise } from '../evaluate/conformal/answer-sets.ts'
import { TableProfile } from '../table/profile.ts'
import type { State } from '../table/state.ts'
import { canonicalJson } from './canonical-json.ts'
import {
  CLUSTERING_FORMAT_VERSION,
  FORMAT_VERSION,
  MANIFEST_FILE,
  MODEL_FILE,
  ModelManifest,
  PROFILE_FILE,
  SIGNATURE_FILE,
} from './manifest.ts'
import { ModelSignature } from './signature.ts'
import { encodeState } from './state-codec.ts'

/** One file of a package, by the hash of its content. */
export interface WrittenFile {
  readonly path: string
  readonly hash: string
  readonly sizeBytes: number
}

/** Where a package's bytes go; `track/blob-store.ts` has it. */
export interface PackageSink {
  put(bytes: Uint8Array): Promise<string>
}

export interface PackageParts {
  /** An answering pipeline; one fitted pipeline, which is read as one; or a pipeline of a clustering. */
  readonly pipeline: { state(): State }
  readonly signature: ModelSignature
  /** Of the training rows: the reference window that later data is compared with. */
  readonly profile: TableProfile
  readonly manifest: ManifestFacts
  /** Further files of the package, by their names. */
  readonly files?: Readonly<Record<string, Uint8Array>>
}

/** What the caller says of the model. Options are any JSON; keys without a value are left out. */
export interface ManifestFacts
  extends Omit<
    ModelManifest,
    'formatVersion' | 'files' | 'params' | 'members' | 'project' | 'metrics' | 'gates' | 'conformal'
  > {
  readonly params: Readonly<Record<string, unknown>>
  /** What a blend is made of, in the order of the pipeline's members; left out for one model. */
  readonly members?: readonly {
    readonly estimator: string
    readonly params: Readonly<Record<string, unknown>>
    readonly weight: number
    readonly fold?: number
  }[]
  readonly project: Readonly<Record<string, unknown>>
  /** NaN and the infinities are written as null. */
  readonly metrics: Readonly<Record<string, number>>
  readonly gates: readonly object[]
  readonly conformal: AnswerPromise | null
}

/**
 * Writes a model's files: its state, its signature, its reference profile, and the manifest that names them with their hashes. The same parts make
 * the same bytes. Nothing is registered yet: the files are blobs until a model version names them.
 * @returns The files in the order of their names, the manifest among them.
 */
export async function writePackage(blobs: PackageSink, parts: PackageParts): Promise<WrittenFile[]> {
  const { signature, profile, pipeline, manifest } = parts
  const write = async (path: string, bytes: Uint8Array): Promise<WrittenFile> => ({
    path,
    hash: await blobs.put(bytes),
    sizeBytes: bytes.length,
  })
  const files = [
    await write(MODEL_FILE, encodeState(pipeline.state())),
    await write(PROFILE_FILE, jsonBytes(TableProfile.parse(profile))),
    await write(SIGNATURE_FILE, jsonBytes(ModelSignature.parse(signature))),
  ]
  for (const [path, bytes] of Object.entries(parts.files ?? {})) files.push(await write(path, bytes))
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  const formatVersion = manifest.task === 'clustering' ? CLUSTERING_FORMAT_VERSION : FORMAT_VERSION
  const document = ModelManifest.parse(
    asJson({ ...manifest, metrics: finiteOrNull(manifest.metrics), formatVersion, files }),
  )
  return [await write(MANIFEST_FILE, jsonBytes(document)), ...files]
}

const jsonBytes = (value: unknown) => new TextEncoder().encode(canonicalJson(value))

/** What a reader of the JSON would see: without keys that have no value. */
const asJson = (value: unknown): unknown => JSON.parse(canonicalJson(value))

function finiteOrNull(metrics: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  )
}
