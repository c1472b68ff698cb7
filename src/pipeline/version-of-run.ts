import type { ModelRegistry, ModelVersion } from '../track/model-registry.ts'

/** The model version that a run made, or null. */
export async function versionOfRun(
  runId: string,
  models: Pick<ModelRegistry, 'models' | 'versions'>,
): Promise<ModelVersion | null> {
  for (const { name } of await models.models()) {
    const version = (await models.versions(name)).find((each) => each.runId === runId)
    if (version) return version
  }
  return null
}
