import { MANIFEST_FILE } from '../../packaging/manifest.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import type { ModelRegistry } from '../../track/model-registry.ts'

/** Columns that the projects of model versions name as those that identify persons: for data that was kept before readings said so themselves. */
export async function idColumnsOfModels({
  models,
  blobs,
}: {
  readonly models: Pick<ModelRegistry, 'models' | 'versions'>
  readonly blobs: Pick<BlobStore, 'get'>
}): Promise<string[]> {
  const found = new Set<string>()
  for (const { name } of await models.models()) {
    for (const { files, source } of await models.versions(name)) {
      const manifest = source === null ? files.find(({ path }) => path === MANIFEST_FILE) : undefined
      const column = manifest && idColumnOf(await blobs.get(manifest.hash).catch(() => null))
      if (column) found.add(column)
    }
  }
  return [...found]
}

/** null for a manifest that is damaged: what it says is no ground to leave a person in. */
function idColumnOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null
  try {
    const { project } = JSON.parse(new TextDecoder().decode(bytes)) as { project?: { data?: { id?: unknown } } }
    const column = project?.data?.id
    return typeof column === 'string' ? column : null
  } catch {
    return null
  }
}
