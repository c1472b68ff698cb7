import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AnsweringPipeline, answeringPipeline } from '../../../src/evaluate/answering-pipeline.ts'
import { FeatureOptions } from '../../../src/features/feature-options.ts'
import { mixedSchema, mixedTable, mixedTarget } from '../../../src/features/fixtures/mixed-table.ts'
import { fitPipeline } from '../../../src/learn/fitted-pipeline.ts'
import { exportOnnx } from '../../../src/packaging/onnx/export-pipeline.ts'
import { onnxFeeds } from '../../../src/packaging/onnx/onnx-feeds.ts'
import { awkwardTable } from '../../../src/packaging/onnx/testing/awkward-tables.ts'
import { bellwether } from '../../support/cli.ts'
import { pythonOf, runPython } from '../../support/interop.ts'
import { type Served, startServing } from '../../support/served.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../src/packaging/onnx/fixtures')

interface Trained {
  readonly records: readonly Record<string, unknown>[]
  readonly classes: readonly string[] | null
  /** Probabilities by row, or values. */
  readonly expected: readonly (number | readonly number[])[]
}

let folder = ''
let home = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bellwether-onnx-'))
  home = path.join(folder, 'home')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('models that Python trained', () => {
  let trained: Record<string, Trained>
  let server: Served
  const said: Record<string, readonly string[]> = {
    sklearn_forest: ['--features', 'age,income,visits,score'],
    sklearn_pipeline: [],
    sklearn_regression: ['--features', 'age,income,visits,score'],
    lightgbm_classifier: ['--features', 'age,income,visits,score'],
    keras_softmax: ['--features', 'age,income,visits,score', '--classes', 'low,mid,top'],
    // Written by tools/parity/onnx_pytorch.py: PyPI has no torch for Linux without CUDA.
    pytorch: ['--features', 'age,income,visits,score', '--classes', 'low,middle,high', '--logits'],
  }
  const importFile = (name: string) =>
    bellwether([
      'models',
      'import',
      path.join(folder, `${name}.onnx`),
      '--name',
      name,
      '--alias',
      'champion',
      '--home',
      home,
      ...said[name]!,
    ])

  beforeAll(async () => {
    const script = path.join(import.meta.dirname, 'train.py')
    const { status, stdout, stderr } = await runPython('onnx', [script, folder])
    expect(status, stderr.slice(-3000)).toBe(0)
    trained = JSON.parse(stdout.slice(stdout.indexOf('{')))
    copyFileSync(path.join(FIXTURES, 'pytorch.onnx'), path.join(folder, 'pytorch.onnx'))
    const pytorch = JSON.parse(readFileSync(path.join(FIXTURES, 'pytorch.json'), 'utf8'))
    trained['pytorch'] = { ...pytorch, expected: pytorch.probabilities }
    for (const name of Object.keys(said)) {
      const imported = await importFile(name)
      expect(imported.status, `${name}: ${imported.stderr}`).toBe(0)
    }
    server = await startServing(['serve', '--home', home])
  }, 600_000)
  afterAll(() => server?.stop())

  test.each(Object.keys(said))('%s answers over HTTP as it answers in Python', async (name) => {
    const { records, classes, expected } = trained[name]!
    const url = `/api/v1/models/${name}/predict`
    const { status, body } = await server.post<{
      predictions: { label: string; value: number; probabilities: Record<string, number> }[]
    }>(url, { records })
    expect(status, JSON.stringify(body).slice(0, 500)).toBe(200)
    expect(body.predictions).toHaveLength(expected.length)
    body.predictions.forEach((answer, row) => {
      const truth = expected[row]!
      if (typeof truth === 'number') {
        expect(Math.abs(answer.value - truth)).toBeLessThan(1e-5 * Math.max(1, Math.abs(truth)))
        return
      }
      expect(Object.keys(answer.probabilities)).toEqual(classes)
      expect(answer.label).toBe(classes![truth.indexOf(Math.max(...truth))])
      truth.forEach((p, c) => {
        expect(Math.abs(answer.probabilities[classes![c]!]! - p)).toBeLessThan(1e-5)
      })
    })
  })

  test('they are documented as any other model is', async () => {
    const { body } = await server.get<{ paths: Record<string, unknown> }>('/openapi.json')
    for (const name of Object.keys(said)) {
      expect(Object.keys(body.paths).some((each) => each.includes(name))).toBe(true)
    }
  })
})

describe('models of ours in Python', () => {
  const N_ROWS = 200
  const table = mixedTable(N_ROWS, 1)
  const pipelineOf = (estimatorName: string, kind: 'binary' | 'multiclass' | 'regression'): AnsweringPipeline =>
    answeringPipeline({
      members: [
        fitPipeline({
          table,
          schema: mixedSchema,
          inputs: mixedSchema.columns.map(({ name }) => name),
          target: mixedTarget(N_ROWS, kind, 2),
          featureOptions: FeatureOptions.parse({
            derived: {
              since: 'year(enrolled) + dayOfYear(enrolled) / 1000',
              north: 'city == "Porto" || debtor',
              share: 'ratio(grade, 20)',
            },
          }),
          estimatorName,
          estimatorOptions: {},
          seed: 3,
        }),
      ],
    })

  test.each([
    ['logistic-regression', 'multiclass'],
    ['random-forest', 'binary'],
    ['gradient-boosting', 'multiclass'],
    ['gradient-boosting', 'regression'],
    ['ridge', 'regression'],
  ] as const)('%s for a %s target passes the checker and answers there as here', (name, kind) => {
    const pipeline = pipelineOf(name, kind)
    const exported = exportOnnx(pipeline, { name, version: 1, bellwetherVersion: '0.1.0', signature: '{}' })
    const file = path.join(folder, `${name}-${kind}.onnx`)
    writeFileSync(file, exported.bytes)
    const rows = awkwardTable(120, 4)
    const feeds = onnxFeeds(
      exported.inputs,
      pipeline.members.map(({ features }) => features),
      rows,
    )
    const input = Object.fromEntries(
      exported.inputs.map(({ name: column, type }) => [
        column,
        // JSON has no word for infinities: the graph takes them for missing, as NaN.
        {
          type,
          values: Array.from(feeds[column]!.data as ArrayLike<string | number>, (v) =>
            typeof v === 'number' && !Number.isFinite(v) ? null : v,
          ),
        },
      ]),
    )
    const run = spawnSync(pythonOf('onnx'), [path.join(import.meta.dirname, 'check.py'), file], {
      input: JSON.stringify(input),
      encoding: 'utf8',
      timeout: 120_000,
    })
    expect(run.status, run.stderr.slice(-3000)).toBe(0)
    const { answers } = JSON.parse(run.stdout) as { answers: Record<string, unknown> }
    const theirs = (answers[exported.outputs.at(-1)!] as number[][]).flat()
    const ours = pipeline.predict(rows)
    expect(theirs).toHaveLength(ours.length)
    ours.forEach((value, i) => {
      expect(Math.abs(theirs[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)))
    })
    if (exported.outputs.length === 2) {
      const labels = [...pipeline.labels(ours)].map((code) => pipeline.target.classes[code])
      expect(answers[exported.outputs[0]!]).toEqual(labels)
    }
  })
})
