import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { BlobStore } from '../../track/blob-store.ts'
import { checkArtifactPath, invalidParameter } from '../../track/mlflow-rules.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { sendArtifact } from './artifact-reply.ts'
import { type ArtifactRoute, addArtifactRoutes, one, takeFiles, wildcard } from './artifact-scope.ts'
import { mediaTypeOf } from './media-type.ts'
import { proxiedPath, versionNumber } from './version-source.ts'
import { list, wireFile } from './wire-output.ts'

/** The largest artifact that MLflow's user interface may send in a form's place. */
const MAX_SMALL_UPLOAD = 10 * 1024 * 1024

export interface ArtifactContext {
  readonly stores: MlflowStores
  readonly blobs: BlobStore
  readonly maxBytes: number
}

/**
 * The artifact proxy, and the paths by which files of runs, logged models and versions are listed and fetched. Bytes are streamed both ways; a path
 * is looked up by name and never reaches the file system.
 */
export async function artifactRoutes(app: FastifyInstance, context: ArtifactContext): Promise<void> {
  const { stores, blobs, maxBytes } = context
  const { artifacts, runs, loggedModels, registry } = stores
  takeFiles(app)
  const add = (
    method: ArtifactRoute['method'],
    urls: readonly string[],
    about: Omit<ArtifactRoute, 'method' | 'urls' | 'handle'>,
    handle: ArtifactRoute['handle'],
  ) => addArtifactRoutes(app, [{ method, urls, ...about, handle }])

  const files = ['/api/2.0/mlflow-artifacts/artifacts/*']

  add(
    'PUT',
    files,
    { operationId: 'mlflowUploadArtifact', summary: 'Put an artifact', permission: 'runs:write', upload: true },
    async (request) => {
      await storeArtifact(context, wildcard(request), request, maxBytes)
      return {}
    },
  )
  add(
    'GET',
    files,
    { operationId: 'mlflowDownloadArtifact', summary: 'Fetch an artifact', permission: 'runs:read' },
    async (request, reply) => sendArtifact(blobs, request, reply, await artifacts.get(wildcard(request))),
  )
  add(
    'DELETE',
    files,
    {
      operationId: 'mlflowDeleteArtifact',
      summary: 'Delete an artifact, or all below a folder',
      permission: 'runs:write',
    },
    async (request) => {
      await artifacts.delete(wildcard(request))
      return {}
    },
  )
  add(
    'GET',
    ['/api/2.0/mlflow-artifacts/artifacts'],
    {
      operationId: 'mlflowListArtifactFolder',
      summary: 'What a folder holds',
      permission: 'runs:read',
      query: ['path'],
    },
    async (request) => {
      const path = one(request, 'path')
      return list('files', (await artifacts.list(path ? checkArtifactPath(path) : '')).map(wireFile))
    },
  )

  add(
    'GET',
    ['/api/2.0/mlflow/artifacts/list'],
    {
      operationId: 'mlflowListArtifacts',
      summary: 'Artifacts of a run',
      permission: 'runs:read',
      query: ['run_id', 'run_uuid', 'path', 'page_token'],
    },
    async (request) => {
      const id = one(request, 'run_id') || one(request, 'run_uuid')
      if (!id) throw invalidParameter('run_id', "Missing value for required parameter 'run_id'.")
      const path = one(request, 'path')
      const folder = path ? checkArtifactPath(path) : ''
      const { info } = await runs.get(id)
      return { root_uri: info.artifactUri, ...list('files', await listing(stores, info.artifactUri, folder)) }
    },
  )
  add(
    'GET',
    ['/api/2.0/mlflow/logged-models/:model_id/artifacts/directories'],
    {
      operationId: 'mlflowListLoggedModelArtifacts',
      summary: 'Artifacts of a logged model',
      permission: 'runs:read',
      query: ['artifact_directory_path', 'page_token'],
    },
    async (request) => {
      const path = one(request, 'artifact_directory_path')
      const folder = path ? checkArtifactPath(path) : ''
      const model = await loggedModels.get((request.params as { model_id: string }).model_id)
      return { root_uri: model.artifactUri, ...list('files', await listing(stores, model.artifactUri, folder)) }
    },
  )
  add(
    'GET',
    ['/api/2.0/mlflow/logged-models/:model_id/artifacts/files'],
    {
      operationId: 'mlflowGetLoggedModelArtifact',
      summary: 'An artifact of a logged model',
      permission: 'runs:read',
      query: ['artifact_file_path'],
    },
    async (request, reply) => {
      const path = checkArtifactPath(one(request, 'artifact_file_path') ?? '')
      if (!path)
        throw invalidParameter('artifact_file_path', 'Request must include the "artifact_file_path" query parameter.')
      const model = await loggedModels.get((request.params as { model_id: string }).model_id)
      return sendArtifact(blobs, request, reply, await artifacts.get(within(model.artifactUri, path)))
    },
  )
  add(
    'GET',
    ['/get-artifact', '/api/2.0/mlflow/get-artifact'],
    {
      operationId: 'mlflowGetArtifact',
      summary: 'An artifact of a run',
      permission: 'runs:read',
      query: ['run_id', 'run_uuid', 'path'],
    },
    async (request, reply) => {
      const path = checkArtifactPath(one(request, 'path') ?? '')
      const { info } = await runs.get(one(request, 'run_id') || one(request, 'run_uuid') || '')
      return sendArtifact(blobs, request, reply, await artifacts.get(within(info.artifactUri, path)))
    },
  )
  add(
    'GET',
    ['/model-versions/get-artifact', '//model-versions/get-artifact', '/api/2.0/mlflow/model-versions/get-artifact'],
    {
      operationId: 'mlflowGetVersionArtifact',
      summary: 'An artifact of a model version',
      permission: 'models:read',
      query: ['name', 'version', 'path'],
    },
    async (request, reply) => {
      const path = checkArtifactPath(one(request, 'path') ?? '')
      const uri = await registry.downloadUri(one(request, 'name') ?? '', versionNumber(one(request, 'version') ?? ''))
      return sendArtifact(blobs, request, reply, await artifacts.get(within(uri, path)))
    },
  )
  add(
    'POST',
    ['/api/2.0/mlflow/upload-artifact'],
    {
      operationId: 'mlflowUploadSmallArtifact',
      summary: 'Put a small artifact of a run',
      permission: 'runs:write',
      upload: true,
      query: ['run_uuid', 'path'],
    },
    async (request) => {
      const id = one(request, 'run_uuid')
      if (!id) throw invalidParameter('run_uuid', 'Request must specify run_uuid.')
      const given = one(request, 'path')
      if (!given) throw invalidParameter('path', 'Request must specify path.')
      const path = checkArtifactPath(given)
      if (Number(request.headers['content-length'] ?? 0) > MAX_SMALL_UPLOAD)
        throw invalidParameter('data', 'Artifact size is too large. Max size is 10MB.')
      if (!request.body || request.headers['content-length'] === '0')
        throw invalidParameter('data', 'Request must specify data.')
      const { info } = await runs.get(id)
      await storeArtifact(context, within(info.artifactUri, path), request, MAX_SMALL_UPLOAD)
      return {}
    },
  )
}

/** Streams a body into the blob store, then gives it its name. */
export async function storeArtifact(
  { blobs, stores }: ArtifactContext,
  path: string,
  request: FastifyRequest,
  maxBytes: number,
): Promise<void> {
  const body = (request.body ?? Readable.from([])) as AsyncIterable<Uint8Array>
  const { hash, sizeBytes } = await blobs.putStream(body, { maxBytes })
  await stores.artifacts.put({ path, hash, sizeBytes, mediaType: mediaTypeOf(path) })
}

async function listing(stores: MlflowStores, uri: string, folder: string) {
  const root = proxiedPath(uri)
  // Files in a client's own store are not ours to list.
  if (root === null) return []
  const entries = await stores.artifacts.list(folder === '' ? root : `${root}/${folder}`)
  return entries.map((entry) => wireFile({ ...entry, path: folder === '' ? entry.path : `${folder}/${entry.path}` }))
}

/** A path below a place in our store. @throws INVALID_INPUT for a place elsewhere */
function within(uri: string, path: string): string {
  const root = proxiedPath(uri)
  if (root === null) throw invalidParameter('path', 'The artifacts are not kept by this server.')
  return `${root}/${path}`
}
