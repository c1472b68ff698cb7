import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { FittedClusterPipeline } from '../../src/learn/cluster/cluster-pipeline.ts'
import { isClustering, readAnyPackage } from '../../src/packaging/read-package.ts'
import type { ClusteringSignature } from '../../src/packaging/signature.ts'
import type { ClusteringResult } from '../../src/pipeline/execute-clustering.ts'
import type { ClusterPrediction, FailedPrediction } from '../../src/serve/prediction.ts'
import { openHome } from '../../src/store/open-home.ts'
import { compileRecordReader } from '../../src/table/records.ts'
import type { ModelVersion } from '../../src/track/model-registry.ts'
import { bellwether, ROOT, temporaryFolder } from '../support/cli.ts'
import { type Served, startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
const home = path.join(folder, 'home')

vi.setConfig({ testTimeout: 240_000, hookTimeout: 480_000 })

const CSV = path.join(folder, 'students.csv')
const COLUMNS = [
  'Daytime/evening attendance',
  'Previous qualification (grade)',
  'Admission grade',
  'Gender',
  'Age at enrollment',
  'Curricular units 1st sem (grade)',
  'GDP',
  'Target',
]

/** Some columns of the first rows of the academic-risk sample: few enough for a mixture that takes no time. */
function writeTable(): void {
  const lines = readFileSync(path.join(ROOT, 'examples/academic-risk/data/students-synthetic.csv'), 'utf8').split(
    /\r?\n/,
  )
  const cells = lines.slice(0, 401).map((line) => line.split(';'))
  const chosen = COLUMNS.map((name) => cells[0]!.indexOf(name))
  writeFileSync(CSV, cells.map((row) => `${chosen.map((at) => row[at]).join(',')}\n`).join(''))
}

/** Clusters without what the sample's project predicts. */
function writeProject(name: string, more: string): string {
  const file = path.join(folder, `${name}.yaml`)
  const data = `data: { source: '${CSV}', sensitive: [Gender], columns: { Target: { ignore: true } } }`
  writeFileSync(file, `name: ${name}\ntask: clustering\n${data}\n${more}\n`)
  return file
}

interface Predicted {
  readonly model: { readonly name: string; readonly version: number; readonly alias: string | null }
  readonly predictions: readonly ClusterPrediction[]
}

let server: Served
const results = new Map<string, ClusteringResult>()
const pipelines = new Map<string, FittedClusterPipeline>()
const signatures = new Map<string, ClusteringSignature>()
/** Two rows of the sample's file, as records: the first as it is, the second without numbers. */
let records: Record<string, unknown>[]

beforeAll(async () => {
  writeTable()
  // `start` trains the first on its way; the second is made beside it.
  const project = writeProject('mixed', 'models: [gaussian-mixture]\nclusters: { from: 3, to: 3 }')
  const other = await bellwether(['run', project, '--home', home, '--json'])
  expect(other.status, other.stderr).toBe(0)
  results.set('mixed', JSON.parse(other.stdout))
  const gated = 'gates: [{ metric: silhouette, min: 0 }, { metric: stability, min: -1 }]'
  server = await startServing([
    'start',
    writeProject('groups', `clusters: { from: 2, to: 3 }\n${gated}`),
    '--home',
    home,
  ])
  const stores = await openHome(home, { readOnly: true })
  for (const name of ['groups', 'mixed']) {
    const loaded = await readAnyPackage(stores.blobs, (await stores.models.byAlias(name, 'champion')).files)
    if (!isClustering(loaded)) throw new Error(`${name} is no clustering`)
    pipelines.set(name, loaded.pipeline)
    signatures.set(name, loaded.signature)
  }
  await stores.close()
  const { example } = signatures.get('groups')!
  records = [
    example,
    Object.fromEntries(Object.entries(example).map(([key, value], i) => [key, i < 3 ? value : shift(value)])),
  ]
})
afterAll(async () => {
  await server?.stop()
  remove()
})

const shift = (value: unknown) => (typeof value === 'number' && value > 20 ? value * 1.5 : value)

/** What the library says of the records. */
function library(name: string) {
  const pipeline = pipelines.get(name)!
  const { table, allFaults } = compileRecordReader(signatures.get(name)!.inputs)(records)
  expect(allFaults).toEqual([])
  const { clusters, distances, probabilities } = pipeline.predict(table)
  const width = pipeline.model.nClusters
  const rowsOf = (values: Float64Array) =>
    records.map((_, row) => Array.from(values.subarray(row * width, (row + 1) * width)))
  return {
    clusters: [...clusters],
    distances: rowsOf(distances),
    probabilities: probabilities && rowsOf(probabilities),
  }
}

describe('a clustering that is served', () => {
  test('was registered by start as champion, its gates passed, with a signature that has no target', async () => {
    const { body } = await server.get<{ champion: ModelVersion }>('/api/v1/models/groups')
    expect(body.champion).toMatchObject({ version: 1, aliases: ['champion'], estimator: 'k-means' })
    expect(Object.keys(body.champion.metrics).sort()).toEqual([
      'calinski_harabasz',
      'davies_bouldin',
      'silhouette',
      'stability',
    ])
    const { body: signature } = await server.get<ClusteringSignature>('/api/v1/models/groups/signature')
    expect(signature).toEqual(signatures.get('groups'))
    expect(signature).toMatchObject({ task: 'clustering', target: null, beside: 'distances' })
    expect(signature.inputs.map(({ name }) => name)).not.toContain('Gender')
    expect(results.get('mixed')).toMatchObject({
      model: { name: 'mixed', version: 1, aliases: ['champion'] },
      gates: [],
    })
  })

  test.each(['groups', 'mixed'])('%s answers with the bits of the library', async (name) => {
    const { body, status } = await server.post<Predicted>(`/api/v1/models/${name}/predict`, { records })
    expect(status).toBe(200)
    expect(body.model).toEqual({ name, version: 1, alias: 'champion' })
    const { clusters, distances, probabilities } = library(name)
    expect(body.predictions.map(({ cluster }) => cluster)).toEqual(clusters)
    expect(body.predictions.map((each) => each.probabilities)).toEqual(probabilities ?? [undefined, undefined])
    expect(body.predictions.map((each) => each.distances)).toEqual(probabilities ? [undefined, undefined] : distances)
  })

  test.each(['groups', 'mixed'])('%s answers the same over every other protocol', async (name) => {
    const { clusters, distances, probabilities } = library(name)
    const v1 = await server.post<{ predictions: number[] }>(`/v1/models/${name}:predict`, { instances: records })
    expect(v1.body.predictions).toEqual(clusters)
    const invoke = (body: object) => server.post<{ predictions: unknown }>(`/api/v1/models/${name}/invocations`, body)
    expect((await invoke({ dataframe_records: records })).body.predictions).toEqual(clusters)
    const proba = await invoke({ dataframe_records: records, params: { predict_method: 'predict_proba' } })
    if (probabilities) expect(proba.body.predictions).toEqual(probabilities)
    else expect(proba.status).toBe(400)

    const { body: facts } = await server.get<{ outputs: object[] }>(`/v2/models/${name}`)
    const beside = probabilities ? 'predict_proba' : 'distances'
    const width = pipelines.get(name)!.model.nClusters
    expect(facts.outputs).toEqual([
      { name: 'predict', datatype: 'INT64', shape: [-1] },
      { name: beside, datatype: 'FP64', shape: [-1, width] },
    ])
    const inputs = signatures.get(name)!.inputs.map(({ name: column, kind, dataType }) => ({
      name: column,
      shape: [2],
      datatype: kind === 'number' || dataType === 'integer' ? 'FP64' : dataType === 'boolean' ? 'BOOL' : 'BYTES',
      data: records.map((record) => record[column]),
    }))
    const v2 = await server.post<{ outputs: object[] }>(`/v2/models/${name}/infer`, { inputs })
    expect(v2.body.outputs, JSON.stringify(v2.body)).toEqual([
      { name: 'predict', datatype: 'INT64', shape: [2], data: clusters },
      { name: beside, datatype: 'FP64', shape: [2, width], data: (probabilities ?? distances).flat() },
    ])
  })

  test('answers one flat record of the default model: start made it the one of its project', async () => {
    const { body } = await server.post<{ prediction: number; confidence: number | null }>('/predict', records[1]!)
    expect(body).toMatchObject({ prediction: library('groups').clusters[1], confidence: null })
  })

  test.each([
    ['groups', /^lead of cluster \d over cluster \d in squared distance$/],
    ['mixed', /^log-odds of cluster \d against cluster \d$/],
  ])('%s gives reasons that add up to the margin over the next cluster', async (name, score) => {
    const { body } = await server.post<Predicted>(`/api/v1/models/${name}/predict`, { records, explain: true })
    const { clusters, distances } = library(name)
    for (const [row, { explanation, cluster }] of body.predictions.entries()) {
      expect(cluster).toBe(clusters[row])
      expect(explanation!.score).toMatch(score)
      const sum = explanation!.contributions.reduce((all, { contribution }) => all + contribution, explanation!.base)
      expect(Math.abs(sum - explanation!.total)).toBeLessThan(1e-9 * Math.max(1, Math.abs(explanation!.total)))
      if (name === 'groups') {
        const [own, next] = [...distances[row]!].sort((a, b) => a - b)
        expect(explanation!.total).toBeCloseTo(next! ** 2 - own! ** 2, 8)
      }
    }
  })

  test('names every fault of a bad record, and answers the good ones beside it', async () => {
    const bad = { ...records[0], [signatures.get('groups')!.inputs[0]!.name]: {} }
    const refused = await server.post(`/api/v1/models/groups/predict`, { records: [bad] })
    expect(refused.status).toBe(400)
    const numbers = signatures
      .get('groups')!
      .inputs.filter(({ kind, dataType }) => kind === 'number' && dataType === 'float')
    const huge = { ...records[0], [numbers[0]!.name]: 1e308 }
    const { body, status } = await server.post<{ predictions: (ClusterPrediction | FailedPrediction)[] }>(
      '/api/v1/models/groups/predict',
      { records: [huge, records[1]], onError: 'partial' },
    )
    expect(status).toBe(200)
    expect(body.predictions[0]).toMatchObject({ error: { error: 'CANNOT_SERVE' } })
    expect(body.predictions[1]).toMatchObject({ cluster: library('groups').clusters[1] })
  })

  test('documents its answers in the OpenAPI description', async () => {
    const { body } = await server.get<{ paths: Record<string, unknown> }>('/openapi.json')
    const own = JSON.stringify(body.paths['/api/v1/models/groups/predict'])
    expect(own).toContain('Predict clusters with version 1 of groups')
    expect(own).toContain('The cluster that the record belongs to.')
  })

  test('keeps its answers in the prediction log', async () => {
    await server.post<Predicted>('/api/v1/models/groups/predict', { records })
    await vi.waitFor(
      async () => {
        const { body } = await server.get<{ predictions: { answer: object }[] }>('/api/v1/predictions?model=groups')
        expect(body.predictions.map(({ answer }) => answer)).toContainEqual({ cluster: library('groups').clusters[1] })
      },
      { timeout: 30_000 },
    )
  })

  test('is no ONNX file, and both ways of asking say so', async () => {
    const { status, body } = await server.get<object>('/api/v1/models/groups/versions/1/onnx')
    expect(status).toBe(422)
    expect(JSON.stringify(body)).toMatch(/ONNX_EXPORT_UNSUPPORTED.*is a clustering/)
    const target = path.join(folder, 'groups.onnx')
    const exported = await bellwether(['models', 'export', 'groups', '--onnx', target, '--home', home])
    expect(exported.status).toBe(2)
    expect(exported.stderr).toContain('is a clustering (k-means)')
  })

  test('scores a file from the command line with the same clusters', async () => {
    const lines = readFileSync(CSV, 'utf8').split('\n').slice(0, 41)
    const rows = path.join(folder, 'rows.csv')
    writeFileSync(rows, `${lines.join('\n')}\n`)
    const out = path.join(folder, 'clusters.csv')
    const predicted = await bellwether(['predict', 'groups', '--data', rows, '--out', out, '--home', home])
    expect(predicted.status, predicted.stderr).toBe(0)
    const [head, ...cells] = readFileSync(out, 'utf8').trimEnd().split('\n')
    expect(head).toMatch(/^row,cluster,distance 0,distance 1/)
    expect(cells).toHaveLength(40)
    const runs = await bellwether(['runs', 'list', '--home', home, '--experiment', 'groups', '--json'])
    const [run] = (JSON.parse(runs.stdout) as { runs: { id: string }[] }).runs
    const kept = await bellwether(['runs', 'show', run!.id, '--home', home, '--artifact', 'assignments.csv'])
    const assigned = kept.stdout
      .trimEnd()
      .split('\n')
      .slice(1, 41)
      .map((line) => line.split(',')[1])
    expect(cells.map((line) => line.split(',')[1])).toEqual(assigned)
  })

  test('shows in the lists of models like any other', async () => {
    const list = await bellwether(['models', 'list', '--home', home])
    expect(list.stdout).toContain('groups')
    const show = await bellwether(['models', 'show', 'groups', '--home', home])
    expect(show.stdout).toMatch(/1 +champion +k-means/)
  })
})

test('a gate that says no leaves a version without an alias, and the status says so', async () => {
  const file = writeProject('gated', 'clusters: { from: 2, to: 2 }\ngates: [{ metric: silhouette, min: 0.99 }]')
  const { status, stdout, stderr } = await bellwether(['run', file, '--home', path.join(folder, 'gated'), '--json'])
  expect(status, stderr).toBe(1)
  const result: ClusteringResult = JSON.parse(stdout)
  expect(result.model).toEqual({ name: 'gated', version: 1, aliases: [] })
  expect(result.gates).toMatchObject([{ metric: 'silhouette', expected: 'at least 0.99', passed: false }])
})
