import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import type { MlflowStores } from '../../track/mlflow-stores.ts'
import { artifactPath } from './artifact-scope.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import type { SignedAddresses } from './signed-addresses.ts'
import { proxiedPath } from './version-source.ts'
import { long, optional, requiredText, text } from './wire-input.ts'

/** Seconds that an address is good for where the client does not say: MLflow's. */
const DOWNLOAD_SECONDS = 300
const UPLOAD_SECONDS = 900
/** As long as object stores sign for. */
const MAX_SECONDS = 7 * 24 * 60 * 60

const OfOwner = z.object({
  run_id: optional(text),
  model_id: optional(text),
  path: requiredText,
  expiration: optional(long),
})
type OfOwner = z.output<typeof OfOwner>

/** A larger file that can't be entered in its middle would be gone through from its beginning for each range. */
const MAX_GONE_THROUGH = 256 * 1024 * 1024

/** Addresses at which a file is put or fetched without a key, for clients that hand the transfer on. */
export function presignedRoutes(stores: MlflowStores, blobs: BlobStore, addresses: SignedAddresses): MlflowRoute[] {
  return [
    mlflowRoute({
      method: 'GET',
      path: '/mlflow-artifacts/presigned/*',
      operationId: 'mlflowGetPresignedDownload',
      summary: 'An address from which an artifact can be fetched without a key, in ranges',
      permission: 'runs:read',
      input: z.object({ '*': requiredText }),
      answers: ['url', 'headers', 'file_size'],
      handle: async (input, { request }) => {
        const { path, hash, sizeBytes } = await stores.artifacts.get(artifactPath(input['*']))
        // The client asks for this to fetch ranges; it takes the whole where there is no such address.
        if (sizeBytes > MAX_GONE_THROUGH && !(await blobs.getRange?.(hash, 0, 1)))
          throw new BellwetherError(
            'RANGES_UNAVAILABLE',
            'The file is kept compressed or encrypted, and is fetched as a whole.',
          )
        const url = await addresses.ofFile(request, 'GET', path, DOWNLOAD_SECONDS)
        return { url, headers: {}, file_size: sizeBytes }
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/artifacts/presigned-download-url',
      operationId: 'mlflowCreatePresignedDownload',
      summary: 'An address from which an artifact of a run or logged model can be fetched without a key',
      permission: 'runs:read',
      input: OfOwner,
      answers: ['presigned_url', 'headers', 'file_size'],
      handle: async (input, { request }) => {
        const seconds = secondsOf(input, DOWNLOAD_SECONDS)
        const { path, sizeBytes } = await stores.artifacts.get(await pathOf(stores, input))
        const url = await addresses.ofFile(request, 'GET', path, seconds)
        return { presigned_url: url, headers: {}, file_size: sizeBytes }
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: '/mlflow/artifacts/presigned-upload-url',
      operationId: 'mlflowCreatePresignedUpload',
      summary: 'An address at which an artifact of a run or logged model can be put without a key',
      permission: 'runs:write',
      input: OfOwner,
      answers: ['presigned_url', 'headers'],
      handle: async (input, { request }) => {
        const seconds = secondsOf(input, UPLOAD_SECONDS)
        const path = await pathOf(stores, input)
        return { presigned_url: await addresses.ofFile(request, 'PUT', path, seconds), headers: {} }
      },
    }),
  ]
}

function secondsOf({ expiration }: OfOwner, usual: number): number {
  const seconds = expiration ?? usual
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds
  throw invalidParameter('expiration', `expiration must be between 1 and ${MAX_SECONDS} seconds (got ${seconds}).`)
}

/** @throws RUN_NOT_FOUND, LOGGED_MODEL_NOT_FOUND; INVALID_INPUT also for artifacts that are kept elsewhere */
async function pathOf(stores: MlflowStores, { run_id, model_id, path }: OfOwner): Promise<string> {
  if (Boolean(run_id) === Boolean(model_id))
    throw invalidParameter('run_id', 'Exactly one of run_id and model_id must be provided.')
  const uri = run_id
    ? (await stores.runs.get(run_id)).info.artifactUri
    : (await stores.loggedModels.get(model_id!)).artifactUri
  const root = proxiedPath(uri)
  if (root === null) throw invalidParameter('path', 'The artifacts are not kept by this server.')
  return artifactPath(`${root}/${artifactPath(path)}`)
}
