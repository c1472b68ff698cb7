import path from 'node:path'
import { BellwetherError } from '../errors.ts'
import { type SourceOptions, sourceKind } from './sources/source-options.ts'

/** A table's place: an absolute path or glob, or an address; with what reading it takes, where that is more. */
export type TableSource = string | SourceOptions

/** Several tables by name and the query that joins them. */
export interface JoinedSources {
  readonly sources: Readonly<Record<string, TableSource>>
  readonly query: string
}

/** Where a project's table comes from. */
export type DataPlace = TableSource | JoinedSources

/** Whether a table's place is an http(s) address and not a path. */
export function isAddress(source: string): boolean {
  return sourceKind(source) === 'web'
}

/** Whether a table is one local file, by its place. */
export function isLocalFile(source: TableSource): source is string {
  return typeof source === 'string' && sourceKind(source) === 'files' && !isGlob(source)
}

/** Whether a path is a pattern for several files. */
export function isGlob(file: string): boolean {
  return /[*?[{]/.test(file)
}

/**
 * Where a table is: an absolute path or glob, `sqlite:` with an absolute path, or an address as it stands.
 * @param folder Where a relative path starts.
 * @throws URL_REFUSED for addresses of other schemes
 */
export function resolveSource(source: string, folder: string): string {
  const kind = sourceKind(source)
  if (kind === 'other') {
    const scheme = /^[a-z][a-z0-9+.-]*/i.exec(source)![0]
    throw new BellwetherError(
      'URL_REFUSED',
      `Tables are not read from ${scheme}:// addresses; expected a path, or an https, s3 or postgres address, or sqlite:FILE.`,
    )
  }
  if (kind === 'files') return path.resolve(folder, source)
  if (kind === 'sqlite') return `sqlite:${path.resolve(folder, sqliteFile(source))}`
  return source
}

/** As `resolveSource`, with what reading takes. */
export function resolveTableSource(source: TableSource, folder: string): TableSource {
  return typeof source === 'string'
    ? resolveSource(source, folder)
    : { ...source, from: resolveSource(source.from, folder) }
}

/** The file of `sqlite:FILE` (also `sqlite:///FILE`). */
export function sqliteFile(source: string): string {
  return source.replace(/^sqlite:(\/\/(?=\/))?/i, '')
}

/** What may be shown and kept of an address: no user, no password, no query, which often holds a token. */
export function publicAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null
  if (!url) return 'address'
  return url.origin === 'null' ? `${url.protocol}//${url.host}${url.pathname}` : `${url.origin}${url.pathname}`
}

/** What may be shown of a table's place: a path as it is, an address without secrets. */
export function publicSource(source: DataPlace): string {
  if (typeof source === 'object' && 'sources' in source)
    return `a query over ${Object.values(source.sources).map(publicSource).join(', ')}`
  const from = typeof source === 'string' ? source : source.from
  const kind = sourceKind(from)
  return kind === 'files' || kind === 'sqlite' ? from : publicAddress(from)
}
