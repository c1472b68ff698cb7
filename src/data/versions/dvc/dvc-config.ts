import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BellwetherError } from '../../../errors.ts'

/** Where DVC keeps objects: a folder, or a place in an object store. */
export type DvcPlace =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 's3'; readonly url: string; readonly endpoint?: string; readonly region?: string }

export interface DvcRepository {
  /** The folder that holds `.dvc/`. */
  readonly root: string
  readonly cache: string
  readonly remotes: ReadonlyMap<string, Readonly<Record<string, string>>>
  /** Name of the remote that is meant where none is named. */
  readonly defaultRemote: string | null
}

/** The repository that a file is in; null where no folder above it has `.dvc/`. */
export async function findDvcRepository(file: string): Promise<DvcRepository | null> {
  for (let folder = path.dirname(path.resolve(file)); ; folder = path.dirname(folder)) {
    if (statSync(path.join(folder, '.dvc'), { throwIfNoEntry: false })?.isDirectory()) return readRepository(folder)
    if (path.dirname(folder) === folder) return null
  }
}

async function readRepository(root: string): Promise<DvcRepository> {
  const own = path.join(root, '.dvc')
  const sections = new Map<string, Record<string, string>>()
  // What the local file says comes before what is shared.
  for (const name of ['config', 'config.local']) {
    const file = path.join(own, name)
    if (!existsSync(file)) continue
    for (const [section, values] of parseIni(await readFile(file, 'utf8')))
      sections.set(section, { ...sections.get(section), ...values })
  }
  const remotes = new Map(
    [...sections].flatMap(([section, values]) => {
      const name = /^remote "(.*)"$/.exec(section)?.[1]
      return name === undefined ? [] : [[name, values] as const]
    }),
  )
  const cache = sections.get('cache')?.['dir']
  return {
    root,
    cache: cache ? path.resolve(own, cache) : path.join(own, 'cache'),
    remotes,
    defaultRemote: sections.get('core')?.['remote'] ?? (remotes.size === 1 ? [...remotes.keys()][0]! : null),
  }
}

/** The place of a remote that a repository names. @throws DVC_REMOTE_UNSUPPORTED, DVC_INVALID */
export function remotePlace({ root, remotes }: DvcRepository, name: string): DvcPlace {
  const remote = remotes.get(name)
  const url = remote?.['url']
  if (!remote || url === undefined)
    throw new BellwetherError('DVC_INVALID', `The repository of DVC has no remote ${JSON.stringify(name)} with a url.`)
  return placeOf(url, path.join(root, '.dvc'), { endpoint: remote['endpointurl'], region: remote['region'] })
}

/**
 * A remote by its address: a folder (relative ones start at `folder`), `file://` or `s3://`.
 * @throws DVC_REMOTE_UNSUPPORTED
 */
export function placeOf(
  url: string,
  folder: string,
  { endpoint, region }: { endpoint?: string | undefined; region?: string | undefined } = {},
): DvcPlace {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  if (scheme === 's3')
    return {
      kind: 's3',
      url: url.replace(/\/+$/, ''),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
    }
  if (scheme === 'file') return { kind: 'folder', folder: fileURLToPath(url) }
  if (scheme !== undefined)
    throw new BellwetherError(
      'DVC_REMOTE_UNSUPPORTED',
      `A remote of DVC at ${scheme}:// is not read here; a folder or s3:// is.`,
    )
  return { kind: 'folder', folder: path.resolve(folder, url) }
}

/** Sections of `[name]` or `['name "x"']` with `key = value` lines, as DVC writes them. */
function parseIni(text: string): [string, Record<string, string>][] {
  const sections: [string, Record<string, string>][] = []
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1]
    if (section !== undefined) {
      sections.push([unquoted(section), {}])
      continue
    }
    const match = /^\s*([^=#;]+?)\s*=\s*(.*?)\s*$/.exec(line)
    const current = sections.at(-1)
    if (match && current) current[1][match[1]!] = unquoted(match[2]!)
  }
  return sections
}

function unquoted(text: string): string {
  return text.replace(/^(['"])(.*)\1$/, '$2')
}
