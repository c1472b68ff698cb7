import { z } from 'zod'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import { keyValues, long, optional, requiredText, text, texts, viewType } from './wire-input.ts'
import { list, wireExperiment, wirePage } from './wire-output.ts'

const Id = z.object({ experiment_id: requiredText })
const SearchInput = z.object({
  max_results: optional(long),
  page_token: optional(text),
  filter: optional(text),
  order_by: optional(texts),
  view_type: viewType,
})

/** Experiments of one request for their datasets, and how many it is answered. */
const MAX_DATASET_EXPERIMENTS = 20
const MAX_DATASETS = 1000

export function experimentRoutes({ experiments }: MlflowStores): MlflowRoute[] {
  const search = (method: 'GET' | 'POST') =>
    mlflowRoute({
      method,
      path: '/mlflow/experiments/search',
      operationId: method === 'POST' ? 'mlflowSearchExperiments' : 'mlflowSearchExperimentsByQuery',
      summary: 'Experiments that a filter matches',
      permission: 'runs:read',
      input: SearchInput,
      answers: ['experiments', 'next_page_token'],
      handle: async (input) => {
        const page = await experiments.search({
          viewType: input.view_type ?? 'ACTIVE_ONLY',
          maxResults: input.max_results ?? 1000,
          filter: input.filter ?? '',
          orderBy: input.order_by ?? [],
          pageToken: input.page_token || null,
        })
        return wirePage('experiments', page.items.map(wireExperiment), page.nextPageToken)
      },
    })
  return [
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/create',
      operationId: 'mlflowCreateExperiment',
      summary: 'Make an experiment',
      permission: 'runs:write',
      input: z.object({ name: requiredText, artifact_location: optional(text), tags: optional(keyValues) }),
      answers: ['experiment_id'],
      handle: async ({ name, artifact_location, tags }, { now }) => ({
        experiment_id: await experiments.create({
          name,
          artifactLocation: artifact_location ? checkLocation(artifact_location) : null,
          tags: tags ?? [],
          now,
        }),
      }),
    }),
    mlflowRoute({
      method: 'GET',
      path: '/mlflow/experiments/get',
      operationId: 'mlflowGetExperiment',
      summary: 'An experiment, a deleted one too',
      permission: 'runs:read',
      input: Id,
      answers: ['experiment'],
      handle: async ({ experiment_id }) => ({ experiment: wireExperiment(await experiments.byId(experiment_id)) }),
    }),
    mlflowRoute({
      method: 'GET',
      path: '/mlflow/experiments/get-by-name',
      operationId: 'mlflowGetExperimentByName',
      summary: 'An experiment by its name',
      permission: 'runs:read',
      input: z.object({ experiment_name: requiredText }),
      answers: ['experiment'],
      handle: async ({ experiment_name }) => ({
        experiment: wireExperiment(await experiments.byName(experiment_name)),
      }),
    }),
    search('POST'),
    search('GET'),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/delete',
      operationId: 'mlflowDeleteExperiment',
      summary: 'Delete an experiment and its runs; both can be restored',
      permission: 'runs:write',
      input: Id,
      answers: [],
      handle: async ({ experiment_id }, { now }) => {
        await experiments.setLifecycle(experiment_id, 'deleted', now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/restore',
      operationId: 'mlflowRestoreExperiment',
      summary: 'Restore an experiment and its runs',
      permission: 'runs:write',
      input: Id,
      answers: [],
      handle: async ({ experiment_id }, { now }) => {
        await experiments.setLifecycle(experiment_id, 'active', now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/update',
      operationId: 'mlflowUpdateExperiment',
      summary: 'Rename an experiment',
      permission: 'runs:write',
      input: Id.extend({ new_name: optional(text) }),
      answers: [],
      handle: async ({ experiment_id, new_name }, { now }) => {
        if (new_name) await experiments.rename(experiment_id, new_name, now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/set-experiment-tag',
      operationId: 'mlflowSetExperimentTag',
      summary: 'Set a tag of an experiment',
      permission: 'runs:write',
      input: Id.extend({ key: requiredText, value: optional(text) }),
      answers: [],
      handle: async ({ experiment_id, key, value }, { now }) => {
        await experiments.setTag(experiment_id, { key, value: value ?? '' }, now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/delete-experiment-tag',
      operationId: 'mlflowDeleteExperimentTag',
      summary: 'Remove a tag of an experiment',
      permission: 'runs:write',
      input: Id.extend({ key: requiredText }),
      answers: [],
      handle: async ({ experiment_id, key }, { now }) => {
        await experiments.deleteTag(experiment_id, key, now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/experiments/search-datasets',
      operationId: 'mlflowSearchDatasets',
      summary: 'Datasets that went into the runs of experiments',
      permission: 'runs:read',
      input: z.object({ experiment_ids: optional(texts) }),
      answers: ['dataset_summaries'],
      handle: async ({ experiment_ids }) => {
        const ids = experiment_ids ?? []
        if (ids.length === 0)
          throw invalidParameter('experiment_ids', 'SearchDatasets request must specify at least one experiment_id.')
        if (ids.length > MAX_DATASET_EXPERIMENTS) {
          throw invalidParameter(
            'experiment_ids',
            `SearchDatasets request cannot specify more than ${MAX_DATASET_EXPERIMENTS} experiment_ids. Received ${ids.length} experiment_ids.`,
          )
        }
        const found = await experiments.datasets(ids, MAX_DATASETS)
        return list(
          'dataset_summaries',
          found.map(({ experimentId, name, digest, context }) => ({
            experiment_id: experimentId,
            name,
            digest,
            ...(context === null ? {} : { context }),
          })),
        )
      },
    }),
  ]
}

/** A client's own store may be named by its URL; a place on this machine may not. */
function checkLocation(location: string): string {
  if (/[#?]/.test(location) || /(?:^|[/\\])\.\.(?:[/\\]|$)/.test(location))
    throw invalidParameter('artifact_location', `Invalid artifact location: '${location.slice(0, 200)}'`)
  return location.replace(/\/+$/, '') || location
}
