import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../../errors.ts'
import { writeFileWhole } from '../../write-file-whole.ts'
import { type DvcPlace, placeOf } from './dvc-config.ts'
import { type DvcEntry, dvcFolder } from './dvc-folder.ts'
import { type DvcMd5, dvcMd5 } from './dvc-md5.ts'
import { dvcObjects, objectPaths, putObject } from './dvc-objects.ts'
import { type DvcVersion, dvcPointer } from './dvc-pointer.ts'

export interface ExportedDvc {
  /** The `.dvc` file. */
  readonly pointer: string
  readonly md5: string
  readonly sizeBytes: number
  readonly nFiles: number
}

export interface ExportDvcOptions {
  /** What the pointer stands for; it is written beside that, with `.dvc` after the name. */
  readonly out: string
  /** A folder, or s3://. */
  readonly remote: string
  readonly version: DvcVersion
  /** A folder for what is needed in between; it may hold the content. */
  readonly scratch: string
}

/**
 * Puts a file or folder into a remote of DVC and writes the pointer for it, as `dvc add` and `dvc push` of that DVC would. The pointer is written last.
 * @param content The file or folder on disk.
 * @throws NO_FILES, DVC_LINE_ENDS, DVC_REMOTE_UNSUPPORTED, DISK_FULL, and as an object store does
 */
export async function exportDvc(
  content: { readonly place: string; readonly isFolder: boolean },
  { out, remote, version, scratch }: ExportDvcOptions,
): Promise<ExportedDvc> {
  const place = placeOf(remote, process.cwd())
  const pointer = `${out}.dvc`
  const files = content.isFolder ? await filesBelow(content.place) : ['']
  if (files.length === 0) throw new BellwetherError('NO_FILES', 'There is no file to export.')
  const put = version === 2 ? putLegacy(place, scratch) : putCurrent(place)
  const entries: DvcEntry[] = []
  let total = 0
  for (const relpath of files) {
    const file = relpath === '' ? content.place : path.join(content.place, ...relpath.split('/'))
    const hashes = await dvcMd5(file)
    entries.push({ md5: await put(file, hashes, relpath || path.basename(out)), relpath })
    total += hashes.sizeBytes
  }
  let md5 = entries[0]!.md5
  if (content.isFolder) {
    const list = path.join(await mkdtemp(path.join(scratch, 'dvc-')), 'list')
    await writeFile(list, dvcFolder(entries), { mode: 0o600 })
    md5 = (await dvcMd5(list)).md5
    await putObject(place, objectPaths(md5, true, hashOf(version))[0]!, list)
  }
  const written = dvcPointer({
    path: path.basename(out),
    md5,
    sizeBytes: total,
    nFiles: content.isFolder ? files.length : null,
    version,
  })
  await writeFileWhole(pointer, Buffer.from(written))
  return { pointer, md5: content.isFolder ? `${md5}.dir` : md5, sizeBytes: total, nFiles: files.length }
}

/** Puts one file. @returns the name of its object */
type Put = (file: string, hashes: DvcMd5, name: string) => Promise<string>

const hashOf = (version: DvcVersion) => (version === 2 ? ('md5-dos2unix' as const) : ('md5' as const))

function putCurrent(place: DvcPlace): Put {
  return async (file, { md5 }) => {
    await putObject(place, objectPaths(md5, false, 'md5')[0]!, file)
    return md5
  }
}

/**
 * To DVC 2 two texts that differ in their line ends alone are one object: whichever came first would be pulled for both, and a pull would give other
 * bytes than the version has. So a text whose object is there with other line ends is refused, and never written over.
 */
function putLegacy(place: DvcPlace, scratch: string): Put {
  return async (file, { md5, dos2unix, isText }, name) => {
    const objectPath = objectPaths(dos2unix, false, 'md5-dos2unix')[0]!
    if (isText) {
      const fetched = await mkdtemp(path.join(scratch, 'dvc-'))
      const there = dvcObjects(place, fetched)
      const object = await there.find(objectPath)
      const kept = object === null ? null : await dvcMd5(object)
      await rm(fetched, { recursive: true, force: true })
      if (kept?.md5 === md5) return dos2unix
      if (kept?.dos2unix === dos2unix)
        throw new BellwetherError(
          'DVC_LINE_ENDS',
          `${JSON.stringify(name)} is in ${there.place} with other line ends (${dos2unix}); to DVC 2 both are one object.`,
        )
    }
    await putObject(place, objectPath, file)
    return dos2unix
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
}
