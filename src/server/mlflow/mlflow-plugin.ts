import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { MultipartUploads } from '../../track/multipart-uploads.ts'
import { artifactRoutes } from './artifact-routes.ts'
import { experimentRoutes } from './experiment-routes.ts'
import { loggedModelRoutes } from './logged-model-routes.ts'
import { mediaTypeOf } from './media-type.ts'
import { metricRoutes } from './metric-routes.ts'
import { addMlflowRoutes, answerWireError, useMlflowWire } from './mlflow-routes.ts'
import { multipartRoutes } from './multipart-routes.ts'
import { presignedRoutes } from './presigned-routes.ts'
import { registryRoutes } from './registry-routes.ts'
import { runRoutes } from './run-routes.ts'
import { signedAddresses } from './signed-addresses.ts'
import { signedRoutes } from './signed-routes.ts'
import { versionRoutes } from './version-routes.ts'

/** The release of MLflow whose protocol this is; its clients ask for it. */
export const MLFLOW_VERSION = '3.11.1'

/** What a client asks before it knows its way. Parts and ranges are there, and taken where a user asks for them: docs/mlflow.md says why no client is told to. */
const ServerInfo = z.object({
  store_type: z.string(),
  workspaces_enabled: z.boolean(),
  trace_archival_enabled: z.boolean(),
  multipart_uploads_enabled: z.boolean(),
  multipart_downloads_enabled: z.boolean(),
  presigned_upload_run_id_supported: z.boolean(),
  presigned_upload_model_id_supported: z.boolean(),
  features_enabled: z.object({ gateway: z.boolean() }),
})
type ServerInfo = z.output<typeof ServerInfo>

export interface MlflowContext {
  readonly stores: { readonly mlflow: MlflowStores; readonly blobs: BlobStore }
  readonly clock: () => number
  /** Largest artifact that is taken. */
  readonly maxArtifactBytes: number
}

/** MLflow's tracking and registry protocol, for its own clients: point `MLFLOW_TRACKING_URI` at this server. */
export async function mlflowRoutes(app: FastifyInstance, context: MlflowContext): Promise<void> {
  const { mlflow, blobs } = context.stores
  const { clock, maxArtifactBytes: maxBytes } = context
  const uploads = new MultipartUploads({ artifacts: mlflow.artifacts, blobs, maxBytes, mediaTypeOf })
  const addresses = signedAddresses(mlflow.artifacts, clock)
  await app.register(async (scope) => {
    useMlflowWire(scope)
    addMlflowRoutes(
      scope,
      [
        ...experimentRoutes(mlflow),
        ...runRoutes(mlflow),
        ...metricRoutes(mlflow),
        ...loggedModelRoutes(mlflow),
        ...registryRoutes(mlflow),
        ...versionRoutes(mlflow),
        ...multipartRoutes(uploads, addresses),
        ...presignedRoutes(mlflow, blobs, addresses),
      ],
      clock,
    )
  })
  await app.register(artifactRoutes, { stores: mlflow, blobs, maxBytes })
  await app.register(signedRoutes, { stores: mlflow, blobs, maxBytes, uploads, addresses })
  const endSweeping = sweepUploads(uploads, clock, (error) =>
    app.log.error({ err: error }, 'old uploads were not removed'),
  )
  app.addHook('onClose', async () => endSweeping())
  probes(app)
  for (const prefix of ['/api/2.0', '/api/3.0']) {
    await app.register(
      async (scope) => {
        // Clients try a second verb when they read this code.
        scope.setNotFoundHandler((request, reply) =>
          answerWireError(
            new BellwetherError('ROUTE_NOT_FOUND', 'There is nothing at this path for this method.'),
            request,
            reply,
          ),
        )
      },
      { prefix },
    )
  }
}

const SWEEP_MS = 60 * 60 * 1000

/** Removes what is left of uploads that nobody ended, soon after the start and every hour. @returns what ends it */
function sweepUploads(uploads: MultipartUploads, clock: () => number, onError: (error: unknown) => void): () => void {
  const sweep = () => void uploads.sweep(clock()).catch(onError)
  const timer = setInterval(sweep, SWEEP_MS).unref()
  const first = setTimeout(sweep, 60_000).unref()
  return () => {
    clearInterval(timer)
    clearTimeout(first)
  }
}

/** What MLflow's clients ask for before they begin. */
function probes(app: FastifyInstance): void {
  const plain = (answer: string) => ({
    tags: ['mlflow'],
    response: { 200: { description: answer, content: { 'text/plain': { schema: z.string() } } } },
  })
  app.get(
    '/health',
    {
      config: { permission: 'public' },
      schema: { ...plain('OK'), operationId: 'mlflowHealth', summary: 'The process answers' } as object,
    },
    async (_request, reply) => reply.type('text/plain; charset=utf-8').serializer(String).send('OK'),
  )
  if (!app.hasRoute({ method: 'GET', url: '/version' })) {
    app.get(
      '/version',
      {
        config: { permission: 'public' },
        schema: {
          ...plain(MLFLOW_VERSION),
          operationId: 'mlflowVersion',
          summary: 'The release of MLflow whose protocol this is',
        } as object,
      },
      async (_request, reply) => reply.type('text/plain; charset=utf-8').serializer(String).send(MLFLOW_VERSION),
    )
  }
  app.get(
    '/api/3.0/mlflow/server-info',
    {
      config: { permission: 'public' },
      schema: {
        tags: ['mlflow'],
        operationId: 'mlflowServerInfo',
        summary: 'What kind of store stands behind',
        response: { 200: ServerInfo },
      } as object,
    },
    async (): Promise<ServerInfo> => ({
      store_type: 'SqlStore',
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
      presigned_upload_run_id_supported: true,
      presigned_upload_model_id_supported: true,
      features_enabled: { gateway: false },
    }),
  )
}
