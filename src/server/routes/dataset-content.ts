import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { writeTableFile } from '../../data/versions/get-table.ts'
import { fileOfVersion, pageOfFiles, readFileRange } from '../../data/versions/version-file.ts'
import { BellwetherError } from '../../errors.ts'
import { requireKind } from '../../pipeline/keep-files.ts'
import { requireRows } from '../../track/dataset-store.ts'
import { requirePermission } from '../access.ts'
import { mediaTypeOf } from '../mlflow/media-type.ts'
import { ownDataset } from '../own-datasets.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { attachment, contentOfBlob, sendContent } from '../send-content.ts'
import { errorAnswers } from './api-schemas.ts'

/** What a table is written out as, besides Parquet, which it is kept as. */
const WRITTEN = {
  csv: 'text/csv; charset=utf-8',
  tsv: 'text/tab-separated-values; charset=utf-8',
  jsonl: 'application/x-ndjson',
} as const
const PARQUET = 'application/vnd.apache.parquet'

/** Tables that are written out at a time: each takes DuckDB's threads and room on the disk. */
const AT_A_TIME = 4
const RETRY_AFTER_SECONDS = 10

const Id = z.object({ id: z.string().describe('Its hash, or an unambiguous start of it.') })
const Path = z.string().min(1).max(4096)
const bytes = (types: readonly string[]) => ({
  200: { description: 'The bytes.', content: Object.fromEntries(types.map((type) => [type, { schema: z.unknown() }])) },
  206: {
    description: 'The bytes of the range that was asked for.',
    content: Object.fromEntries(types.map((type) => [type, { schema: z.unknown() }])),
  },
})

/**
 * The content of dataset versions: lists of files, a file, a table. Whoever fetches content needs `sensitive:read` besides, for it may hold any column.
 */
export async function datasetContentRoutes(app: TypedApp, { stores }: RouteContext): Promise<void> {
  const { datasets, blobs } = stores
  const tags = ['datasets']

  app.get(
    '/api/v1/datasets/:id/files',
    {
      config: { permission: 'datasets:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'listDatasetFiles',
        summary: 'Files of a version of files, in the order of their names',
        params: Id,
        querystring: z.strictObject({
          folder: Path.optional().describe('Only files below this folder of the version.'),
          after: Path.optional().describe('Only files after this one: the last of the page before.'),
          limit: z.coerce.number().int().min(1).max(10_000).default(1000),
        }),
        response: {
          200: z.object({
            files: z.array(z.object({ path: z.string(), sizeBytes: z.int(), sha256: z.string() })),
            next: z.string().nullable().describe('`after` of the next page; null on the last.'),
          }),
          ...errorAnswers('DATASET_NOT_FOUND', 'INVALID_INPUT', 'DATASET_ERASED'),
        },
      },
    },
    async (request) => {
      const { folder, after, limit } = request.query
      const dataset = await ownDataset(request, request.params.id, datasets)
      requireRows(dataset)
      requireKind(dataset, 'files', 'a list of files')
      const place = { folder: folder?.replace(/\/+$/, ''), after, limit }
      const { files, more } = await pageOfFiles(dataset.blob, place, blobs)
      return {
        files: files.map(({ path: name, sizeBytes, sha256 }) => ({ path: name, sizeBytes, sha256 })),
        next: more ? files.at(-1)!.path : null,
      }
    },
  )

  app.get(
    '/api/v1/datasets/:id/file',
    {
      config: { permission: 'datasets:download' },
      schema: {
        tags,
        operationId: 'getDatasetFile',
        summary: 'One file of a version of files, or a range of its bytes',
        description: 'Looked up by the name that it has in the version: a path never reaches the file system.',
        params: Id,
        querystring: z.strictObject({ path: Path.describe('As the list of files has it.') }),
        response: {
          ...bytes(['*/*']),
          ...errorAnswers('VERSION_FILE_NOT_FOUND', 'INVALID_INPUT', 'DATASET_ERASED', 'RANGE_NOT_SATISFIABLE'),
        },
      },
    },
    async (request, reply) => {
      requireSensitive(request)
      const dataset = await datasets.dataset(request.params.id)
      requireRows(dataset)
      requireKind(dataset, 'files', 'a file')
      const file = await fileOfVersion(dataset.blob, request.query.path, blobs)
      const part = async (start: number, end: number) => readFileRange(file, start, end, stores)
      return sendContent(
        request,
        reply,
        {
          hash: `sha256:${file.sha256}`,
          sizeBytes: file.sizeBytes,
          name: file.path.split('/').at(-1)!,
          mediaType: mediaTypeOf(file.path),
        },
        { whole: () => part(0, file.sizeBytes), range: part },
      )
    },
  )

  let running = 0
  app.get(
    '/api/v1/datasets/:id/table',
    {
      config: { permission: 'datasets:download' },
      schema: {
        tags,
        operationId: 'getDatasetTable',
        summary: 'The rows of a table, as a file',
        description:
          'Parquet is sent as it is kept, also a range of it; the other formats are written for the request.',
        params: Id,
        querystring: z.strictObject({ format: z.enum(['parquet', 'csv', 'tsv', 'jsonl']).default('parquet') }),
        response: {
          ...bytes([PARQUET, ...Object.values(WRITTEN).map((type) => type.replace(/;.*/, ''))]),
          ...errorAnswers(
            'DATASET_NOT_FOUND',
            'INVALID_INPUT',
            'DATASET_ERASED',
            'RANGE_NOT_SATISFIABLE',
            'OVERLOADED',
          ),
        },
      },
    },
    async (request, reply) => {
      requireSensitive(request)
      const { format } = request.query
      const dataset = await datasets.dataset(request.params.id)
      requireRows(dataset)
      requireKind(dataset, 'table', 'a table of rows')
      const name = `${dataset.name}.${format}`
      if (format === 'parquet') {
        const sizeBytes = await sizeOf(dataset.blob)
        const content = { hash: dataset.blob, sizeBytes, name, mediaType: PARQUET }
        return sendContent(request, reply, content, contentOfBlob(blobs, dataset.blob))
      }
      if (running >= AT_A_TIME) {
        reply.header('retry-after', RETRY_AFTER_SECONDS)
        throw new BellwetherError('OVERLOADED', `The server writes ${AT_A_TIME} tables already.`)
      }
      running++
      const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-table-'))
      let over = false
      const end = () => {
        if (over) return
        over = true
        running--
        void rm(folder, { recursive: true, force: true })
      }
      // Also where the client goes away before anything was sent.
      reply.raw.once('close', end)
      try {
        const file = path.join(folder, `table.${format}`)
        await blobs.withFile(dataset.blob, (parquet) => writeTableFile(parquet, file))
        return await sendFile(reply, file, { name, mediaType: WRITTEN[format] })
      } catch (error) {
        end()
        throw error
      }
    },
  )

  /** Of a blob, by reading it: its size is written nowhere else. */
  async function sizeOf(hash: string): Promise<number> {
    return blobs.withFile(hash, async (file) => (await stat(file)).size)
  }
}

async function sendFile(
  reply: FastifyReply,
  file: string,
  { name, mediaType }: { readonly name: string; readonly mediaType: string },
): Promise<FastifyReply> {
  const { size } = await stat(file)
  reply.headers({
    'content-type': mediaType,
    'content-length': size,
    'content-disposition': attachment(name),
    'x-content-type-options': 'nosniff',
  })
  return reply.send(createReadStream(file))
}

/** @throws FORBIDDEN */
function requireSensitive({ principal }: FastifyRequest): void {
  if (principal) requirePermission(principal, 'sensitive:read', null)
}
