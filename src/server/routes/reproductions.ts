import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { OwnRuns } from '../own-runs.ts'
import { Reproductions } from '../reproductions.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { ErrorAnswer, errorAnswers } from './api-schemas.ts'

const time = z.number().describe('Milliseconds since 1970-01-01 UTC.')
const File = z.object({ hash: z.string().describe('sha256:<hex>'), sizeBytes: z.int() }).nullable()

const Result = z.object({
  runId: z.string(),
  model: z.object({ name: z.string(), version: z.int() }),
  teacher: z
    .object({ name: z.string(), version: z.int() })
    .optional()
    .describe('Of a distilled student: whose answers it learnt, as that was called then.'),
  dataset: z.object({ id: z.string(), rows: z.int() }),
  verdict: z
    .enum(['identical', 'same-model', 'different'])
    .describe('same-model: all files but the manifest, which names another program than the one that made it first.'),
  files: z.array(z.object({ path: z.string(), same: z.boolean(), expected: File, rebuilt: File })),
  differences: z
    .array(z.object({ path: z.string(), was: z.string().nullable(), now: z.string().nullable() }))
    .describe('What the two manifests disagree in, as JSON.'),
  reasons: z.array(z.string()).describe('Why files may differ: what is known to be another one than then.'),
  seconds: z.number(),
})

const StateAnswer = z.object({
  runId: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  askedTime: time,
  endTime: time.nullable(),
  result: Result.nullable(),
  error: ErrorAnswer.nullable(),
})

/** `/api/v1/runs/{id}/reproduction`: makes a run again in a process of its own, and tells what came of it. */
export async function reproductionRoutes(
  app: TypedApp,
  { stores: { tracking }, makeAgain, clock }: RouteContext,
): Promise<void> {
  const tags = ['runs']
  const params = z.object({ id: z.string() })
  const jobs = makeAgain === null ? null : new Reproductions(makeAgain, clock)
  app.addHook('onClose', async () => jobs?.close())

  app.post(
    '/api/v1/runs/:id/reproduction',
    {
      config: { permission: 'runs:write', scope: 'handler' },
      schema: {
        tags,
        operationId: 'reproduceRun',
        summary: 'Makes a run again from its lineage, to compare the package byte for byte',
        description: 'Answers at once; GET tells how far it is. One run is made again at a time.',
        params,
        response: { 202: StateAnswer, ...errorAnswers('RUN_NOT_FOUND', 'RUN_NOT_REPRODUCIBLE', 'OVERLOADED') },
      },
    },
    async (request, reply) => {
      const { id: runId } = await new OwnRuns(request, tracking, 'runs:write').run(request.params.id)
      if (jobs === null) throw new BellwetherError('RUN_NOT_REPRODUCIBLE', 'This server makes no runs again.')
      try {
        return reply.code(202).send(jobs.begin(runId))
      } catch (error) {
        reply.header('retry-after', '60')
        throw error
      }
    },
  )

  app.get(
    '/api/v1/runs/:id/reproduction',
    {
      config: { permission: 'runs:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'getReproduction',
        summary: 'What came of making a run again',
        params,
        response: { 200: StateAnswer, ...errorAnswers('RUN_NOT_FOUND', 'REPRODUCTION_NOT_FOUND') },
      },
    },
    async (request) => {
      const run = await new OwnRuns(request, tracking).run(request.params.id)
      const state = jobs?.state(run.id) ?? null
      if (state === null)
        throw new BellwetherError(
          'REPRODUCTION_NOT_FOUND',
          `Nobody has asked this server to make the run ${run.id.slice(0, 8)} again since it started.`,
        )
      return state
    },
  )
}
