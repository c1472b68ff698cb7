import type { FastifyReply, FastifyRequest } from 'fastify'
import type { BlobStore } from '../../track/blob-store.ts'
import type { StoredArtifact } from '../../track/mlflow-model.ts'
import { contentOfBlob, sendContent } from '../send-content.ts'

/**
 * Sends a file, or the one range of it that is asked for. The whole is checked against its hash as it goes by; a range is not.
 * @throws RANGE_NOT_SATISFIABLE, BLOB_NOT_FOUND
 */
export async function sendArtifact(
  blobs: BlobStore,
  request: FastifyRequest,
  reply: FastifyReply,
  { hash, sizeBytes, path, mediaType }: StoredArtifact,
): Promise<FastifyReply> {
  const name = path.split('/').at(-1)!
  return sendContent(request, reply, { hash, sizeBytes, name, mediaType }, contentOfBlob(blobs, hash))
}
