import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { DataTransfers } from '../data-transfers.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { ErrorAnswer, errorAnswers } from './api-schemas.ts'

const time = z.int().describe('Milliseconds since 1970-01-01 UTC.')
const TransferAnswer = z.object({
  direction: z.enum(['push', 'pull']),
  ids: z.array(z.string()).describe('Versions that were asked for; empty: all.'),
  state: z.enum(['running', 'done', 'failed']),
  askedTime: time,
  endTime: time.nullable(),
  versions: z
    .array(
      z.object({
        id: z.string(),
        already: z.boolean().describe('It was there whole before.'),
        sizeBytes: z.int().describe('Bytes that went over.'),
      }),
    )
    .nullable(),
  error: ErrorAnswer.nullable(),
})
const Body = z.strictObject({
  ids: z
    .array(z.string().regex(/^(?:sha256:)?[0-9a-f]{1,64}$/, 'the hash of a version, or its start'))
    .max(1000)
    .default([])
    .describe('Versions; none: all that are not there yet.'),
})

/**
 * `/api/v1/data-remote`: sends versions to the remote that the operator has named, and brings them from there. A request names no place, so it can lead
 * the server nowhere else.
 */
export async function dataRemoteRoutes(app: TypedApp, { dataWorker, clock }: RouteContext): Promise<void> {
  const tags = ['datasets']
  const transfers = dataWorker === null ? null : new DataTransfers(dataWorker, clock)
  app.addHook('onClose', async () => transfers?.close())

  app.get(
    '/api/v1/data-remote',
    {
      config: { permission: 'server:manage' },
      schema: {
        tags,
        operationId: 'getDataRemote',
        summary: 'The remote of this server, and how far its last transfer is',
        response: {
          200: z.object({
            remote: z.string().nullable().describe('A folder or an s3:// address; null where none was named.'),
            transfer: TransferAnswer.nullable().describe('The last one since the server started.'),
          }),
          ...errorAnswers('FORBIDDEN'),
        },
      },
    },
    async () => ({ remote: dataWorker?.remote ?? null, transfer: transfers?.last ?? null }),
  )

  for (const [direction, summary] of [
    ['push', 'Sends versions to the remote'],
    ['pull', 'Brings versions from the remote'],
  ] as const)
    app.post(
      `/api/v1/data-remote/${direction}`,
      {
        config: { permission: 'server:manage' },
        schema: {
          tags,
          operationId: `${direction}Data`,
          summary,
          description: 'Answers at once; GET /api/v1/data-remote tells how far it is. There is one transfer at a time.',
          body: Body,
          response: {
            202: TransferAnswer,
            ...errorAnswers('INVALID_INPUT', 'NO_DATA_REMOTE', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'),
          },
        },
      },
      async ({ body: { ids } }, reply) => {
        if (transfers === null)
          throw new BellwetherError('NO_DATA_REMOTE', 'This server sends no versions of data anywhere.')
        return reply.code(202).send(transfers.begin(direction, ids))
      },
    )
}
