import { z } from 'zod'
import { TableSchema } from '../../table/schema.ts'
import type { DatasetVersion } from '../../track/dataset-store.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { DatasetSummaryAnswer, errorAnswers } from './api-schemas.ts'

const ListQuery = z.strictObject({
  name: z.string().optional().describe('Only versions of this name.'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/** `/api/v1/datasets`: versions of data with their schema and statistics; never rows. */
export async function datasetRoutes(app: TypedApp, { stores: { datasets } }: RouteContext): Promise<void> {
  const tags = ['datasets']

  app.get(
    '/api/v1/datasets',
    {
      config: { permission: 'datasets:read' },
      schema: {
        tags,
        operationId: 'listDatasets',
        summary: 'Dataset versions, newest first',
        querystring: ListQuery,
        response: { 200: z.object({ datasets: z.array(DatasetSummaryAnswer) }), ...errorAnswers('INVALID_INPUT') },
      },
    },
    async ({ query: { name, limit } }) => ({
      datasets: (await datasets.datasets({ limit, ...(name === undefined ? {} : { name }) })).map(summary),
    }),
  )

  app.get(
    '/api/v1/datasets/:id',
    {
      config: { permission: 'datasets:read' },
      schema: {
        tags,
        operationId: 'getDataset',
        summary: 'One dataset version with schema and profile',
        params: z.object({ id: z.string().describe('Its hash, or an unambiguous start of it.') }),
        response: {
          200: DatasetSummaryAnswer.extend({ schema: TableSchema, profile: z.unknown() }),
          ...errorAnswers('DATASET_NOT_FOUND'),
        },
      },
    },
    async ({ params: { id } }) => {
      const dataset = await datasets.dataset(id)
      return { ...summary(dataset), schema: dataset.schema, profile: dataset.profile }
    },
  )
}

function summary({
  id,
  name,
  nRows,
  nRejected,
  schema,
  source,
  createdTime,
  erased,
}: DatasetVersion): z.output<typeof DatasetSummaryAnswer> {
  return {
    id,
    name,
    nRows,
    nRejected,
    nColumns: schema.columns.length,
    source,
    createdTime,
    ...(erased ? { erased } : {}),
  }
}
