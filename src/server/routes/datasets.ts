import { z } from 'zod'
import { diffVersions } from '../../pipeline/diff-versions.ts'
import { TableSchema } from '../../table/schema.ts'
import type { DatasetVersion } from '../../track/dataset-store.ts'
import { ownDataset } from '../own-datasets.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { DatasetSummaryAnswer, errorAnswers } from './api-schemas.ts'
import { FilesDiffAnswer, TableDiffAnswer } from './diff-schemas.ts'

const ListQuery = z.strictObject({
  name: z.string().optional().describe('Only versions of this name.'),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

const LogEntryAnswer = z.object({
  name: z.string(),
  id: z.string(),
  source: z.string(),
  nRows: z.int(),
  nRejected: z.int(),
  files: z.object({ nFiles: z.int(), sizeBytes: z.int() }).optional().describe('Left out for a table.'),
  time: z.int().describe('Milliseconds since 1970-01-01 UTC.'),
})

/** `/api/v1/datasets`: versions of data with their schema and statistics; never rows. */
export async function datasetRoutes(
  app: TypedApp,
  { stores: { datasets, blobs }, clock }: RouteContext,
): Promise<void> {
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
      datasets: (await datasets.datasets({ limit, ...(name === undefined ? {} : { name }) })).map(summaryOf),
    }),
  )

  app.get(
    '/api/v1/datasets/:id',
    {
      config: { permission: 'datasets:read', scope: 'handler' },
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
    async (request) => {
      const dataset = await ownDataset(request, request.params.id, datasets)
      return { ...summaryOf(dataset), schema: dataset.schema, profile: dataset.profile }
    },
  )

  app.get(
    '/api/v1/dataset-log',
    {
      config: { permission: 'datasets:read' },
      schema: {
        tags,
        operationId: 'getDatasetLog',
        summary: 'What each name, or one, came to mean in the course of time, newest first',
        querystring: ListQuery,
        response: { 200: z.object({ log: z.array(LogEntryAnswer) }), ...errorAnswers('INVALID_INPUT') },
      },
    },
    async ({ query: { name, limit } }) => ({
      log: await datasets.log({ limit, ...(name === undefined ? {} : { name }) }),
    }),
  )

  app.delete(
    '/api/v1/datasets/:id',
    {
      config: { permission: 'server:manage' },
      schema: {
        tags,
        operationId: 'removeDataset',
        summary: 'Forgets a version that nothing was made from; `bellwether data gc` frees its room',
        params: z.object({ id: z.string().describe('Its hash, or an unambiguous start of it.') }),
        response: { 200: DatasetSummaryAnswer, ...errorAnswers('DATASET_NOT_FOUND', 'DATASET_IN_USE', 'DATA_BUSY') },
      },
    },
    async ({ params: { id } }) => summaryOf(await datasets.removeDataset(id, clock())),
  )

  app.get(
    '/api/v1/datasets/:id/diff/:other',
    {
      config: { permission: 'datasets:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'diffDatasets',
        summary: 'What lies between two versions: schema, rows and drift of tables; which files came, went and changed',
        params: z.object({ id: z.string().describe('The earlier one.'), other: z.string().describe('The later one.') }),
        querystring: z.strictObject({
          id: z
            .string()
            .min(1)
            .optional()
            .describe(
              'Column that tells which row is which; without, the data.id of a project that read them, else content.',
            ),
          byContent: z
            .enum(['true', 'false'])
            .optional()
            .describe('Compare rows by content, whatever a project names. Not together with id.'),
        }),
        response: {
          200: z.object({
            before: z.string(),
            after: z.string(),
            table: TableDiffAnswer.optional(),
            idFrom: z
              .enum(['request', 'project'])
              .nullish()
              .describe('Of tables: who named the id column; null where rows are compared by content.'),
            unusableId: z
              .string()
              .nullish()
              .describe(
                'Of tables: the id column of a project that is missing in rows or comes twice, so that content was compared.',
              ),
            files: FilesDiffAnswer.optional(),
          }),
          ...errorAnswers('DATASET_NOT_FOUND', 'INVALID_INPUT'),
        },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      for (const id of [params.id, params.other]) await ownDataset(request, id, datasets)
      const abort = new AbortController()
      reply.raw.once('close', () => abort.abort())
      return diffVersions(
        params.id,
        params.other,
        { id: query.id, byContent: query.byContent === 'true', signal: abort.signal },
        { datasets, blobs },
      )
    },
  )
}

/** What is told of a version without its content. */
export function summaryOf({
  id,
  name,
  nRows,
  nRejected,
  schema,
  source,
  createdTime,
  erased,
  files,
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
    ...(files ? { files } : {}),
  }
}
