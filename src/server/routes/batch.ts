import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ChunkedTable } from '../../data/chunks/chunked-table.ts'
import { openChunks } from '../../data/chunks/open-chunks.ts'
import { sliceRows } from '../../data/chunks/slice-rows.ts'
import { BellwetherError } from '../../errors.ts'
import { BATCH_FORMATS, type BatchFormat, batchWriter } from '../../serve/batch/batch-output.ts'
import { csvToParquet } from '../../serve/batch/csv-to-parquet.ts'
import { readOptionsOf } from '../../serve/batch/read-options-of.ts'
import { scoreChunk } from '../../serve/batch/score-chunk.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import type { Prediction } from '../../serve/prediction.ts'
import { carriedColumns } from '../../serve/prediction-log/carried-columns.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { coarsened } from '../coarse-answers.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { keepScored } from '../scoring.ts'
import { spoolBody } from '../spool-body.ts'
import { errorAnswers } from './api-schemas.ts'
import { bodyByHand } from './predict-schemas.ts'

/** Media types that are taken, and what each is. */
const TAKEN: ReadonlyMap<string, { readonly extension: string; readonly format: BatchFormat }> = new Map([
  ['text/csv', { extension: 'csv', format: 'csv' }],
  ['text/tab-separated-values', { extension: 'tsv', format: 'csv' }],
  ['application/x-ndjson', { extension: 'jsonl', format: 'jsonl' }],
  ['application/jsonl', { extension: 'jsonl', format: 'jsonl' }],
  ['application/vnd.apache.parquet', { extension: 'parquet', format: 'parquet' }],
])

const GIVEN: Readonly<Record<BatchFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

/** Batches at a time: each holds a chunk of rows, and takes turns with requests for the processor. */
const AT_A_TIME = 4
const RETRY_AFTER_SECONDS = 10

const flag = z.enum(['true', 'false']).optional()
const BatchQuery = z.strictObject({
  format: z.enum(BATCH_FORMATS).optional().describe('Of the answer; by default as the body.'),
  version: z.coerce.number().int().min(1).max(2_147_483_647).optional().describe('Default: the champion.'),
  explain: flag.describe('Add the contributions to each prediction (JSON lines).'),
  spreadsheet: flag.describe('CSV whose texts no spreadsheet takes for formulas.'),
  include: z.string().max(10_000).optional().describe('Columns to copy beside each answer, separated by commas.'),
  after: z.coerce
    .number()
    .int()
    .nonnegative()
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Pass over the rows up to this one: the last that an answer that broke off had.'),
})
type BatchQuery = z.output<typeof BatchQuery>

/** `POST /api/v1/models/{name}/batch`: a table in, a table of predictions out, both of any length. */
export async function batchRoutes(app: TypedApp, context: RouteContext): Promise<void> {
  let running = 0
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post(
    '/api/v1/models/:name/batch',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { permission: 'models:predict', scope: { param: 'name' }, upload: true, coarsensItself: true },
      validatorCompiler: bodyByHand,
      schema: {
        tags: ['predict'],
        operationId: 'predictBatch',
        summary: 'Predictions for the rows of a table',
        description:
          'CSV, JSON lines or Parquet in and out, streamed in constant memory once the table has arrived. Rows that cannot be scored stand in their place with what is wrong with them. An answer that was cut short is taken up with `after`.',
        consumes: [...TAKEN.keys()],
        params: z.object({ name: z.string() }),
        querystring: BatchQuery,
        body: z.unknown(),
        response: {
          200: {
            description: 'One line for each row, in their order.',
            content: Object.fromEntries(
              Object.values(GIVEN).map((type) => [type.replace(/;.*/, ''), { schema: z.unknown() }]),
            ),
          },
          ...errorAnswers(
            'INVALID_INPUT',
            'MODEL_NOT_FOUND',
            'BODY_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'CANNOT_SERVE',
            'MODEL_UNAVAILABLE',
          ),
        },
      },
    },
    async (request, reply) => {
      const { version } = request.query
      const served = await context.cache.resolve(
        request.params.name,
        version === undefined ? { alias: 'champion' } : { version },
      )
      const media = mediaOf(request)
      if (running >= AT_A_TIME) {
        reply.header('retry-after', RETRY_AFTER_SECONDS)
        throw new BellwetherError('OVERLOADED', `The server scores ${AT_A_TIME} batches already.`)
      }
      running++
      const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-batch-'))
      let over = false
      const abort = new AbortController()
      const end = () => {
        if (over) return
        over = true
        running--
        abort.abort()
        void rm(folder, { recursive: true, force: true })
      }
      // Also where the client goes away before anything was sent.
      reply.raw.once('close', end)
      try {
        const file = path.join(folder, `body.${media.extension}`)
        const sizeBytes = await spoolBody(request.body as Readable | undefined, file, {
          maxBytes: context.limits.batchBytes,
          gzip: media.gzip,
        })
        if (sizeBytes === 0) throw new BellwetherError('INVALID_INPUT', 'The body is empty; expected a table.')
        const table = await openChunks(file, readOptionsOf(served.scorer.manifest.project), abort.signal)
        const batch = { request, served, table, query: request.query, format: request.query.format ?? media.format }
        return await answer(batch, reply, { context, folder, signal: abort.signal })
      } catch (error) {
        end()
        throw nameless(error)
      }
    },
  )
}

interface Batch {
  readonly request: FastifyRequest
  readonly served: ServedModel
  readonly table: ChunkedTable
  readonly query: BatchQuery
  readonly format: BatchFormat
}

interface Place {
  readonly context: RouteContext
  readonly folder: string
  readonly signal: AbortSignal
}

async function answer(batch: Batch, reply: FastifyReply, place: Place): Promise<FastifyReply> {
  const { format, table } = batch
  const lines = scoredLines(batch, place)
  // What is wrong with the whole table is found with its first rows, while there can still be an answer that says so.
  const first = await lines.next()
  const whole = (async function* () {
    if (!first.done) yield first.value
    yield* lines
  })()
  reply.headers({
    'content-type': GIVEN[format],
    'content-disposition': `attachment; filename="predictions.${format}"`,
    'x-bellwether-rows': table.nRows,
  })
  if (format !== 'parquet') return reply.send(Readable.from(whole, { objectMode: false }))
  const csv = path.join(place.folder, 'answer.csv')
  await spoolBody(Readable.from(whole, { objectMode: false }), csv, { maxBytes: Number.POSITIVE_INFINITY })
  const parquet = path.join(place.folder, 'answer.parquet')
  await csvToParquet(csv, parquet, writerOf(batch).columns)
  return reply.send(createReadStream(parquet))
}

function writerOf({ served, table, query, format }: Batch) {
  return batchWriter(format, served.scorer.signature, table.names, {
    ids: true,
    errors: true,
    spreadsheet: query.spreadsheet === 'true',
    ...(query.include === undefined ? {} : { include: query.include.split(',').map((name) => name.trim()) }),
  })
}

/** The lines of the answer, chunk by chunk; what they hold is in the prediction log. */
async function* scoredLines(batch: Batch, { context, signal }: Place): AsyncGenerator<string> {
  const { request, served, table, query } = batch
  const writer = writerOf(batch)
  const carried = carriedColumns(served, table.names)
  const limit = request.principal?.probabilities ?? null
  const total = { records: 0, failed: 0 }
  let header = writer.header
  for await (const all of table.chunks(signal)) {
    const raw = query.after === undefined ? all : rowsAfter(all, query.after)
    if (raw === null) continue
    const started = performance.now()
    const timed = context.metrics.scoring(served.name, served.version, 'bellwether')
    const chunk = await scoreChunk(raw, served.scorer, {
      explain: query.explain === 'true',
      idOf: () => context.newId(),
      carried,
      signal,
      pause: () => nextTurn(),
    }).finally(timed)
    const { scored, rejected } = chunk
    const records = scored.map(({ record }) => record)
    const predictions = scored.map(({ answer }) => answer)
    await keepScored(request, served, records, predictions, performance.now() - started, context)
    total.records += scored.length + rejected.length
    total.failed += rejected.length
    request.scored = { model: served.name, version: served.version, ...total }
    const shown =
      limit === null
        ? chunk
        : { rejected, scored: scored.map((one) => ({ ...one, answer: coarsened(one.answer, limit) as Prediction })) }
    yield header + writer.lines(raw, shown)
    header = ''
  }
  if (header !== '') yield header
}

/** Null where no row is left. */
function rowsAfter(raw: RawTable, after: number): RawTable | null {
  const from = raw.rowNumbers.findIndex((row) => row > after)
  const malformed = raw.malformed.filter(({ row }) => row > after)
  if (from < 0 && malformed.length === 0) return null
  return { ...sliceRows(raw, from < 0 ? raw.nRows : from, raw.nRows), malformed }
}

/** @throws UNSUPPORTED_MEDIA_TYPE */
function mediaOf(request: FastifyRequest): { extension: string; format: BatchFormat; gzip: boolean } {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim())
  const taken = TAKEN.get(type.toLowerCase())
  const hint = `Send one of ${[...TAKEN.keys()].join(', ')}; \`Content-Encoding: gzip\` is taken too.`
  if (!taken) throw new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'The body is no table of a known type.', { hint })
  const charset = parameters
    .find((part) => /^charset=/i.test(part))
    ?.slice(8)
    .replaceAll('"', '')
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'The charset of the body has to be utf-8.', { hint })
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  const gzip = encoding === 'gzip' && taken.format !== 'parquet'
  if (!gzip && encoding !== 'identity')
    throw new BellwetherError('UNSUPPORTED_MEDIA_TYPE', 'This encoding of the body is not taken.', { hint })
  return { ...taken, gzip }
}

/** Errors of readers name our own temporary file, and have statuses of their own: of a body they are all bad input. */
function nameless(error: unknown): unknown {
  if (!(error instanceof BellwetherError) || error.status >= 500 || KEPT.has(error.code)) return error
  const plain = (text: string) => text.replaceAll(/\bbody\.(?:csv|tsv|jsonl|parquet)(?:\.gz)?/g, 'body')
  const details = error.details.map(({ path: place, message }) => ({ path: plain(place), message: plain(message) }))
  return new BellwetherError('INVALID_INPUT', plain(error.message), { hint: error.hint, details, cause: error })
}

const KEPT: ReadonlySet<string> = new Set([
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'CANNOT_SERVE',
  'FORBIDDEN',
  'CANCELLED',
])
