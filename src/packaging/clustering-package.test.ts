import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FeatureOptions } from '../features/feature-options.ts'
import { mixedSchema, mixedTable } from '../features/fixtures/mixed-table.ts'
import { clusterPipeline, fitClusterFeatures } from '../learn/cluster/cluster-pipeline.ts'
import { clusterers } from '../learn/cluster/clusterers.ts'
import { FileBlobStore } from '../store/blobs/file-blob-store.ts'
import { profileTable } from '../table/profile.ts'
import { canonicalJson } from './canonical-json.ts'
import { makeClusteringSignature } from './make-signature.ts'
import { readExportable } from './onnx/export-version.ts'
import { isClustering, type LoadedClustering, readAnyPackage, readPackage } from './read-package.ts'
import { type WrittenFile, writePackage } from './write-package.ts'

const table = mixedTable(120, 1)
const profile = profileTable(table, mixedSchema)
const inputs = mixedSchema.columns.map(({ name }) => name)
const HASH = `sha256:${'a'.repeat(64)}`

function parts(name: string, nClusters = 3) {
  const featureOptions = FeatureOptions.parse({})
  const { features, matrix } = fitClusterFeatures({ table, schema: mixedSchema, inputs, featureOptions, seed: 1 })
  const definition = clusterers.get(name)!
  const options = name === 'gaussian-mixture' ? { nClusters, covariance: 'diag' } : { nClusters }
  const pipeline = clusterPipeline(features, definition.fit({ x: matrix, seed: 1 }, definition.options.parse(options)))
  const beside = pipeline.model.predictProba ? ('probabilities' as const) : ('distances' as const)
  return {
    pipeline,
    profile,
    signature: makeClusteringSignature({ schema: mixedSchema, profile, inputs, clusters: nClusters, beside }),
    manifest: {
      name: 'groups',
      task: 'clustering' as const,
      estimator: name,
      params: options,
      seed: 1,
      dataset: { id: HASH, rows: 120 },
      rows: { train: 120, test: 0 },
      code: null,
      bellwetherVersion: '0.1.0',
      node: 'v24.0.0',
      dependencies: {},
      metrics: { silhouette: 0.4 },
      gates: [],
      conformal: null,
      project: {},
      licence: '',
      intendedUse: '',
      notes: [],
    },
  }
}

let folder: string
let blobs: FileBlobStore
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-package-'))
  blobs = await FileBlobStore.open(folder, { readOnly: false, now: Date.now() })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function read(files: readonly WrittenFile[]): Promise<LoadedClustering> {
  const loaded = await readAnyPackage(blobs, files)
  if (!isClustering(loaded)) throw new Error('expected a clustering')
  return loaded
}

describe.each([...clusterers.keys()])('a package of %s', (name) => {
  test('answers with the bits of the clustering that was written, and has format 3', async () => {
    const written = parts(name)
    const files = await writePackage(blobs, written)
    const { manifest, signature, pipeline } = await read(files)
    expect(pipeline.predict(table)).toEqual(written.pipeline.predict(table))
    expect(signature).toEqual(written.signature)
    expect(manifest).toMatchObject({ formatVersion: 3, task: 'clustering', estimator: name })
    expect(signature.target).toBeNull()
    expect(await writePackage(blobs, { ...written, pipeline })).toEqual(files)
  })

  test('is refused where a target is needed, and where ONNX is written', async () => {
    const files = await writePackage(blobs, parts(name))
    await expect(readPackage(blobs, files)).rejects.toMatchObject({ code: 'MODEL_IS_CLUSTERING' })
    await expect(readExportable(blobs, files)).rejects.toMatchObject({ code: 'ONNX_EXPORT_UNSUPPORTED' })
  })

  test('is refused when its files are of different models', async () => {
    const files = await writePackage(blobs, parts(name))
    const put = async (path: string, document: object): Promise<WrittenFile> => {
      const bytes = new TextEncoder().encode(canonicalJson(document))
      return { path, hash: await blobs.put(bytes), sizeBytes: bytes.length }
    }
    const { manifest, signature } = await read(files)
    const exchanged = async (file: WrittenFile, changes: object = {}) => {
      const others = files.slice(1).map((old) => (old.path === file.path ? file : old))
      return [await put('manifest.json', { ...manifest, ...changes, files: others }), ...others]
    }
    const refused = async (list: readonly WrittenFile[]) =>
      expect(readAnyPackage(blobs, list)).rejects.toMatchObject({ code: 'PACKAGE_CORRUPT' })
    const own = files.find((file) => file.path === 'signature.json')!
    await read(await exchanged(own))
    await refused(await exchanged(own, { task: 'regression' }))
    await refused(await exchanged(own, { estimator: 'ridge' }))
    await refused(await exchanged(await put('signature.json', { ...signature, clusters: 4 })))
    await refused(await exchanged(await put('signature.json', { ...signature, inputs: signature.inputs.slice(1) })))
    const target = { name: 'x', classes: [] }
    await refused(await exchanged(await put('signature.json', { ...signature, task: 'regression', target })))
    const other = await writePackage(blobs, parts(name === 'k-means' ? 'gaussian-mixture' : 'k-means'))
    await refused(await exchanged(other.find((file) => file.path === 'model.json')!))
  })
})
