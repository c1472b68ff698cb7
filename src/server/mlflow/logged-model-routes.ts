import { z } from 'zod'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import { bool, enumeration, keyValues, listOfTexts, long, optional, requiredText, text } from './wire-input.ts'
import { wireLoggedModel, wirePage } from './wire-output.ts'

const STATUSES = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'] as const
const Id = z.object({ model_id: requiredText })
const ONE = '/mlflow/logged-models/:model_id'

export function loggedModelRoutes({ loggedModels }: MlflowStores): MlflowRoute[] {
  return [
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/logged-models',
      operationId: 'mlflowCreateLoggedModel',
      summary: 'Begin to log a model',
      permission: 'runs:write',
      input: z.object({
        experiment_id: requiredText,
        name: optional(text),
        model_type: optional(text),
        source_run_id: optional(text),
        params: optional(keyValues),
        tags: optional(keyValues),
      }),
      answers: ['model'],
      handle: async (input, { now }) => ({
        model: wireLoggedModel(
          await loggedModels.create({
            experimentId: input.experiment_id,
            name: input.name || null,
            modelType: input.model_type || null,
            sourceRunId: input.source_run_id || null,
            params: input.params ?? [],
            tags: input.tags ?? [],
            now,
          }),
        ),
      }),
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/logged-models/search',
      operationId: 'mlflowSearchLoggedModels',
      summary: 'Logged models that a filter matches',
      permission: 'runs:read',
      input: z.object({
        experiment_ids: listOfTexts,
        filter: optional(text),
        datasets: optional(z.array(z.object({ dataset_name: requiredText, dataset_digest: optional(text) }))),
        max_results: optional(long),
        order_by: optional(
          z.array(
            z.object({
              field_name: requiredText,
              ascending: optional(bool),
              dataset_name: optional(text),
              dataset_digest: optional(text),
            }),
          ),
        ),
        page_token: optional(text),
      }),
      answers: ['models', 'next_page_token'],
      handle: async (input) => {
        const page = await loggedModels.search({
          experimentIds: input.experiment_ids,
          filter: input.filter ?? '',
          datasets: (input.datasets ?? []).map(({ dataset_name, dataset_digest }) => ({
            name: dataset_name,
            digest: dataset_digest || null,
          })),
          orderBy: (input.order_by ?? []).map((term) => ({
            field: term.field_name,
            ascending: term.ascending ?? true,
            datasetName: term.dataset_name || null,
            datasetDigest: term.dataset_digest || null,
          })),
          maxResults: input.max_results || 50,
          pageToken: input.page_token || null,
        })
        return wirePage('models', page.items.map(wireLoggedModel), page.nextPageToken)
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: ONE,
      operationId: 'mlflowGetLoggedModel',
      summary: 'A logged model',
      permission: 'runs:read',
      input: Id.extend({ allow_deleted: optional(bool) }),
      answers: ['model'],
      handle: async ({ model_id, allow_deleted }) => ({
        model: wireLoggedModel(await loggedModels.get(model_id, allow_deleted ?? false)),
      }),
    }),
    mlflowRoute({
      method: 'PATCH',
      path: ONE,
      operationId: 'mlflowFinalizeLoggedModel',
      summary: 'Say that a model is logged, or that it failed',
      permission: 'runs:write',
      input: Id.extend({ status: enumeration(STATUSES) }),
      answers: ['model'],
      handle: async ({ model_id, status }, { now }) => ({
        model: wireLoggedModel(await loggedModels.finalize(model_id, status, now)),
      }),
    }),
    mlflowRoute({
      method: 'DELETE',
      path: ONE,
      operationId: 'mlflowDeleteLoggedModel',
      summary: 'Delete a logged model',
      permission: 'runs:write',
      input: Id,
      answers: [],
      handle: async ({ model_id }, { now }) => {
        await loggedModels.delete(model_id, now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'PATCH',
      path: `${ONE}/tags`,
      operationId: 'mlflowSetLoggedModelTags',
      summary: 'Set tags of a logged model',
      permission: 'runs:write',
      input: Id.extend({ tags: optional(keyValues) }),
      answers: [],
      handle: async ({ model_id, tags }) => {
        await loggedModels.setTags(model_id, tags ?? [])
        return {}
      },
    }),
    mlflowRoute({
      method: 'DELETE',
      path: `${ONE}/tags/:tag_key`,
      operationId: 'mlflowDeleteLoggedModelTag',
      summary: 'Remove a tag of a logged model',
      permission: 'runs:write',
      input: Id.extend({ tag_key: requiredText }),
      answers: [],
      handle: async ({ model_id, tag_key }) => {
        await loggedModels.deleteTag(model_id, tag_key)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: `${ONE}/params`,
      operationId: 'mlflowLogLoggedModelParams',
      summary: 'Log params of a logged model',
      permission: 'runs:write',
      input: Id.extend({ params: optional(keyValues) }),
      answers: [],
      handle: async ({ model_id, params }) => {
        await loggedModels.logParams(model_id, params ?? [])
        return {}
      },
    }),
  ]
}
