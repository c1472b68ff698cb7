import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeFileWhole } from '../write-file-whole.ts'
import type { FileStamp } from './walk-files.ts'

const FORMAT = 'bellwether-file-index 1'

/** What was found where, when a version was made: files that still look the same are not read again. */
export interface FileIndex {
  /** The version that the files became. */
  readonly version: string
  /** Stamps by the path in the version; files that had just been written when they were read are left out. */
  readonly stamps: ReadonlyMap<string, FileStamp>
}

/** Where the index of some paths is: its name tells nothing of them. */
export function fileIndexPlace(folder: string, paths: readonly string[]): string {
  const places = JSON.stringify(paths.map((each) => path.resolve(each)))
  return path.join(folder, `${createHash('sha256').update(places).digest('hex').slice(0, 32)}.json`)
}

/** @returns null where there is none, or none that can be used: then everything is read. */
export async function readFileIndex(file: string): Promise<FileIndex | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    return null
  }
  const [head = '', ...lines] = text.split('\n')
  try {
    const { format, version, files } = JSON.parse(head) as { format?: unknown; version?: unknown; files?: unknown }
    if (format !== FORMAT || typeof version !== 'string' || lines.length !== files) return null
    const stamps = new Map<string, FileStamp>()
    for (const line of lines) {
      const [name, sizeBytes, modified, changed, inode] = JSON.parse(line) as [string, number, string, string, string]
      stamps.set(name, { sizeBytes, modified, changed, inode })
    }
    return { version, stamps }
  } catch {
    return null
  }
}

/** @throws DISK_FULL */
export async function writeFileIndex(file: string, { version, stamps }: FileIndex): Promise<void> {
  const lines = [JSON.stringify({ format: FORMAT, version, files: stamps.size })]
  for (const [name, { sizeBytes, modified, changed, inode }] of stamps)
    lines.push(JSON.stringify([name, sizeBytes, modified, changed, inode]))
  await writeFileWhole(file, Buffer.from(lines.join('\n')))
}
