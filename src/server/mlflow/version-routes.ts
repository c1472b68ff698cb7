import { z } from 'zod'
import type { KeyValue, LoggedModel } from '../../track/mlflow-model.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import { checkPromptSource, checkSource, filesAt, storageLocation, versionNumber } from './version-source.ts'
import { bool, keyValues, long, optional, requiredText, text, texts } from './wire-input.ts'
import { wirePage, wireVersion } from './wire-output.ts'

const One = z.object({ name: requiredText, version: z.union([requiredText, z.int().transform(String)]) })
const VERSIONS = '/mlflow/model-versions'
const VERSIONS_TAG = 'mlflow.modelVersions'

/** Versions of registered models. */
export function versionRoutes(stores: MlflowStores): MlflowRoute[] {
  const { registry, loggedModels } = stores
  return [
    mlflowRoute({
      method: 'POST',
      path: `${VERSIONS}/create`,
      operationId: 'mlflowCreateModelVersion',
      summary: 'Register a version; it keeps the files that its source holds now',
      permission: 'models:write',
      input: z.object({
        name: requiredText,
        source: requiredText,
        run_id: optional(text),
        tags: optional(keyValues),
        run_link: optional(text),
        description: optional(text),
        model_id: optional(text),
      }),
      answers: ['model_version'],
      handle: async ({ name, source, run_id, tags, run_link, description, model_id }, { by }) => {
        const isPrompt = (tags ?? []).some(({ key }) => key === 'mlflow.prompt.is_prompt')
        if (isPrompt) checkPromptSource(source)
        else checkSource(source)
        const place = isPrompt ? null : await storageLocation(stores, source)
        const version = await registry.createVersion(
          {
            model: name,
            source,
            storageLocation: place,
            runId: run_id || null,
            description: description || null,
            runLink: run_link || null,
            modelId: model_id || /^models:\/(m-[\w-]+)$/.exec(source)?.[1] || null,
            tags: tags ?? [],
            files: isPrompt ? [] : await filesAt(stores, place ?? source),
          },
          by,
        )
        if (!isPrompt && model_id) {
          const model = await loggedModels.get(model_id)
          await loggedModels.setTags(model_id, [registrations(model, name, version.version)])
        }
        return { model_version: wireVersion(version) }
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: `${VERSIONS}/get`,
      operationId: 'mlflowGetModelVersion',
      summary: 'A version of a registered model',
      permission: 'models:read',
      input: One,
      answers: ['model_version'],
      handle: async ({ name, version }) => ({
        model_version: wireVersion(await registry.version(name, versionNumber(version))),
      }),
    }),
    mlflowRoute({
      method: 'PATCH',
      path: `${VERSIONS}/update`,
      operationId: 'mlflowUpdateModelVersion',
      summary: 'Describe a version',
      permission: 'models:write',
      input: One.extend({ description: optional(text) }),
      answers: ['model_version'],
      handle: async ({ name, version, description }, { by }) => ({
        model_version: wireVersion(
          await registry.describeVersion(name, versionNumber(version), description ?? null, by),
        ),
      }),
    }),
    mlflowRoute({
      method: 'DELETE',
      path: `${VERSIONS}/delete`,
      operationId: 'mlflowDeleteModelVersion',
      summary: 'Delete a version and its aliases; its number is never used again',
      permission: 'models:write',
      input: One,
      answers: [],
      handle: async ({ name, version }, { by }) => {
        await registry.deleteVersion(name, versionNumber(version), by)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: `${VERSIONS}/transition-stage`,
      operationId: 'mlflowTransitionStage',
      summary: 'Put a version into another stage',
      permission: 'models:promote',
      input: One.extend({ stage: requiredText, archive_existing_versions: optional(bool) }),
      answers: ['model_version'],
      handle: async ({ name, version, stage, archive_existing_versions }, { by }) => ({
        model_version: wireVersion(
          await registry.setStage(
            {
              model: name,
              version: versionNumber(version),
              stage,
              archiveExisting: archive_existing_versions ?? false,
            },
            by,
          ),
        ),
      }),
    }),
    mlflowRoute({
      method: 'GET',
      path: `${VERSIONS}/search`,
      operationId: 'mlflowSearchModelVersions',
      summary: 'Versions that a filter matches',
      permission: 'models:read',
      input: z.object({
        filter: optional(text),
        max_results: optional(long),
        order_by: optional(texts),
        page_token: optional(text),
      }),
      answers: ['model_versions', 'next_page_token'],
      handle: async (input) => {
        const page = await registry.searchVersions({
          filter: input.filter ?? '',
          maxResults: input.max_results ?? 200_000,
          orderBy: input.order_by ?? [],
          pageToken: input.page_token || null,
        })
        return wirePage('model_versions', page.items.map(wireVersion), page.nextPageToken)
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: `${VERSIONS}/set-tag`,
      operationId: 'mlflowSetModelVersionTag',
      summary: 'Set a tag of a version',
      permission: 'models:write',
      input: One.extend({ key: requiredText, value: optional(text) }),
      answers: [],
      handle: async ({ name, version, key, value }) => {
        await registry.setVersionTag(name, versionNumber(version), { key, value: value ?? '' })
        return {}
      },
    }),
    mlflowRoute({
      method: 'DELETE',
      path: `${VERSIONS}/delete-tag`,
      operationId: 'mlflowDeleteModelVersionTag',
      summary: 'Remove a tag of a version',
      permission: 'models:write',
      input: One.extend({ key: requiredText }),
      answers: [],
      handle: async ({ name, version, key }) => {
        await registry.deleteVersionTag(name, versionNumber(version), key)
        return {}
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: `${VERSIONS}/get-download-uri`,
      operationId: 'mlflowGetDownloadUri',
      summary: "Where a version's files are",
      permission: 'models:read',
      input: One,
      answers: ['artifact_uri'],
      handle: async ({ name, version }) => ({ artifact_uri: await registry.downloadUri(name, versionNumber(version)) }),
    }),
  ]
}

/** The tag by which clients know what a logged model was registered as, in Python's way of writing JSON. */
function registrations(model: LoggedModel, name: string, version: number): KeyValue {
  const known = model.tags.find(({ key }) => key === VERSIONS_TAG)?.value
  const parsed: unknown = known === undefined ? [] : JSON.parse(known)
  const all = [...(Array.isArray(parsed) ? (parsed as { name: string; version: number }[]) : []), { name, version }]
  const items = all.map((one) => `{"name": ${JSON.stringify(one.name)}, "version": ${one.version}}`)
  return { key: VERSIONS_TAG, value: `[${items.join(', ')}]` }
}
