import { z } from 'zod'
import { findLineage } from '../../track/lineage/find-lineage.ts'
import { lineageMermaid } from '../../track/lineage/mermaid.ts'
import { ownLineage } from '../own-lineage.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const kind = z.enum(['source', 'dataset', 'run', 'version', 'prediction'])

const LineageAnswer = z.object({
  start: z.string().describe('Key of the node that was asked for.'),
  nodes: z.array(
    z.object({
      key: z.string(),
      kind,
      id: z.string().describe('Id of a dataset version, run or prediction; model/number; what is noted of a source.'),
      name: z.string().nullable(),
      project: z.string().nullable().describe('Experiment of a run, model of a version.'),
    }),
  ),
  edges: z.array(
    z.object({ from: z.string(), to: z.string(), as: z.string().describe('read, training, registered, answered, …') }),
  ),
  truncated: z.boolean().describe('There are more steps than these.'),
})

/** `/api/v1/lineage/{id}`: source, dataset version, run, model version, prediction. */
export async function lineageRoutes(app: TypedApp, { stores, predictionLog }: RouteContext): Promise<void> {
  app.get(
    '/api/v1/lineage/:id',
    {
      config: { permission: 'runs:read', scope: 'handler' },
      schema: {
        tags: ['lineage'],
        operationId: 'getLineage',
        summary: 'What something was made from, and what was made from it',
        description: 'Who is confined to some models sees the part that is of these.',
        params: z.object({
          id: z.string().describe('Dataset version, run, prediction, model, model/version (%2F) or model@alias.'),
        }),
        querystring: z.strictObject({
          format: z
            .enum(['json', 'mermaid', 'svg'])
            .default('json')
            .describe('A Mermaid flowchart or a picture instead.'),
        }),
        response: {
          200: {
            description: 'The graph, as JSON or as a picture.',
            content: {
              'application/json': { schema: LineageAnswer },
              'image/svg+xml': { schema: z.string() },
              'text/plain': { schema: z.string() },
            },
          },
          ...errorAnswers('LINEAGE_NOT_FOUND', 'ID_AMBIGUOUS'),
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const { format } = query
      const whole = await findLineage(params.id, {
        ...stores,
        async predicted(prediction) {
          if (!predictionLog) return null
          for await (const { model, version } of predictionLog.entries({ ids: new Set([prediction]) }))
            return { model, version }
          return null
        },
      })
      const graph = await ownLineage(request, whole, stores)
      if (format === 'json') return graph
      if (format === 'mermaid')
        return reply
          .type('text/plain; charset=utf-8')
          .serializer(String)
          .send(lineageMermaid(graph) as never)
      const [{ lineageChart }, { renderChart }] = await Promise.all([
        import('../../report/charts/lineage-chart.ts'),
        import('../../report/charts/render-chart.ts'),
      ])
      const svg = await renderChart(lineageChart(graph))
      return reply
        .type('image/svg+xml')
        .serializer(String)
        .send(svg as never)
    },
  )
}
