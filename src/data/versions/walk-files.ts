import { type BigIntStats, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import { fileError } from '../file-error.ts'
import { comparePaths } from './tree-manifest.ts'

/** A file on this machine, and what it is called in the version. */
export interface FoundFile {
  /** Name in the version, segments with `/` between. */
  readonly path: string
  /** Where it is. */
  readonly file: string
  readonly stamp: FileStamp
}

/** What changes when a file changes, as far as the file system tells without reading it. */
export interface FileStamp {
  readonly sizeBytes: number
  /** Nanoseconds since 1970, as text: a number does not hold them. */
  readonly modified: string
  /** Change of the inode: it moves also where a program sets `modified` back. */
  readonly changed: string
  readonly inode: string
}

export function stampOf(stats: BigIntStats): FileStamp {
  return {
    sizeBytes: Number(stats.size),
    modified: String(stats.mtimeNs),
    changed: String(stats.ctimeNs),
    inode: `${stats.dev}:${stats.ino}`,
  }
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.sizeBytes === b.sizeBytes && a.modified === b.modified && a.changed === b.changed && a.inode === b.inode
}

/**
 * The files of some paths in the order of `comparePaths`. Files of one folder are named from that folder; of several paths, each stands
 * under its last name. A path that is given may be a symbolic link; inside folders they are refused, because what they point at is
 * another folder's. Folders without files leave no trace.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_NOT_REGULAR for links, sockets and devices, USAGE where two paths have the same last name
 */
export function walkFiles(paths: readonly string[]): FoundFile[] {
  const found: FoundFile[] = []
  const names = new Set<string>()
  for (const given of paths) {
    const place = path.resolve(given)
    const stats = attempt(place, () => statSync(place, { bigint: true }))
    const name = path.basename(place)
    if (names.has(name))
      throw new BellwetherError('USAGE', `Two of the paths end in "${name}"; name the folder above them instead.`)
    names.add(name)
    if (stats.isDirectory())
      walk(
        attempt(place, () => realpathSync(place)),
        paths.length === 1 ? '' : `${name}/`,
        found,
      )
    else if (stats.isFile()) found.push({ path: name, file: place, stamp: stampOf(stats) })
    else throw notRegular(place, 'is no file and no folder')
  }
  if (paths.length > 1) found.sort((a, b) => comparePaths(a.path, b.path))
  return found
}

function walk(folder: string, prefix: string, found: FoundFile[]): void {
  const entries = attempt(folder, () => readdirSync(folder, { withFileTypes: true }))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const file = path.join(folder, entry.name)
    // Node writes U+FFFD for bytes that are no UTF-8; the file could not be opened by that name.
    if (entry.name.includes('\ufffd')) throw notRegular(file, 'has a name that is not UTF-8')
    if (entry.isDirectory()) walk(file, `${prefix}${entry.name}/`, found)
    else if (entry.isFile())
      found.push({
        path: prefix + entry.name,
        file,
        stamp: stampOf(attempt(file, () => lstatSync(file, { bigint: true }))),
      })
    else throw notRegular(file, entry.isSymbolicLink() ? 'is a symbolic link' : 'is no file and no folder')
  }
}

function attempt<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw fileError(error, place)
  }
}

function notRegular(file: string, why: string): BellwetherError {
  return new BellwetherError('FILE_NOT_REGULAR', `${file} ${why}; nothing was added.`)
}
