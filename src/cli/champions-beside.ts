import { MODEL_FILE } from '../packaging/manifest.ts'
import type { WrittenFile } from '../packaging/write-package.ts'
import { type BesidePackages, readPackagesBeside } from '../store/blobs/read-packages-beside.ts'
import type { Home } from '../store/open-home.ts'
import type { ModelRegistry } from '../track/model-registry.ts'

/** Starting a thread and loading its modules costs a quarter of a second of the processor: fewer packages are read sooner without. */
const MANY = 4

/**
 * A thread that begins to read the packages which a server will load as soon as it listens, in the order in which it will.
 * @param only The one model that it serves; null for all.
 * @returns null where there are few of them, or where the registry is at fault, which loading the models tells
 */
export async function championsBeside(
  { models, blobs }: Pick<Home, 'models' | 'blobs'>,
  only: string | null,
): Promise<BesidePackages | null> {
  const champions = await championFiles(models, only).catch(() => [])
  const packages = champions.length < MANY ? null : readPackagesBeside(blobs)
  if (packages) champions.every((files) => packages.readAhead(files, MODEL_FILE))
  return packages
}

async function championFiles(models: ModelRegistry, only: string | null): Promise<(readonly WrittenFile[])[]> {
  const found: (readonly WrittenFile[])[] = []
  for (const { name, aliases } of await models.models()) {
    if ((only !== null && name !== only) || !Object.hasOwn(aliases, 'champion')) continue
    const { files } = await models.version(name, aliases['champion']!)
    // A model that another program logged has its state elsewhere.
    if (files.some(({ path }) => path === MODEL_FILE)) found.push(files)
  }
  return found
}
