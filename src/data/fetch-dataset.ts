import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { unzipSync } from 'fflate'
import { BellwetherError } from '../errors.ts'
import { fetchBytes } from '../security/outbound-http.ts'
import { writeFileWhole } from './write-file-whole.ts'

/** A data set that can be fetched from its publisher. */
export interface PublishedDataset {
  readonly name: string
  readonly title: string
  readonly url: string
  /** The file inside the archive that the address gives. */
  readonly member: string
  /** Name that it gets here. */
  readonly file: string
  readonly sha256: string
  readonly licence: string
  readonly citation: string
}

export const PUBLISHED_DATASETS: readonly PublishedDataset[] = [
  {
    name: 'uci-697',
    title: "Predict Students' Dropout and Academic Success",
    url: 'https://archive.ics.uci.edu/static/public/697/predict+students+dropout+and+academic+success.zip',
    member: 'data.csv',
    file: 'uci-697.csv',
    sha256: '3ef126de5cefff26eb11fbb4237f1a1401cb64b488e2f1d598c23cedeb4c45ae',
    licence: 'CC BY 4.0',
    citation:
      "Realinho, V., Vieira Martins, M., Machado, J., Baptista, L. (2021). Predict Students' Dropout and Academic Success. UCI Machine Learning Repository. https://doi.org/10.24432/C5MC89",
  },
]

const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
const MAX_MEMBER_BYTES = 256 * 1024 * 1024

export interface FetchDatasetOptions {
  readonly outDir: string
  readonly signal?: AbortSignal
  /** Where to find the data sets, and whether at a private address: for mirrors and tests. */
  readonly published?: readonly PublishedDataset[]
  readonly allowPrivate?: boolean
}

export interface FetchedDataset {
  readonly name: string
  readonly title: string
  /** Path of the file. */
  readonly file: string
  readonly sha256: string
  readonly sizeBytes: number
  /** Whether the right file was there already, so that nothing was fetched. */
  readonly cached: boolean
  readonly licence: string
  readonly citation: string
}

/**
 * Brings a published data set here: fetched, unpacked, its SHA-256 compared with the one known for years, written whole. A
 * file that is there already and has that hash is kept.
 * @throws DATASET_UNKNOWN, NETWORK_UNAVAILABLE, DOWNLOAD_FAILED, DOWNLOAD_TOO_LARGE, DOWNLOAD_CORRUPT when the archive is no
 *   archive or the file's hash another one, DISK_FULL
 */
export async function fetchDataset(name: string, options: FetchDatasetOptions): Promise<FetchedDataset> {
  const known = options.published ?? PUBLISHED_DATASETS
  const dataset = known.find((candidate) => candidate.name === name)
  if (!dataset) {
    throw new BellwetherError(
      'DATASET_UNKNOWN',
      `No published data set is called "${name}"; known: ${known.map((one) => one.name).join(', ')}.`,
    )
  }
  const file = path.join(options.outDir, dataset.file)
  const found = await hashOfFile(file)
  if (found?.sha256 === dataset.sha256) return fetched(dataset, file, found.sizeBytes, true)
  const { bytes: archive } = await fetchBytes(dataset.url, {
    maxBytes: MAX_ARCHIVE_BYTES,
    timeoutMs: 120_000,
    allowPrivate: options.allowPrivate ?? false,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  const bytes = memberOf(archive, dataset)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== dataset.sha256) {
    throw new BellwetherError(
      'DOWNLOAD_CORRUPT',
      `${dataset.member} of ${dataset.url} has the SHA-256 ${sha256}; expected ${dataset.sha256}. Nothing was kept.`,
    )
  }
  await writeFileWhole(file, bytes)
  return fetched(dataset, file, bytes.length, false)
}

function fetched(
  { name, title, sha256, licence, citation }: PublishedDataset,
  file: string,
  sizeBytes: number,
  cached: boolean,
): FetchedDataset {
  return { name, title, file, sha256, sizeBytes, cached, licence, citation }
}

async function hashOfFile(file: string): Promise<{ sha256: string; sizeBytes: number } | null> {
  try {
    const bytes = await readFile(file)
    return { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }
  } catch {
    return null
  }
}

/** The named file of a zip archive; its size is checked before it is unpacked. */
function memberOf(archive: Uint8Array, dataset: PublishedDataset): Uint8Array {
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(archive, {
      filter: ({ name, originalSize }) =>
        path.posix.basename(name) === dataset.member && originalSize <= MAX_MEMBER_BYTES,
    })
  } catch (cause) {
    throw new BellwetherError('DOWNLOAD_CORRUPT', `${dataset.url} did not give a zip archive. Nothing was kept.`, {
      cause,
    })
  }
  const bytes = Object.values(files)[0]
  if (!bytes)
    throw new BellwetherError(
      'DOWNLOAD_CORRUPT',
      `The archive of ${dataset.url} holds no ${dataset.member}. Nothing was kept.`,
    )
  return bytes
}
