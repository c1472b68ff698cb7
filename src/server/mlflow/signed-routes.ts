import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import { MAX_PARTS, type MultipartUploads } from '../../track/multipart-uploads.ts'
import { sendArtifact } from './artifact-reply.ts'
import { type ArtifactContext, storeArtifact } from './artifact-routes.ts'
import { addArtifactRoutes, takeFiles, wildcard } from './artifact-scope.ts'
import { SIGNED_FILES, SIGNED_PARTS, type SignedAddresses } from './signed-addresses.ts'

export interface SignedContext extends ArtifactContext {
  readonly uploads: MultipartUploads
  readonly addresses: SignedAddresses
}

const QUERY = ['expires', 'signature']

/** What signed addresses lead to. They are public: the signature is the permission, and it is checked before a byte is read. */
export async function signedRoutes(app: FastifyInstance, context: SignedContext): Promise<void> {
  const { stores, blobs, maxBytes, uploads, addresses } = context
  takeFiles(app)
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url === SIGNED_PARTS) return addresses.checkPart(request, ...partOf(request))
    return addresses.checkFile(request, wildcard(request))
  })
  addArtifactRoutes(app, [
    {
      method: 'GET',
      urls: [SIGNED_FILES],
      operationId: 'mlflowGetSigned',
      summary: 'An artifact, by a signed address',
      permission: 'public',
      query: QUERY,
      handle: async (request, reply) =>
        sendArtifact(blobs, request, reply, await stores.artifacts.get(wildcard(request))),
    },
    {
      method: 'PUT',
      urls: [SIGNED_FILES],
      operationId: 'mlflowPutSigned',
      summary: 'Put an artifact, by a signed address',
      permission: 'public',
      query: QUERY,
      upload: true,
      handle: async (request) => {
        await storeArtifact(context, wildcard(request), request, maxBytes)
        return {}
      },
    },
    {
      method: 'PUT',
      urls: [SIGNED_PARTS],
      operationId: 'mlflowPutPart',
      summary: 'Put a part of an upload, by a signed address',
      permission: 'public',
      query: QUERY,
      upload: true,
      handle: async (request, reply) => {
        const [id, number] = partOf(request)
        const body = (request.body ?? Readable.from([])) as AsyncIterable<Uint8Array>
        reply.header('etag', `"${await uploads.putPart(id, number, body)}"`)
        return {}
      },
    },
  ])
}

function partOf(request: FastifyRequest): [upload: string, number: number] {
  const { upload_id, part_number } = request.params as { upload_id: string; part_number: string }
  const number = /^\d{1,5}$/.test(part_number) ? Number(part_number) : 0
  if (number < 1 || number > MAX_PARTS) throw invalidParameter('part_number', 'There is no part of this number.')
  return [upload_id, number]
}
