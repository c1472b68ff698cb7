import { z } from 'zod'
import { invalidParameter } from '../../track/mlflow-rules.ts'
import { MAX_PARTS, type MultipartUploads, UPLOAD_LIFE_MS } from '../../track/multipart-uploads.ts'
import { artifactPath } from './artifact-scope.ts'
import { type MlflowRoute, mlflowRoute } from './mlflow-routes.ts'
import type { SignedAddresses } from './signed-addresses.ts'
import { long, optional, requiredText, text } from './wire-input.ts'

const OfUpload = z.object({ '*': requiredText, path: requiredText, upload_id: optional(text) })
const URL = '/mlflow-artifacts/mpu'

/**
 * Uploads in parts, as MLflow's client makes them where MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD says so: it asks for an address for each part, puts the
 * parts there, several at once, and says in the end which they were.
 */
export function multipartRoutes(uploads: MultipartUploads, addresses: SignedAddresses): MlflowRoute[] {
  return [
    mlflowRoute({
      method: 'POST',
      path: `${URL}/create/*`,
      operationId: 'mlflowCreateMultipartUpload',
      summary: 'Begin an upload in parts, or go on with one: addresses of the parts that are missing',
      permission: 'runs:write',
      input: OfUpload.extend({ num_parts: optional(long) }),
      answers: ['upload_id', 'credentials'],
      handle: async (input, { request, now }) => {
        const path = fileOf(input)
        const count = input.num_parts ?? 1
        if (count < 1 || count > MAX_PARTS)
          throw invalidParameter('num_parts', `Parameter 'num_parts' must be from 1 to ${MAX_PARTS}, got ${count}.`)
        const came = new Set<number>()
        if (input.upload_id) for (const { number } of await uploads.resume(input.upload_id, path, now)) came.add(number)
        const id = input.upload_id || (await uploads.begin(path, now))
        const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !came.has(number))
        const credentials = await Promise.all(
          missing.map(async (number) => ({
            url: await addresses.ofPart(request, id, number, UPLOAD_LIFE_MS / 1000),
            part_number: number,
            headers: {},
          })),
        )
        return { upload_id: id, credentials }
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: `${URL}/complete/*`,
      operationId: 'mlflowCompleteMultipartUpload',
      summary: 'Make the parts one artifact',
      permission: 'runs:write',
      input: OfUpload.extend({
        upload_id: requiredText,
        parts: z.array(z.object({ part_number: long, etag: optional(text) })),
      }),
      answers: [],
      handle: async (input, { now }) => {
        const parts = input.parts.map(({ part_number, etag }) => ({
          number: part_number,
          tag: etag ? etag.replaceAll('"', '') : null,
        }))
        await uploads.complete(input.upload_id, fileOf(input), parts, now)
        return {}
      },
    }),
    mlflowRoute({
      method: 'POST',
      path: `${URL}/abort/*`,
      operationId: 'mlflowAbortMultipartUpload',
      summary: 'Give an upload up; its parts are removed',
      permission: 'runs:write',
      input: OfUpload.extend({ upload_id: requiredText }),
      answers: [],
      handle: async (input) => {
        await uploads.abort(input.upload_id, fileOf(input))
        return {}
      },
    }),
  ]
}

/** The folder is in the address; of the client's own path the name counts. */
function fileOf(input: { '*': string; path: string }): string {
  const name = input.path.split(/[/\\]/).at(-1)!
  if (name === '') throw invalidParameter('path', 'Invalid path')
  return artifactPath(`${artifactPath(input['*'])}/${name}`)
}
