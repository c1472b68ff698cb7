import { BellwetherError } from '../../errors.ts'
import type { StoredArtifact } from '../../track/mlflow-model.ts'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'

/** @throws INVALID_INPUT */
export function versionNumber(version: string): number {
  if (/^\d{1,15}$/.test(version)) return Number(version)
  throw invalidParameter('version', `Parameter 'version' must be an integer, got '${version.slice(0, 80)}'.`)
}

const PROXY_SCHEME = 'mlflow-artifacts:'

/**
 * Refuses a source that names a place on this machine, or that tries to climb out of where it points: nothing here ever reads a source from a
 * disk, but a client that downloads the version would.
 * @throws INVALID_INPUT; INTERNAL for a file URI with a host, as MLflow answers it
 */
export function checkSource(source: string): void {
  const plain = fullyDecoded(source)
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(plain)?.[1]?.toLowerCase()
  const isWindowsPath = scheme?.length === 1
  if (
    scheme === 'file' &&
    /^file:\/\/[^/]/i.test(plain) &&
    !/^file:\/\/(?:localhost|127\.0\.0\.1)(?:\/|$)/i.test(plain)
  )
    throw new BellwetherError('INTERNAL', `${source.slice(0, 200)} is not a valid remote uri.`)
  if (scheme === undefined || scheme === 'file' || isWindowsPath) {
    throw invalidParameter(
      'source',
      `Invalid model version source: '${source.slice(0, 200)}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`,
    )
  }
  const path = plain
    .slice(scheme.length + 1)
    .replace(/^\/\/[^/]*/, '')
    .replace(/[?#].*$/, '')
  const unsafe =
    plain.includes('\0') ||
    plain.split(/[/\\]/).some((part) => part === '..') ||
    path.split('/').some((part) => part === '.' || part === '..')
  if (unsafe) throw invalidSource(source)
  // Relative paths under a scheme resolve against wherever the reader is.
  if (
    path !== '' &&
    !path.startsWith('/') &&
    (scheme === 'http' || scheme === 'https' || scheme === 'mlflow-artifacts')
  )
    throw invalidSource(source)
}

function invalidSource(source: string): BellwetherError {
  return invalidParameter(
    'source',
    `Invalid model version source: '${source.slice(0, 200)}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`,
  )
}

/** As often as it takes: `%252e` is a dot in the end. */
function fullyDecoded(text: string): string {
  let plain = text.replaceAll('+', ' ')
  for (let round = 0; round < 20; round += 1) {
    const next = plain.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (next === plain) return plain
    plain = next
  }
  throw invalidSource(text)
}

/** A prompt's source is a word, never a place. */
export function checkPromptSource(source: string): void {
  if (/^file:/i.test(source) || /^[/\\]/.test(source)) {
    throw invalidParameter(
      'source',
      `Invalid prompt source: '${source.slice(0, 200)}'. Local source paths are not allowed for prompts.`,
    )
  }
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(source)) checkSource(source)
}

/** The path in our artifact store that a URI names: `mlflow-artifacts:/1/…`, with or without a host. Null for a place elsewhere. */
export function proxiedPath(uri: string): string | null {
  if (!uri.startsWith(PROXY_SCHEME)) return null
  return uri
    .slice(PROXY_SCHEME.length)
    .replace(/^\/\/[^/]*/, '')
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
}

/**
 * Where a source leads: `models:/m-…` and `models:/name/version` to what they were registered with.
 * @returns null where the source itself is the place
 */
export async function storageLocation(stores: MlflowStores, source: string): Promise<string | null> {
  const ofLogged = /^models:\/(m-[\w-]+)$/.exec(source)
  if (ofLogged) return (await stores.loggedModels.get(ofLogged[1]!)).artifactUri
  const ofVersion = /^models:\/([^/]+)\/(\d+)$/.exec(source)
  if (ofVersion) return stores.registry.downloadUri(ofVersion[1]!, Number(ofVersion[2]))
  const ofAlias = /^models:\/([^/@]+)@([\w-]+)$/.exec(source)
  if (!ofAlias) return null
  const { model, version } = await stores.registry.byAlias(ofAlias[1]!, ofAlias[2]!)
  return stores.registry.downloadUri(model, version)
}

/** What the store holds at a place now, named relative to it. */
export async function filesAt(stores: MlflowStores, uri: string): Promise<StoredArtifact[]> {
  const folder = proxiedPath(uri)
  if (folder === null || folder === '') return []
  const files = await stores.artifacts.below(folder)
  return files.map((file) => ({ ...file, path: file.path.slice(folder.length + 1) }))
}
