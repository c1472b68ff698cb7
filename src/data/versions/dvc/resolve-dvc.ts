import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../../errors.ts'
import { fileError } from '../../file-error.ts'
import { comparePaths } from '../tree-manifest.ts'
import { type DvcPlace, type DvcRepository, findDvcRepository, placeOf, remotePlace } from './dvc-config.ts'
import { parseDvcFolder } from './dvc-folder.ts'
import { dvcMd5 } from './dvc-md5.ts'
import { type DvcObjects, dvcObjects, objectPaths } from './dvc-objects.ts'
import { type DvcOutput, parseDvcPointer } from './dvc-pointer.ts'

/** What a pointer names, found and checked by its MD5. */
export interface DvcContent {
  readonly output: DvcOutput
  /** What the output is called: the last name of its path. */
  readonly name: string
  /** Names inside the folder and where their contents are, in the order of `comparePaths`; of a single file, its own name. Only to be read. */
  readonly files: readonly { readonly path: string; readonly file: string }[]
}

export interface ResolveDvcOptions {
  /** Folder that objects of an object store are brought to; the caller removes it. */
  readonly scratch: string
  /** Where to look besides the repository's cache: a folder or s3://, in place of the repository's remotes. */
  readonly remote?: string | undefined
}

const MAX_POINTER_BYTES = 64 * 1024 * 1024
/** Objects that are looked for and checked at once. */
const AT_ONCE = 8

/**
 * The contents of a `.dvc` or `dvc.lock` file, from the repository's cache or remote, in the layouts of DVC 2 and 3.
 * @throws FILE_NOT_FOUND, DVC_INVALID, DVC_OBJECT_MISSING, DVC_OBJECT_CORRUPT, DVC_REMOTE_UNSUPPORTED, and as an object store does
 */
export async function resolveDvc(pointerFile: string, options: ResolveDvcOptions): Promise<DvcContent[]> {
  const name = path.basename(pointerFile)
  let text: string
  try {
    if ((await stat(pointerFile)).size > MAX_POINTER_BYTES)
      throw new BellwetherError('DVC_INVALID', `${name} is too large for a pointer of DVC.`)
    text = await readFile(pointerFile, 'utf8')
  } catch (error) {
    throw fileError(error, pointerFile)
  }
  const repository = await findDvcRepository(pointerFile)
  const contents: DvcContent[] = []
  for (const output of parseDvcPointer(text, name)) {
    const stores = placesOf(output, repository, options).map((place) => dvcObjects(place, options.scratch))
    if (stores.length === 0)
      throw new BellwetherError(
        'DVC_OBJECT_MISSING',
        `${name} is in no repository of DVC; name its remote with --remote.`,
      )
    contents.push(await contentOf(output, stores))
  }
  return contents
}

function placesOf(output: DvcOutput, repository: DvcRepository | null, options: ResolveDvcOptions): DvcPlace[] {
  const places: DvcPlace[] = repository ? [{ kind: 'folder', folder: repository.cache }] : []
  if (options.remote !== undefined) return [...places, placeOf(options.remote, process.cwd())]
  const remote = output.remote ?? repository?.defaultRemote ?? null
  return repository && remote !== null ? [...places, remotePlace(repository, remote)] : places
}

async function contentOf(output: DvcOutput, stores: readonly DvcObjects[]): Promise<DvcContent> {
  const name = path.posix.basename(output.path.replaceAll('\\', '/'))
  if (name === '' || name === '.' || name === '..')
    throw new BellwetherError('DVC_INVALID', `The output ${JSON.stringify(output.path)} names no file and no folder.`)
  if (!output.isFolder) {
    const file = await objectOf(output.md5, false, output, stores, name)
    return { output, name, files: [{ path: name, file }] }
  }
  const list = await objectOf(output.md5, true, output, stores, name)
  const entries = parseDvcFolder(await readFile(list, 'utf8'), name)
  const files: { path: string; file: string }[] = []
  let next = 0
  const work = async () => {
    for (let i = next++; i < entries.length; i = next++) {
      const { md5, relpath } = entries[i]!
      files.push({ path: relpath, file: await objectOf(md5, false, output, stores, `${name}/${relpath}`) })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  files.sort((a, b) => comparePaths(a.path, b.path))
  return { output, name, files }
}

/** @throws DVC_OBJECT_MISSING, DVC_OBJECT_CORRUPT */
async function objectOf(
  md5: string,
  isFolder: boolean,
  { hash }: DvcOutput,
  stores: readonly DvcObjects[],
  what: string,
): Promise<string> {
  let damaged: string | null = null
  for (const store of stores) {
    for (const objectPath of objectPaths(md5, isFolder, hash)) {
      const file = await store.find(objectPath)
      if (file === null) continue
      const found = await dvcMd5(file)
      // What DVC 2 keeps is the file as it was; its name is the hash of it with other line ends.
      if (found.md5 === md5 || (hash === 'md5-dos2unix' && found.dos2unix === md5)) return file
      damaged = store.place
    }
  }
  if (damaged !== null)
    throw new BellwetherError(
      'DVC_OBJECT_CORRUPT',
      `${what}: the object ${md5} in ${damaged} has another content than its name says.`,
    )
  throw new BellwetherError(
    'DVC_OBJECT_MISSING',
    `${what}: the object ${md5} is not in ${stores.map(({ place }) => place).join(' and not in ')}.`,
  )
}
