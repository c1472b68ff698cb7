import { z } from 'zod'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import { versionNumber } from './version-source.ts'
import { keyValues, long, optional, requiredText, text, texts } from './wire-input.ts'
import { list, wireModel, wirePage, wireVersion } from './wire-output.ts'

const Name = z.object({ name: requiredText })
const MODELS = '/mlflow/registered-models'

/** Registered models, their aliases and tags. */
export function registryRoutes({ registry }: MlflowStores): MlflowRoute[] {
  const latestVersions = (method: 'GET' | 'POST') =>
    mlflowRoute({
      method,
      path: `${MODELS}/get-latest-versions`,
      operationId: method === 'POST' ? 'mlflowGetLatestVersions' : 'mlflowGetLatestVersionsByQuery',
      summary: 'The newest version of each stage',
      permission: 'models:read',
      input: Name.extend({ stages: optional(texts) }),
      answers: ['model_versions'],
      handle: async ({ name, stages }) =>
        list('model_versions', (await registry.latestVersions(name, stages ?? [])).map(wireVersion)),
    })
  return [
    mlflowRoute({
      method: 'POST',
      path: `${MODELS}/create`,
      operationId: 'mlflowCreateRegisteredModel',
      summary: 'Register a name for versions of a model',
      permission: 'models:write',
      input: Name.extend({ tags: optional(keyValues), description: optional(text) }),
      answers: ['registered_model'],
      handle: async ({ name, tags, description }, { by }) => ({
        registered_model: wireModel(
          await registry.createModel({ name, tags: tags ?? [], description: description || null }, by),
        ),
      }),
    }),
    mlflowRoute({
      method: 'POST',
      path: `${MODELS}/rename`,
      operationId: 'mlflowRenameRegisteredModel',
      summary: 'Rename a registered model',
      permission: 'models:write',
      input: Name.extend({ new_name: requiredText }),
      answers: ['registered_model'],
      handle: async ({ name, new_name }, { by }) => ({
        registered_model: wireModel(await registry.renameModel(name, new_name, by)),
      }),
    }),
    mlflowRoute({
      method: 'PATCH',
      path: `${MODELS}/update`,
      operationId: 'mlflowUpdateRegisteredModel',
      summary: 'Describe a registered model',
      permission: 'models:write',
      input: Name.extend({ description: optional(text) }),
      answers: ['registered_model'],
      handle: async ({ name, description }, { by }) => ({
        registered_model: wireModel(await registry.describeModel(name, description ?? null, by)),
      }),
    }),
    mlflowRoute({
      method: 'DELETE',
      path: `${MODELS}/delete`,
      operationId: 'mlflowDeleteRegisteredModel',
      summary: 'Delete a registered model with its versions; the ledger keeps what was',
      permission: 'models:write',
      input: Name,
      answers: [],
      handle: async ({ name }, { by }) => {
        await registry.deleteModel(name, by)
        return {}
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: `${MODELS}/get`,
      operationId: 'mlflowGetRegisteredModel',
      summary: 'A registered model',
      permission: 'models:read',
      input: Name,
      answers: ['registered_model'],
      handle: async ({ name }) => ({ registered_model: wireModel(await registry.model(name)) }),
    }),
    mlflowRoute({
      method: 'GET',
      path: `${MODELS}/search`,
      operationId: 'mlflowSearchRegisteredModels',
      summary: 'Registered models that a filter matches',
      permission: 'models:read',
      input: z.object({
        filter: optional(text),
        max_results: optional(long),
        order_by: optional(texts),
        page_token: optional(text),
      }),
      answers: ['registered_models', 'next_page_token'],
      handle: async (input) => {
        const page = await registry.searchModels({
          filter: input.filter ?? '',
          maxResults: input.max_results ?? 100,
          orderBy: input.order_by ?? [],
          pageToken: input.page_token || null,
        })
        return wirePage('registered_models', page.items.map(wireModel), page.nextPageToken)
      },
    }),
    latestVersions('POST'),
    latestVersions('GET'),
    mlflowRoute({
      method: 'POST',
      path: `${MODELS}/set-tag`,
      operationId: 'mlflowSetRegisteredModelTag',
      summary: 'Set a tag of a registered model',
      permission: 'models:write',
      input: Name.extend({ key: requiredText, value: optional(text) }),
      answers: [],
      handle: async ({ name, key, value }) => {
        await registry.setModelTag(name, { key, value: value ?? '' })
        return {}
      },
    }),
    mlflowRoute({
      method: 'DELETE',
      path: `${MODELS}/delete-tag`,
      operationId: 'mlflowDeleteRegisteredModelTag',
      summary: 'Remove a tag of a registered model',
      permission: 'models:write',
      input: Name.extend({ key: requiredText }),
      answers: [],
      handle: async ({ name, key }) => {
        await registry.deleteModelTag(name, key)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: `${MODELS}/alias`,
      operationId: 'mlflowSetAlias',
      summary: 'Point an alias at a version',
      permission: 'models:promote',
      input: Name.extend({ alias: requiredText, version: requiredText }),
      answers: [],
      handle: async ({ name, alias, version }, { by }) => {
        await registry.setAlias(name, alias, versionNumber(version), by)
        return {}
      },
    }),
    mlflowRoute({
      method: 'DELETE',
      path: `${MODELS}/alias`,
      operationId: 'mlflowDeleteAlias',
      summary: 'Remove an alias',
      permission: 'models:promote',
      input: Name.extend({ alias: requiredText }),
      answers: [],
      handle: async ({ name, alias }, { by }) => {
        await registry.deleteAlias(name, alias, by)
        return {}
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: `${MODELS}/alias`,
      operationId: 'mlflowGetVersionByAlias',
      summary: 'The version that an alias points at',
      permission: 'models:read',
      input: Name.extend({ alias: requiredText }),
      answers: ['model_version'],
      handle: async ({ name, alias }) => ({ model_version: wireVersion(await registry.byAlias(name, alias)) }),
    }),
  ]
}
