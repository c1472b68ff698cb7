import { createHash } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'

/** A piece of a file, by its content. */
export interface ChunkReference {
  /** SHA-256, hexadecimal. */
  readonly hash: string
  readonly sizeBytes: number
}

/** One file of a version. */
export interface TreeFile {
  /** Segments with `/` between, in Unicode: data, never a place on a disk. */
  readonly path: string
  readonly sizeBytes: number
  /** SHA-256 of its content, hexadecimal. */
  readonly sha256: string
  /** Its content in order; a file of one chunk has that chunk's hash, and an empty one has none. */
  readonly chunks: readonly ChunkReference[]
}

/** First line of a manifest. What follows is a line of JSON for each file. */
const HEADER = '{"format":"bellwether-tree","version":1}'
const HASH = /^[0-9a-f]{64}$/
const MAX_PATH_BYTES = 4096
const MAX_LINE_BYTES = 256 * 1024 * 1024

/**
 * The id of a tree by the names and contents of its files: `sha256:<hex>` over the line `bellwether-tree 1`, then per file, in the order of
 * `comparePaths`, a line with the JSON of `[path, sizeBytes, sha256]`. How files were cut into chunks does not count.
 */
export class TreeHash {
  readonly #hash = createHash('sha256').update('bellwether-tree 1\n')

  add({ path, sizeBytes, sha256 }: Pick<TreeFile, 'path' | 'sizeBytes' | 'sha256'>): void {
    this.#hash.update(`${JSON.stringify([path, sizeBytes, sha256])}\n`)
  }

  id(): string {
    return `sha256:${this.#hash.digest('hex')}`
  }
}

export function treeId(files: Iterable<Pick<TreeFile, 'path' | 'sizeBytes' | 'sha256'>>): string {
  const hash = new TreeHash()
  for (const file of files) hash.add(file)
  return hash.id()
}

/** The bytes of a manifest, in pieces; the files in order. */
export async function* encodeManifest(files: Iterable<TreeFile>): AsyncGenerator<Uint8Array> {
  let lines: string[] = [HEADER]
  for (const { path, sizeBytes, sha256, chunks } of files) {
    const cut = chunks.length > 1 ? { chunks: chunks.map(({ hash, sizeBytes: bytes }) => `${hash}:${bytes}`) } : {}
    const line = JSON.stringify({ path, size: sizeBytes, sha256, ...cut })
    if (line.length > MAX_LINE_BYTES)
      throw new BellwetherError('FILE_UNREADABLE', `A file of ${sizeBytes} bytes is too large for a version; split it.`)
    lines.push(line)
    if (lines.length >= 4096) {
      yield Buffer.from(`${lines.join('\n')}\n`)
      lines = []
    }
  }
  if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`)
}

/** The files of a manifest as they come. Every name is checked: a manifest may be somebody else's. @throws MANIFEST_INVALID */
export async function* decodeManifest(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TreeFile> {
  let number = 0
  let before: string | null = null
  for await (const line of linesOf(bytes)) {
    number += 1
    if (number === 1) {
      if (line !== HEADER) throw invalid(1, 'it does not begin as a manifest of this version does')
      continue
    }
    const file = fileOf(line, number)
    if (before !== null && comparePaths(before, file.path) >= 0) throw invalid(number, 'paths are not in order')
    if (before !== null && file.path.startsWith(`${before}/`)) throw invalid(number, 'a file has files inside')
    before = file.path
    yield file
  }
  if (number === 0) throw invalid(1, 'it is empty')
}

/** Folder by folder, names by their UTF-16 code units: the order in which folders are walked. */
export function comparePaths(left: string, right: string): number {
  const [a, b] = [left.split('/'), right.split('/')]
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1
  return a.length - b.length
}

/**
 * Whether a text may name a file inside a folder: relative, with no segment that leads out of it or means something to an operating system.
 * A backslash and a colon are refused on Windows alone, where they do.
 */
export function isInnerPath(path: string, platform: NodeJS.Platform = process.platform): boolean {
  if (path === '' || Buffer.byteLength(path) > MAX_PATH_BYTES || path.includes('\0') || !path.isWellFormed())
    return false
  if (platform === 'win32' && /[\\:]/.test(path)) return false
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

function fileOf(line: string, number: number): TreeFile {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw invalid(number, 'it is not JSON')
  }
  const { path, size, sha256, chunks } = (parsed ?? {}) as Record<string, unknown>
  // Also what would be a path on another system alone: a manifest goes from machine to machine.
  if (typeof path !== 'string' || !isInnerPath(path)) throw invalid(number, 'its path leads out of the folder')
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw invalid(number, 'its size is no whole number')
  if (typeof sha256 !== 'string' || !HASH.test(sha256)) throw invalid(number, 'its sha256 is none')
  const sizeBytes = size as number
  return { path, sizeBytes, sha256, chunks: chunksOf(chunks, sizeBytes, sha256, number) }
}

function chunksOf(chunks: unknown, sizeBytes: number, sha256: string, number: number): ChunkReference[] {
  if (chunks === undefined) return sizeBytes === 0 ? [] : [{ hash: sha256, sizeBytes }]
  if (!Array.isArray(chunks)) throw invalid(number, 'its chunks are no list')
  let sum = 0
  const references = chunks.map((text) => {
    const match = typeof text === 'string' ? /^([0-9a-f]{64}):(\d{1,10})$/.exec(text) : null
    if (!match) throw invalid(number, 'a chunk is not written as hash:size')
    sum += Number(match[2])
    return { hash: match[1]!, sizeBytes: Number(match[2]) }
  })
  if (sum !== sizeBytes) throw invalid(number, 'its chunks do not add up to its size')
  return references
}

function invalid(line: number, why: string): BellwetherError {
  return new BellwetherError('MANIFEST_INVALID', `Line ${line} of a list of files: ${why}.`)
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let begun: Uint8Array[] = []
  let begunBytes = 0
  for await (const piece of bytes) {
    let from = 0
    for (let end = piece.indexOf(10, from); end !== -1; end = piece.indexOf(10, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, end)]).toString('utf8')
      begun = []
      begunBytes = 0
      from = end + 1
    }
    if (from === piece.length) continue
    begun.push(piece.slice(from))
    begunBytes += piece.length - from
    if (begunBytes > MAX_LINE_BYTES)
      throw new BellwetherError('MANIFEST_INVALID', 'A line of a list of files has no end.')
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8')
}
