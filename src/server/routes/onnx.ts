import { z } from 'zod'
import type { PackageFile } from '../../track/model-registry.ts'
import type { RouteContext, TypedApp } from '../route-types.ts'
import { errorAnswers } from './api-schemas.ts'

/** `/api/v1/models/{name}/versions/{version}/onnx`: a version for other runtimes. */
export async function onnxRoutes(app: TypedApp, { stores: { models, blobs } }: RouteContext): Promise<void> {
  app.get(
    '/api/v1/models/:name/versions/:version/onnx',
    {
      config: { permission: 'models:read', scope: { param: 'name' } },
      schema: {
        tags: ['models'],
        operationId: 'getVersionOnnx',
        summary: 'One version as an ONNX file',
        description:
          'Features, model, calibration and decision in one graph with an input per column; an imported model as it came. The metadata of the file lists what the caller works out beforehand.',
        params: z.object({ name: z.string(), version: z.coerce.number().int().min(1).max(2_147_483_647) }),
        response: {
          200: { description: 'The file.', content: { 'application/octet-stream': { schema: z.unknown() } } },
          304: { description: 'As the client has it already.', content: { '*/*': { schema: z.unknown() } } },
          ...errorAnswers('VERSION_NOT_FOUND', 'INVALID_INPUT', 'ONNX_EXPORT_UNSUPPORTED'),
        },
      },
    },
    async ({ params: { name, version }, headers }, reply) => {
      const found = await models.version(name, version)
      // Equal packages give equal files.
      const etag = `"onnx-${version}-${found.files.map(({ hash }) => hash.slice(-8)).join('')}"`
      reply.headers({
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}-${version}.onnx"`,
        'cache-control': 'private, no-cache',
        etag,
      })
      if (headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.send(Buffer.from(await onnxBytes(found, blobs)))
    },
  )
}

/** Models need the whole learning core; the port need not wait for it. */
async function onnxBytes(
  found: { readonly version: number; readonly files: readonly PackageFile[] },
  blobs: RouteContext['stores']['blobs'],
): Promise<Uint8Array> {
  const { exportVersion, readExportable } = await import('../../packaging/onnx/export-version.ts')
  const { FOREIGN_FILE, isForeign } = await import('../../packaging/onnx/foreign-files.ts')
  const loaded = await readExportable(blobs, found.files)
  if (!isForeign(loaded.manifest)) return exportVersion(loaded, found.version).bytes
  return blobs.get(found.files.find(({ path }) => path === FOREIGN_FILE)!.hash)
}
