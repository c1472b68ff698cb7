import { comparePaths, type TreeFile } from './tree-manifest.ts'

export interface FilesDiff {
  readonly added: readonly FileSize[]
  readonly removed: readonly FileSize[]
  readonly changed: readonly { readonly path: string; readonly sizeBefore: number; readonly sizeAfter: number }[]
  readonly unchanged: number
}

export interface FileSize {
  readonly path: string
  readonly sizeBytes: number
}

/** Compares two lists of files, both in the order of `comparePaths`. A file that was renamed is one removed and one added. */
export async function diffFiles(before: AsyncIterable<TreeFile>, after: AsyncIterable<TreeFile>): Promise<FilesDiff> {
  const added: FileSize[] = []
  const removed: FileSize[] = []
  const changed: { path: string; sizeBefore: number; sizeAfter: number }[] = []
  let unchanged = 0
  const [left, right] = [before[Symbol.asyncIterator](), after[Symbol.asyncIterator]()]
  let [a, b] = [await left.next(), await right.next()]
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : comparePaths(a.value.path, b.value.path)
    if (order === 0) {
      const [old, now] = [a.value as TreeFile, b.value as TreeFile]
      if (old.sha256 === now.sha256) unchanged += 1
      else changed.push({ path: now.path, sizeBefore: old.sizeBytes, sizeAfter: now.sizeBytes })
    } else if (order < 0) removed.push(sizeOf(a.value as TreeFile))
    else added.push(sizeOf(b.value as TreeFile))
    if (order <= 0) a = await left.next()
    if (order >= 0) b = await right.next()
  }
  return { added, removed, changed, unchanged }
}

const sizeOf = ({ path, sizeBytes }: TreeFile): FileSize => ({ path, sizeBytes })
