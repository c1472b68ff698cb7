import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { invalidParameter, LIMITS } from '../../track/mlflow-rules.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import { keyValues, long, metricInput, optional, requiredText, runStatus, text, texts, viewType } from './wire-input.ts'
import { wirePage, wireRun, wireRunInfo } from './wire-output.ts'

const Id = z.object({ run_id: requiredText })

const DatasetInputs = z.array(
  z.object({
    tags: optional(keyValues),
    dataset: z.object({
      name: requiredText,
      digest: requiredText,
      source_type: requiredText,
      source: requiredText,
      schema: optional(text),
      profile: optional(text),
    }),
  }),
)

export function runRoutes({ runs }: MlflowStores): MlflowRoute[] {
  return [
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/create',
      operationId: 'mlflowCreateRun',
      summary: 'Start a run',
      permission: 'runs:write',
      input: z.object({
        experiment_id: optional(text),
        user_id: optional(text),
        run_name: optional(text),
        start_time: optional(long),
        tags: optional(keyValues),
      }),
      answers: ['run'],
      handle: async (input, { now }) => ({
        run: wireRun(
          await runs.create({
            experimentId: input.experiment_id || '0',
            userId: input.user_id ?? '',
            name: input.run_name || null,
            startTime: input.start_time ?? now,
            tags: input.tags ?? [],
          }),
        ),
      }),
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/update',
      operationId: 'mlflowUpdateRun',
      summary: 'End a run, resume it, or name it',
      permission: 'runs:write',
      input: Id.extend({ status: optional(runStatus), end_time: optional(long), run_name: optional(text) }),
      answers: ['run_info'],
      handle: async ({ run_id, status, end_time, run_name }, { now }) => ({
        run_info: wireRunInfo(
          await runs.update(
            run_id,
            {
              ...(status ? { status } : {}),
              ...(end_time ? { endTime: end_time } : {}),
              ...(run_name ? { name: run_name } : {}),
            },
            now,
          ),
        ),
      }),
    }),
    ...(['delete', 'restore'] as const).map((what) =>
      mlflowRoute({
        method: 'POST',
        path: `/mlflow/runs/${what}`,
        operationId: what === 'delete' ? 'mlflowDeleteRun' : 'mlflowRestoreRun',
        summary: what === 'delete' ? 'Delete a run; it can be restored' : 'Restore a run',
        permission: 'runs:write',
        input: Id,
        answers: [],
        handle: async ({ run_id }) => {
          await runs.setLifecycle(run_id, what === 'delete' ? 'deleted' : 'active')
          return {}
        },
      }),
    ),
    mlflowRoute({
      method: 'GET',
      path: '/mlflow/runs/get',
      operationId: 'mlflowGetRun',
      summary: 'A run with what was logged to it, the latest value of each metric',
      permission: 'runs:read',
      input: Id,
      answers: ['run'],
      handle: async ({ run_id }) => ({ run: wireRun(await runs.get(run_id)) }),
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/search',
      operationId: 'mlflowSearchRuns',
      summary: 'Runs that a filter matches',
      permission: 'runs:read',
      input: z.object({
        experiment_ids: optional(z.array(z.string())),
        filter: optional(text),
        run_view_type: viewType,
        max_results: optional(long),
        order_by: optional(texts),
        page_token: optional(text),
      }),
      answers: ['runs', 'next_page_token'],
      handle: async (input) => {
        const page = await runs.search({
          experimentIds: input.experiment_ids ?? [],
          viewType: input.run_view_type ?? 'ACTIVE_ONLY',
          maxResults: input.max_results ?? 1000,
          filter: input.filter ?? '',
          orderBy: input.order_by ?? [],
          pageToken: input.page_token || null,
        })
        return wirePage('runs', page.items.map(wireRun), page.nextPageToken)
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/log-metric',
      operationId: 'mlflowLogMetric',
      summary: 'Log one value of a metric',
      permission: 'runs:write',
      input: Id.extend(metricInput.shape),
      answers: [],
      handle: async (input) => {
        await runs.log(input.run_id, { metrics: [metricOf(input)] })
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/log-parameter',
      operationId: 'mlflowLogParameter',
      summary: 'Log a param, once',
      permission: 'runs:write',
      input: Id.extend({ key: requiredText, value: optional(text) }),
      answers: [],
      handle: async ({ run_id, key, value }) => {
        await runs.log(run_id, { params: [{ key, value: value ?? '' }] })
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/log-batch',
      operationId: 'mlflowLogBatch',
      summary: 'Log metrics, params and tags together',
      permission: 'runs:write',
      input: Id.extend({
        metrics: optional(z.array(metricInput)),
        params: optional(keyValues),
        tags: optional(keyValues),
      }),
      answers: [],
      handle: async ({ run_id, metrics, params, tags }, { request }) => {
        if (Number(request.headers['content-length'] ?? 0) > LIMITS.batchBytes) {
          throw invalidParameter(
            'body',
            `Batched logging API requests must be at most ${LIMITS.batchBytes} bytes, got a request of size ${request.headers['content-length']}.`,
          )
        }
        await runs.log(run_id, { metrics: (metrics ?? []).map(metricOf), params: params ?? [], tags: tags ?? [] })
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/set-tag',
      operationId: 'mlflowSetTag',
      summary: 'Set a tag of a run',
      permission: 'runs:write',
      input: Id.extend({ key: requiredText, value: optional(text) }),
      answers: [],
      handle: async ({ run_id, key, value }) => {
        await runs.log(run_id, { tags: [{ key, value: value ?? '' }] })
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/delete-tag',
      operationId: 'mlflowDeleteTag',
      summary: 'Remove a tag of a run',
      permission: 'runs:write',
      input: Id.extend({ key: requiredText }),
      answers: [],
      handle: async ({ run_id, key }) => {
        await runs.deleteTag(run_id, key)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/log-inputs',
      operationId: 'mlflowLogInputs',
      summary: 'Log the datasets and models that a run uses',
      permission: 'runs:write',
      input: Id.extend({
        datasets: optional(DatasetInputs),
        models: optional(z.array(z.object({ model_id: requiredText }))),
      }),
      answers: [],
      handle: async ({ run_id, datasets, models }) => {
        const inputs = (datasets ?? []).map(({ tags, dataset }) => ({
          tags: tags ?? [],
          dataset: {
            name: dataset.name,
            digest: dataset.digest,
            sourceType: dataset.source_type,
            source: dataset.source,
            schema: dataset.schema ?? null,
            profile: dataset.profile ?? null,
          },
        }))
        await runs.logInputs(
          run_id,
          inputs,
          (models ?? []).map(({ model_id }) => model_id),
        )
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/outputs',
      operationId: 'mlflowLogOutputs',
      summary: 'Log the models that a run puts out',
      permission: 'runs:write',
      input: Id.extend({ models: optional(z.array(z.object({ model_id: requiredText, step: optional(long) }))) }),
      answers: [],
      handle: async ({ run_id, models }) => {
        await runs.logOutputs(
          run_id,
          (models ?? []).map(({ model_id, step }) => ({ modelId: model_id, step: step ?? 0 })),
        )
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/runs/log-model',
      operationId: 'mlflowLogModel',
      summary: 'Note a model that a 2.x client has logged',
      permission: 'runs:write',
      input: Id.extend({ model_json: requiredText }),
      answers: [],
      handle: async ({ run_id, model_json }) => {
        await runs.recordModel(run_id, modelOf(model_json))
        return {}
      },
    }),
  ]
}

function metricOf(input: z.output<typeof metricInput>) {
  return {
    key: input.key,
    value: input.value,
    timestamp: input.timestamp,
    step: input.step ?? 0,
    modelId: input.model_id || null,
    datasetName: input.dataset_name || null,
    datasetDigest: input.dataset_digest || null,
  }
}

function modelOf(json: string): Record<string, unknown> {
  let model: unknown
  try {
    model = JSON.parse(json)
  } catch {
    throw new BellwetherError('INVALID_INPUT', 'Malformed model info: model_json is not a valid JSON.')
  }
  if (model === null || typeof model !== 'object' || Array.isArray(model))
    throw new BellwetherError('INVALID_INPUT', 'Malformed model info: model_json is no object.')
  const missing = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'].filter((key) => !Object.hasOwn(model, key))
  if (missing.length > 0)
    throw new BellwetherError('INVALID_INPUT', `Model json is missing mandatory fields: ${missing.join(', ')}`)
  return model as Record<string, unknown>
}
