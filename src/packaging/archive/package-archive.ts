import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { z } from 'zod'
import { canonicalJson } from '../canonical-json.ts'
import { MANIFEST_FILE, ModelManifest } from '../manifest.ts'
import type { PackageSource } from '../read-package.ts'
import { fileHash, SEAL_FILE } from '../sign-manifest.ts'
import type { WrittenFile } from '../write-package.ts'
import { readTar, refused, writeTar } from './tar.ts'

/** A version between installations: one file, a tar under zstd, `.bwpkg`. */
const ORIGIN_FILE = 'origin.json'
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
/** Of a file, and of what it unpacks to. */
export const MAX_ARCHIVE_BYTES = 1024 ** 3

/** Where a version comes from, as the installation says that wrote the archive. It is not signed; the manifest is. */
const Origin = z.strictObject({
  formatVersion: z.literal(1),
  model: z.string().min(1).max(200),
  version: z.int().positive(),
  estimator: z.string().min(1).max(200),
  runId: z.string().max(200),
  datasetId: z.string().max(200),
  createdTime: z.int(),
  metrics: z.record(z.string(), z.number().nullable()),
  hash: z.string().describe('Of all the rest, so that damage is noticed.'),
})
export type Origin = Omit<z.output<typeof Origin>, 'formatVersion' | 'hash'>

export interface PackageArchive {
  readonly origin: Origin
  readonly manifest: ModelManifest
  /** Every file of the package, the manifest first. */
  readonly files: readonly WrittenFile[]
  /** The bytes of the files by their hashes, for `readAnyPackage`. */
  readonly source: PackageSource
}

export function isArchive(beginning: Uint8Array): boolean {
  return ZSTD_MAGIC.equals(beginning.subarray(0, ZSTD_MAGIC.length))
}

/** Equal versions give equal files. @throws as `source` */
export async function writeArchive(
  origin: Origin,
  files: readonly WrittenFile[],
  source: PackageSource,
): Promise<Uint8Array> {
  const { model, version, estimator, runId, datasetId, createdTime, metrics } = origin
  const said = { formatVersion: 1, model, version, estimator, runId, datasetId, createdTime, metrics: finite(metrics) }
  const sealed = canonicalJson({ ...said, hash: hashOf(said) })
  const entries = [{ path: ORIGIN_FILE, bytes: new TextEncoder().encode(sealed) as Uint8Array }]
  for (const { path, hash } of files) entries.push({ path, bytes: await source.get(hash) })
  return promisify(zstdCompress)(writeTar(entries))
}

/**
 * Unpacks an archive in memory and checks each of its bytes against the manifest. Nothing is written, nothing is run.
 * @throws PACKAGE_ARCHIVE_INVALID
 */
export async function readArchive(bytes: Uint8Array): Promise<PackageArchive> {
  const contents = new Map(readTar(await unpacked(bytes)).map((file) => [file.path, file.bytes]))
  const { hash, ...said } = documentAs(Origin, contents, ORIGIN_FILE)
  if (hash !== hashOf(said)) throw refused(`${ORIGIN_FILE} is not as it was written`)
  const { formatVersion: _, ...origin } = said
  const manifest = documentAs(ModelManifest, contents, MANIFEST_FILE)
  contents.delete(ORIGIN_FILE)
  const expected = new Map(manifest.files.map((file) => [file.path, file]))
  const files: WrittenFile[] = []
  for (const [path, content] of contents) {
    const file = { path, hash: fileHash(content), sizeBytes: content.length }
    files.push(file)
    if (path === MANIFEST_FILE || path === SEAL_FILE) continue
    const named = expected.get(path)
    if (!named) throw refused(`${path} is not in the manifest`)
    if (named.hash !== file.hash || named.sizeBytes !== file.sizeBytes)
      throw refused(`${path} is not as the manifest says`)
    expected.delete(path)
  }
  if (expected.size > 0) throw refused(`${[...expected.keys()][0]} is missing`)
  const byHash = new Map(files.map(({ path, hash }) => [hash, contents.get(path)!]))
  return { origin, manifest, files, source: { get: async (hash) => byHash.get(hash)! } }
}

const hashOf = (said: object) => fileHash(new TextEncoder().encode(canonicalJson(said)))

async function unpacked(bytes: Uint8Array): Promise<Buffer> {
  if (!isArchive(bytes)) throw refused('it does not begin as one')
  if (bytes.length > MAX_ARCHIVE_BYTES) throw refused(`it is larger than ${MAX_ARCHIVE_BYTES} bytes`)
  try {
    return await promisify(zstdDecompress)(bytes, { maxOutputLength: MAX_ARCHIVE_BYTES })
  } catch (cause) {
    const isLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw refused(isLarge ? `it unpacks to more than ${MAX_ARCHIVE_BYTES} bytes` : 'it is damaged or cut short', cause)
  }
}

function documentAs<T>(schema: z.ZodType<T>, contents: ReadonlyMap<string, Uint8Array>, path: string): T {
  const bytes = contents.get(path)
  if (!bytes) throw refused(`${path} is missing`)
  try {
    return schema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (cause) {
    throw refused(`${path} does not hold what it should`, cause)
  }
}

function finite(metrics: Readonly<Record<string, number | null>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, value !== null && Number.isFinite(value) ? value : null]),
  )
}
