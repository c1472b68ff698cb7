import { canonicalJson, isPlainObject } from '../packaging/canonical-json.ts'
import { MANIFEST_FILE, type ModelManifest } from '../packaging/manifest.ts'
import { SEAL_FILE } from '../packaging/sign-manifest.ts'
import type { PackageFile } from '../track/model-registry.ts'
import { isSecret } from './search-record.ts'

/** One file of two packages. */
export interface FileComparison {
  readonly path: string
  readonly same: boolean
  /** null where that package has no such file. */
  readonly expected: { readonly hash: string; readonly sizeBytes: number } | null
  readonly rebuilt: { readonly hash: string; readonly sizeBytes: number } | null
}

/** One value of two documents, as JSON; null where one of them has none. */
export interface ValueDifference {
  /** Keys with dots between, such as `project.search.seed`. */
  readonly path: string
  readonly was: string | null
  readonly now: string | null
}

/** identical: every byte. same-model: all files but the manifest, which differs in the program that wrote it alone. */
export type Verdict = 'identical' | 'same-model' | 'different'

/** Members of a manifest that say what program wrote it. */
const PROGRAM = /^(?:bellwetherVersion|node|dependencies\..+)$/
const LONGEST_VALUE = 200

/**
 * The files of two packages side by side, by their names. The signature is left out: it follows from the manifest and from a key that is not the
 * package's.
 */
export function compareFiles(expected: readonly PackageFile[], rebuilt: readonly PackageFile[]): FileComparison[] {
  const before = byPath(expected)
  const after = byPath(rebuilt)
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((path) => {
    const a = before.get(path) ?? null
    const b = after.get(path) ?? null
    return {
      path,
      same: a !== null && b !== null && a.hash === b.hash && a.sizeBytes === b.sizeBytes,
      expected: a,
      rebuilt: b,
    }
  })
}

function byPath(files: readonly PackageFile[]): Map<string, { hash: string; sizeBytes: number }> {
  return new Map(
    files
      .filter(({ path }) => path !== SEAL_FILE)
      .map(({ path, hash, sizeBytes }) => [path, { hash, sizeBytes }] as const),
  )
}

/** What two manifests disagree in, but for the hashes of the files, which `compareFiles` tells. Values that may hold a password are not told. */
export function compareManifests(
  { files: _, ...expected }: ModelManifest,
  { files: __, ...rebuilt }: ModelManifest,
): ValueDifference[] {
  const found: ValueDifference[] = []
  differ('', expected, rebuilt, found)
  return found
}

function differ(path: string, was: unknown, now: unknown, found: ValueDifference[]): void {
  if (isPlainObject(was) && isPlainObject(now)) {
    for (const key of [...new Set([...Object.keys(was), ...Object.keys(now)])].sort())
      differ(path === '' ? key : `${path}.${key}`, was[key], now[key], found)
    return
  }
  if (Array.isArray(was) && Array.isArray(now) && was.length === now.length) {
    for (const [i, item] of was.entries()) differ(`${path}.${i}`, item, now[i], found)
    return
  }
  const [a, b] = [asText(was), asText(now)]
  if (a === b) return
  const secret = path.startsWith('project.') && isSecret(path.slice('project.'.length))
  const shown = (text: string | null) => (text === null ? null : secret ? '…' : text.slice(0, LONGEST_VALUE))
  found.push({ path, was: shown(a), now: shown(b) })
}

const asText = (value: unknown): string | null => (value === undefined ? null : canonicalJson(value))

export function verdictOf(files: readonly FileComparison[], differences: readonly ValueDifference[]): Verdict {
  const others = files.filter(({ same }) => !same)
  if (others.length === 0) return 'identical'
  const manifestAlone = others.every(({ path, expected, rebuilt }) => path === MANIFEST_FILE && expected && rebuilt)
  return manifestAlone && differences.every(({ path }) => PROGRAM.test(path)) ? 'same-model' : 'different'
}
