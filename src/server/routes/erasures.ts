import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

const ErasureBody = z.strictObject({
  identifier: z
    .string()
    .regex(/^[^\r\n]*\S[^\r\n]*$/, 'one line that is not blank')
    .max(1000)
    .describe("The person's value of the project's id column; it goes into no log."),
  columns: z
    .array(
      z
        .string()
        .min(1)
        .max(200)
        .regex(/^[^,\r\n-][^,\r\n]*$/, 'a name without a comma'),
    )
    .max(50)
    .optional()
    .describe('Further columns that may hold it, beside those that projects name.'),
  dryRun: z.boolean().default(false).describe('Only say what would be erased.'),
})

const ErasureAnswer = z.object({
  dryRun: z.boolean(),
  person: z.string().describe('Keyed hash of the identifier, as the tombstone in the ledger has it.'),
  columns: z.array(z.string()).describe('Columns that were looked into.'),
  datasets: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      rows: z.int(),
      successor: z.string().nullable().describe('The version with the other rows; null in a dry run.'),
    }),
  ),
  rejects: z.array(z.object({ datasetId: z.string(), name: z.string(), source: z.string(), rows: z.int() })),
  predictions: z.int(),
  destroyed: z.int().describe('Blobs that were destroyed.'),
  notSearched: z
    .array(z.object({ id: z.string(), name: z.string() }))
    .describe('Tables that have none of the columns.'),
  files: z
    .array(z.object({ id: z.string(), name: z.string(), path: z.string(), rows: z.int() }))
    .describe('Files of versions of files that hold the person, and stay as they are: remove those versions by hand.'),
  filesNotSearched: z
    .array(z.object({ id: z.string(), name: z.string(), nFiles: z.int() }))
    .describe('Versions of files, and how many of them could not be looked into.'),
  models: z
    .array(z.object({ model: z.string(), version: z.int(), datasetId: z.string() }))
    .describe('Versions that learnt from the rows; they stay as they are.'),
  runs: z.int(),
})

/** Expired rows are looked for so often. */
const EVERY_MS = 6 * 60 * 60 * 1000
const FIRST_MS = 90_000

/** `/api/v1/erasures`: takes a person out of all that is kept. */
export async function erasureRoutes(app: TypedApp, { eraser }: RouteContext): Promise<void> {
  app.post(
    '/api/v1/erasures',
    {
      config: { permission: 'predictions:erase' },
      schema: {
        tags: ['erasure'],
        operationId: 'erasePerson',
        summary: 'Takes a person out of dataset versions, rejected rows and predictions for good',
        description: 'Answers when it is done; models that learnt from the rows are named and stay as they are.',
        body: ErasureBody,
        response: {
          200: ErasureAnswer,
          ...errorAnswers('INVALID_INPUT', 'ID_COLUMN_UNKNOWN', 'PREDICTION_LOG_BUSY', 'ERASURE_UNAVAILABLE'),
        },
      },
    },
    async ({ body, principal, log }) => {
      if (eraser === null) throw new BellwetherError('ERASURE_UNAVAILABLE', 'This server erases nobody.')
      const { columns, ...asked } = body
      const report = await eraser.erase(
        { ...asked, ...(columns ? { columns } : {}) },
        principal?.actor ?? 'api:unknown',
      )
      const { dryRun, person, datasets, predictions } = report
      if (!dryRun) log.info({ person, datasets: datasets.length, predictions }, 'a person was erased')
      return report
    },
  )

  if (eraser === null) return
  const look = () =>
    void eraser.expire().then(
      ({ datasets }) => {
        if (datasets.length > 0) app.log.info({ datasets: datasets.length }, 'rows were destroyed: their time was over')
      },
      (error: unknown) => app.log.error({ err: error }, 'old rows were not destroyed'),
    )
  const timer = setInterval(look, EVERY_MS)
  const first = setTimeout(look, FIRST_MS)
  timer.unref()
  first.unref()
  app.addHook('onClose', async () => {
    clearInterval(timer)
    clearTimeout(first)
  })
}
