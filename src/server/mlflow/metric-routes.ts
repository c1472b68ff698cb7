import { z } from 'zod'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import { long, optional, requiredText, text, texts } from './wire-input.ts'
import { list, wireDouble, wireMetric, wirePage } from './wire-output.ts'

const MAX_RUNS = 100
const MAX_POINTS = 25_000
const MAX_STEPS_PER_RUN = 2500

export function metricRoutes({ runs }: MlflowStores): MlflowRoute[] {
  return [
    mlflowRoute({
      method: 'GET',
      path: '/mlflow/metrics/get-history',
      operationId: 'mlflowGetMetricHistory',
      summary: 'Every value of a metric that a run logged',
      permission: 'runs:read',
      input: z.object({
        run_id: requiredText,
        metric_key: requiredText,
        max_results: optional(long),
        page_token: optional(text),
      }),
      answers: ['metrics', 'next_page_token'],
      handle: async ({ run_id, metric_key, max_results, page_token }) => {
        if (max_results !== null && max_results !== undefined && max_results < 1)
          throw invalidParameter('max_results', `Invalid value ${max_results} for parameter 'max_results' supplied.`)
        const page = await runs.history(run_id, metric_key, {
          maxResults: max_results ?? null,
          pageToken: page_token || null,
        })
        return wirePage(
          'metrics',
          page.items.map((metric) => {
            const { runId: _, ...shown } = metric
            return wireMetric(shown)
          }),
          page.nextPageToken,
        )
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: '/mlflow/metrics/get-history-bulk',
      operationId: 'mlflowGetMetricHistoryBulk',
      summary: 'A metric of several runs, for charts',
      permission: 'runs:read',
      input: z.object({ run_id: optional(texts), metric_key: optional(text), max_results: optional(long) }),
      answers: ['metrics'],
      handle: async ({ run_id, metric_key, max_results }) => {
        const ids = run_id ?? []
        const name = 'GetMetricHistoryBulk request'
        if (ids.length === 0) throw invalidParameter('run_id', `${name} must specify at least one run_id.`)
        if (ids.length > MAX_RUNS) {
          throw invalidParameter(
            'run_id',
            `${name} cannot specify more than ${MAX_RUNS} run_ids. Received ${ids.length} run_ids.`,
          )
        }
        if (!metric_key) throw invalidParameter('metric_key', `${name} must specify a metric_key.`)
        const metrics = await runs.historyOfRuns(ids, metric_key, Math.min(max_results ?? MAX_POINTS, MAX_POINTS))
        return {
          metrics: metrics.map(({ key, value, timestamp, step, runId }) => ({
            key,
            value: wireDouble(value),
            timestamp,
            step,
            run_id: runId,
          })),
        }
      },
    }),
    mlflowRoute({
      method: 'GET',
      path: '/mlflow/metrics/get-history-bulk-interval',
      operationId: 'mlflowGetMetricHistoryBulkInterval',
      summary: 'A metric of several runs between two steps, thinned out evenly',
      permission: 'runs:read',
      input: z.object({
        run_ids: texts,
        metric_key: requiredText,
        start_step: optional(long),
        end_step: optional(long),
        max_results: optional(long),
      }),
      answers: ['metrics'],
      handle: async ({ run_ids, metric_key, start_step, end_step, max_results }) => {
        if (run_ids.length > MAX_RUNS) {
          throw invalidParameter(
            'run_ids',
            `GetMetricHistoryBulkInterval request must specify at most ${MAX_RUNS} run_ids. Received ${run_ids.length} run_ids.`,
          )
        }
        const most = max_results ?? MAX_STEPS_PER_RUN
        if (most < 1 || most > MAX_STEPS_PER_RUN)
          throw invalidParameter('max_results', `max_results must be between 1 and ${MAX_STEPS_PER_RUN}.`)
        const range = rangeOf(start_step ?? null, end_step ?? null)
        const metrics = await runs.sampledHistory(run_ids, metric_key, range, most)
        return list('metrics', metrics.map(wireMetric))
      },
    }),
  ]
}

function rangeOf(from: number | null, to: number | null): { from: number; to: number } | null {
  if (from === null && to === null) return null
  if (from === null || to === null) {
    throw invalidParameter('start_step', 'If either start step or end step are specified, both must be specified.')
  }
  if (from > to) {
    throw invalidParameter(
      'end_step',
      `end_step must be greater than start_step. Found start_step=${from} and end_step=${to}.`,
    )
  }
  return { from, to }
}
