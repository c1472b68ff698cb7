import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../../errors.ts'
import { writeFileWhole } from '../../write-file-whole.ts'
import { placeOf } from './dvc-config.ts'
import { dvcFolder } from './dvc-folder.ts'
import { dvcMd5 } from './dvc-md5.ts'
import { objectPaths, putObject } from './dvc-objects.ts'
import { dvcPointer } from './dvc-pointer.ts'

export interface ExportedDvc {
  /** The `.dvc` file. */
  readonly pointer: string
  readonly md5: string
  readonly sizeBytes: number
  readonly nFiles: number
}

/**
 * Puts a file or folder into a remote of DVC and writes the pointer for it, as `dvc add` and `dvc push` of DVC 3 would. The pointer is written last.
 * @param content The file or folder on disk.
 * @param out What the pointer stands for; it is written beside that, with `.dvc` after the name.
 * @param scratch A folder to write the list of files to.
 * @throws TARGET_EXISTS, DVC_REMOTE_UNSUPPORTED, DISK_FULL, and as an object store does
 */
export async function exportDvc(
  content: { readonly place: string; readonly isFolder: boolean },
  { out, remote, scratch }: { readonly out: string; readonly remote: string; readonly scratch: string },
): Promise<ExportedDvc> {
  const place = placeOf(remote, process.cwd())
  const pointer = `${out}.dvc`
  const files = content.isFolder ? await filesBelow(content.place) : ['']
  if (files.length === 0) throw new BellwetherError('NO_FILES', 'There is no file to export.')
  const entries: { md5: string; relpath: string }[] = []
  let total = 0
  for (const relpath of files) {
    const file = relpath === '' ? content.place : path.join(content.place, ...relpath.split('/'))
    const { md5, sizeBytes } = await dvcMd5(file)
    await putObject(place, objectPaths(md5, false, 'md5')[0]!, file)
    entries.push({ md5, relpath })
    total += sizeBytes
  }
  let md5 = entries[0]!.md5
  if (content.isFolder) {
    const list = path.join(scratch, 'list.dir')
    await writeFile(list, dvcFolder(entries), { mode: 0o600 })
    md5 = (await dvcMd5(list)).md5
    await putObject(place, objectPaths(md5, true, 'md5')[0]!, list)
  }
  const written = dvcPointer({
    path: path.basename(out),
    md5,
    sizeBytes: total,
    nFiles: content.isFolder ? files.length : null,
  })
  await writeFileWhole(pointer, Buffer.from(written))
  return { pointer, md5: content.isFolder ? `${md5}.dir` : md5, sizeBytes: total, nFiles: files.length }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
}
