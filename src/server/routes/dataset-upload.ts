import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isInnerPath } from '../../data/versions/tree-manifest.ts'
import { BellwetherError } from '../../errors.ts'
import { keepFiles } from '../../pipeline/keep-files.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { spoolBody } from '../spool-body.ts'
import { DatasetSummaryAnswer, errorAnswers } from './api-schemas.ts'
import { summaryOf } from './datasets.ts'
import { bodyByHand } from './predict-schemas.ts'

/** Media types of tables, and what a file of each is called. */
const TABLES: ReadonlyMap<string, string> = new Map([
  ['text/csv', 'csv'],
  ['text/tab-separated-values', 'tsv'],
  ['application/x-ndjson', 'jsonl'],
  ['application/jsonl', 'jsonl'],
  ['application/json', 'json'],
  ['application/vnd.apache.parquet', 'parquet'],
])
const ANY_FILE = 'application/octet-stream'

/** Uploads at a time: tables are read whole, each in a process of its own. */
const AT_A_TIME = 2
const RETRY_AFTER_SECONDS = 10

const UploadQuery = z.strictObject({
  name: z
    .string()
    .max(200)
    .regex(/^[^\s\p{C}-][^\p{C}]*$/u, 'a name that begins with no blank and no hyphen, without control characters')
    .describe('What the version is called.'),
  file: z
    .string()
    .max(1000)
    .refine((name) => isInnerPath(name), 'a path inside the version: relative, without ".." and empty parts')
    .optional()
    .describe('Keeps the body byte for byte, as the file of this name. Left out, the body is a table.'),
})

/** `POST /api/v1/datasets`: a table, or a file byte for byte, becomes a dataset version. */
export async function datasetUploadRoutes(app: TypedApp, context: RouteContext): Promise<void> {
  const { stores, limits, clock, dataWorker } = context
  let running = 0
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post(
    '/api/v1/datasets',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { permission: 'datasets:write', upload: true },
      validatorCompiler: bodyByHand,
      schema: {
        tags: ['datasets'],
        operationId: 'addDataset',
        summary: 'A new dataset version from the body: a table, or a file',
        description:
          'The body is streamed to disk. The version is there once this answers, and never by halves; content that is a version already gives that one.',
        consumes: [...TABLES.keys(), ANY_FILE],
        querystring: UploadQuery,
        body: z.unknown(),
        response: {
          201: DatasetSummaryAnswer.extend({ warnings: z.array(z.string()).describe('What is odd about a table.') }),
          ...errorAnswers(
            'INVALID_INPUT',
            'BODY_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'PERSON_ERASED',
            'DATASET_ERASED',
            'OVERLOADED',
          ),
        },
      },
    },
    async (request, reply) => {
      const { name, file } = request.query
      const table = file === undefined ? tableOf(request) : null
      if (running >= AT_A_TIME) {
        reply.header('retry-after', RETRY_AFTER_SECONDS)
        throw new BellwetherError('OVERLOADED', `The server takes ${AT_A_TIME} uploads of data already.`)
      }
      running++
      const abort = new AbortController()
      reply.raw.once('close', () => abort.abort())
      const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-upload-'))
      try {
        const spooled = path.join(folder, `upload.${table?.extension ?? 'bin'}`)
        await spoolBody(request.body as Readable | undefined, spooled, {
          maxBytes: limits.datasetBytes,
          gzip: table?.gzip ?? false,
          hint: 'Add it with `bellwether data add` where the home is.',
        })
        const { id, warnings } =
          file === undefined
            ? await keepTable(spooled, name, abort.signal)
            : await keepFile(spooled, file, name, abort.signal)
        return await reply.code(201).send({ ...summaryOf(await stores.datasets.dataset(id)), warnings: [...warnings] })
      } catch (error) {
        throw nameless(error)
      } finally {
        running--
        await rm(folder, { recursive: true, force: true })
      }
    },
  )

  async function keepTable(file: string, name: string, signal: AbortSignal) {
    if (dataWorker === null) throw new BellwetherError('CANNOT_SERVE', 'This server takes no tables; send a file.')
    return dataWorker.addTable(file, name, signal)
  }

  async function keepFile(file: string, as: string, name: string, signal: AbortSignal) {
    const source = as.split('/').at(-1)!
    const kept = await keepFiles(
      [{ path: as, file }],
      { name, source, signal },
      { ...stores, clock, indexFolder: null },
    )
    return { id: kept.id, warnings: [] }
  }
}

/** The ending of a table's file, by the media type, and whether it comes packed. @throws UNSUPPORTED_MEDIA_TYPE */
function tableOf({ headers }: FastifyRequest): { readonly extension: string; readonly gzip: boolean } {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  const hint = `Send a table as one of ${[...TABLES.keys()].join(', ')}, or name a file with ?file= to keep any bytes.`
  const extension = TABLES.get(type)
  if (extension === undefined)
    throw new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'The body is no table of a known type.', { hint })
  const encoding = headers['content-encoding']?.toLowerCase() ?? 'identity'
  const gzip = encoding === 'gzip' && extension !== 'parquet'
  if (!gzip && encoding !== 'identity')
    throw new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'This encoding of the body is not taken.', { hint })
  return { extension, gzip }
}

/** Errors of readers name our own temporary file, and have statuses of their own: of a body they are all bad input. */
function nameless(error: unknown): unknown {
  if (!(error instanceof BellwetherError) || KEPT.has(error.code) || error.status >= 500) return error
  const plain = (text: string) => text.replaceAll(/(?:[^\s"']*\/)?upload\.[a-z]+(?:\.gz)?/g, 'the body')
  const details = error.details.map(({ path: place, message }) => ({ path: plain(place), message: plain(message) }))
  return new BellwetherError('INVALID_INPUT', plain(error.message), { hint: error.hint, details, cause: error })
}

const KEPT: ReadonlySet<string> = new Set([
  'BODY_TOO_LARGE',
  'CANCELLED',
  'CANNOT_SERVE',
  'DATASET_ERASED',
  'PERSON_ERASED',
  'UNSUPPORTED_MEDIA_TYPE',
])
