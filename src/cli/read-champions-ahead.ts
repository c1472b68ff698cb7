import { MODEL_FILE } from '../packaging/manifest.ts'
import type { BesidePackages } from '../store/blobs/read-packages-beside.ts'
import type { ModelRegistry } from '../track/model-registry.ts'

/**
 * Begins to read the packages that a server will load as soon as it listens, in the order in which it will.
 * @param only The one model that it serves; null for all.
 */
export async function readChampionsAhead(
  models: ModelRegistry,
  packages: BesidePackages,
  only: string | null,
): Promise<void> {
  for (const { name, aliases } of await models.models()) {
    if ((only !== null && name !== only) || !Object.hasOwn(aliases, 'champion')) continue
    const { files } = await models.version(name, aliases['champion']!)
    // A model that another program logged has its state elsewhere.
    if (files.some(({ path }) => path === MODEL_FILE) && !packages.readAhead(files, MODEL_FILE)) return
  }
}
