import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { Artifact, Run } from '../../track/tracking-store.ts'
import { OwnRuns } from '../own-runs.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { ARTIFACT_POLICY } from '../security-hooks.ts'
import { errorAnswers, RunAnswer, RunDetailAnswer } from './api-schemas.ts'

/** Runs that one comparison may name. */
const MAX_COMPARED = 50

const ListQuery = z.strictObject({
  experiment: z.string().optional().describe('Only runs of this experiment.'),
  parent: z.string().optional().describe("Only trials of this run; `none`: only runs that are nobody's trial."),
  status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

const CompareQuery = z.strictObject({ ids: z.string().describe('Run ids, separated by commas.') })

/** Media types that a browser may show in place; every other one is a download. */
const INLINE = /^(?:image\/(?:svg\+xml|png|jpeg|webp)|application\/json|text\/(?:plain|csv|markdown|html))(?:;|$)/

/** `/api/v1/runs`: what was tried, and the files that runs left behind. */
export async function runRoutes(app: TypedApp, { stores: { tracking, blobs } }: RouteContext): Promise<void> {
  const tags = ['runs']

  app.get(
    '/api/v1/runs',
    {
      config: { permission: 'runs:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'listRuns',
        summary: 'Runs, newest first',
        querystring: ListQuery,
        response: {
          200: z.object({ runs: z.array(RunAnswer) }),
          ...errorAnswers('INVALID_INPUT', 'EXPERIMENT_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { experiment, parent, status, limit } = request.query
      const runs = await new OwnRuns(request, tracking).runs({
        limit,
        ...(experiment === undefined ? {} : { experiment }),
        ...(parent === undefined ? {} : { parentRunId: parent === 'none' ? null : parent }),
        ...(status === undefined ? {} : { status }),
      })
      return { runs }
    },
  )

  app.get(
    '/api/v1/runs/compare',
    {
      config: { permission: 'runs:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'compareRuns',
        summary: 'Runs side by side',
        querystring: CompareQuery,
        response: {
          200: z.object({
            runs: z.array(RunDetailAnswer),
            paramsThatDiffer: z.array(z.string()),
            metrics: z.array(z.string()),
          }),
          ...errorAnswers('INVALID_INPUT', 'RUN_NOT_FOUND'),
        },
      },
    },
    async (request) => {
      const { query } = request
      const own = new OwnRuns(request, tracking)
      const ids = [
        ...new Set(
          query.ids
            .split(',')
            .map((id) => id.trim())
            .filter(Boolean),
        ),
      ]
      if (ids.length === 0 || ids.length > MAX_COMPARED) {
        const message = `expected 1 to ${MAX_COMPARED} run ids separated by commas, came ${ids.length}`
        throw new BellwetherError('INVALID_INPUT', `query.ids: ${message}`, {
          details: [{ path: 'query.ids', message }],
        })
      }
      const runs = await Promise.all(ids.map((id) => own.run(id)))
      const keys = (of: (run: Run) => Readonly<Record<string, unknown>>) =>
        [...new Set(runs.flatMap((run) => Object.keys(of(run))))].sort()
      return {
        runs,
        paramsThatDiffer: keys((run) => run.params).filter(
          (key) => new Set(runs.map((run) => run.params[key])).size > 1,
        ),
        metrics: keys((run) => run.metrics),
      }
    },
  )

  app.get(
    '/api/v1/runs/:id',
    {
      config: { permission: 'runs:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'getRun',
        summary: 'One run with its artifacts and datasets',
        params: z.object({ id: z.string() }),
        response: { 200: RunDetailAnswer, ...errorAnswers('RUN_NOT_FOUND') },
      },
    },
    async (request) => new OwnRuns(request, tracking).run(request.params.id),
  )

  app.get(
    '/api/v1/runs/:id/artifacts/*',
    {
      config: { permission: 'runs:read', scope: 'handler' },
      schema: {
        tags,
        operationId: 'getArtifact',
        summary: 'A file that a run left behind',
        description:
          'Looked up by the name that the run gave it, then by its hash: a path never reaches the file system.',
        params: z.object({ id: z.string(), '*': z.string() }),
        response: {
          200: {
            description: 'The bytes, with the media type that the run recorded.',
            content: { '*/*': { schema: z.unknown() } },
          },
          304: { description: 'As the client has it already.', content: { '*/*': { schema: z.unknown() } } },
          ...errorAnswers('RUN_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      const { params, headers } = request
      const name = params['*']
      const artifact = (await new OwnRuns(request, tracking).run(params.id)).artifacts.find(({ path }) => path === name)
      if (!artifact) throw new BellwetherError('ARTIFACT_NOT_FOUND', 'The run has no artifact of that name.')
      const etag = `"${artifact.hash}"`
      reply.headers(artifactHeaders(artifact, etag))
      if (headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.send(Buffer.from(await blobs.get(artifact.hash)))
    },
  )
}

function artifactHeaders({ path, mediaType }: Artifact, etag: string): Record<string, string> {
  const fileName = (path.split('/').at(-1) ?? 'artifact').replaceAll(/[^\w.-]/g, '_')
  return {
    'content-type': /^[\w.+-]+\/[\w.+-]+(?:;\s*charset=[\w-]+)?$/.test(mediaType)
      ? mediaType
      : 'application/octet-stream',
    'content-disposition': `${INLINE.test(mediaType) ? 'inline' : 'attachment'}; filename="${fileName}"`,
    'content-security-policy': ARTIFACT_POLICY,
    // Same name, same run: same bytes. The client asks again, and a 304 answers.
    'cache-control': 'private, no-cache',
    etag,
  }
}
