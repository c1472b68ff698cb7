import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnsweringPipeline } from '../evaluate/answering-pipeline.ts'
import { answeringPipeline } from '../evaluate/answering-pipeline.ts'
import { makeBackground } from '../evaluate/background.ts'
import { fitTemperature } from '../evaluate/calibration/temperature.ts'
import { FeatureOptions } from '../features/feature-options.ts'
import { mixedSchema, mixedTable, mixedTarget } from '../features/fixtures/mixed-table.ts'
import { fitPipeline } from '../learn/fitted-pipeline.ts'
import { FileBlobStore } from '../store/blobs/file-blob-store.ts'
import { profileTable } from '../table/profile.ts'
import { canonicalJson } from './canonical-json.ts'
import { makeSignature } from './make-signature.ts'
import { readPackage } from './read-package.ts'
import { type PackageParts, type WrittenFile, writePackage } from './write-package.ts'

const N_ROWS = 160
const table = mixedTable(N_ROWS, 1)
const profile = profileTable(table, mixedSchema)

const CASES = [
  ['baseline', 'multiclass', {}],
  ['logistic-regression', 'binary', {}],
  ['logistic-regression', 'multiclass', {}],
  ['ridge', 'regression', {}],
  ['random-forest', 'multiclass', { nEstimators: 5 }],
  ['random-forest', 'regression', { nEstimators: 5 }],
  ['gradient-boosting', 'multiclass', { maxIterations: 5 }],
  ['gradient-boosting', 'regression', { maxIterations: 5 }],
] as const

/** A real model of the estimator, fitted on made-up rows, with everything that goes into its package. */
function parts(
  estimatorName: string,
  kind: 'binary' | 'multiclass' | 'regression',
  estimatorOptions: object = {},
): PackageParts & { readonly pipeline: AnsweringPipeline } {
  const target = mixedTarget(N_ROWS, kind, 2)
  const fitted = fitPipeline({
    table,
    schema: mixedSchema,
    inputs: mixedSchema.columns.map(({ name }) => name),
    target,
    featureOptions: FeatureOptions.parse({}),
    estimatorName,
    estimatorOptions: estimatorOptions as Record<string, unknown>,
    seed: 3,
  })
  const pipeline = answeringPipeline({ members: [fitted] })
  const { task, classes } = pipeline.target
  return {
    pipeline,
    profile,
    signature: makeSignature({
      schema: mixedSchema,
      profile,
      inputs: pipeline.inputs,
      target: 'outcome',
      task,
      classes,
    }),
    manifest: {
      bellwetherVersion: '0.1.0',
      name: 'mixed',
      task,
      estimator: estimatorName,
      params: { ...estimatorOptions },
      seed: 3,
      dataset: { id: `sha256:${'a'.repeat(64)}`, rows: N_ROWS },
      rows: { train: N_ROWS, test: 0 },
      code: { commit: 'c'.repeat(40), dirty: false },
      dependencies: { zod: '4.0.0' },
      node: '24.0.0',
      metrics: { f1_macro: 0.1 + 0.2, roc_auc: Number.NaN },
      gates: [{ metric: 'f1_macro', value: null, expected: 'at least 0.6', passed: false }],
      conformal:
        task === 'classification'
          ? { task, alpha: 0.1, nRows: 100, threshold: 0.9 }
          : { task, alpha: 0.1, nRows: 100, halfWidth: null },
      project: { name: 'mixed', data: { id: undefined, target: 'outcome' } },
      licence: 'CC-BY-4.0',
      intendedUse: 'tests',
      notes: ['made-up data'],
    },
  }
}

/** Answers and reasons for rows that the model has not seen, as bytes. */
function answers(pipeline: AnsweringPipeline): string {
  const unseen = mixedTable(60, 99)
  const predictions = pipeline.predict(unseen)
  const explanations = [0, 7, 59].map((row) => pipeline.explain(unseen, row, 0))
  return (
    Buffer.from(predictions.buffer, predictions.byteOffset, predictions.byteLength).toString('hex') +
    JSON.stringify(explanations)
  )
}

describe('a model package', () => {
  let root: string
  let blobs: FileBlobStore
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-package-'))
    blobs = await FileBlobStore.open(root, { readOnly: false, now: Date.now() })
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  test.each(CASES)(
    'of %s for a %s target answers and explains as the model that was written, to the last bit',
    async (name, kind, options) => {
      const written = parts(name, kind, options)
      const loaded = await readPackage(blobs, await writePackage(blobs, written))
      expect(answers(loaded.pipeline)).toBe(answers(written.pipeline))
      expect(loaded.signature).toEqual(written.signature)
      expect(loaded.profile).toEqual(written.profile)
    },
  )

  test('of a calibrated blend answers and explains as the blend that was written, and names its members', async () => {
    const [forest, boosting] = [
      parts('random-forest', 'multiclass', { nEstimators: 5 }),
      parts('gradient-boosting', 'multiclass', { maxIterations: 5 }),
    ]
    const weights = Float64Array.of(0.75, 0.25)
    const target = mixedTarget(N_ROWS, 'multiclass', 2)
    if (target.task !== 'classification') throw new Error('the target has classes')
    const pipeline = answeringPipeline({
      members: [...forest.pipeline.members, ...boosting.pipeline.members],
      weights,
      calibrator: fitTemperature({ target, probabilities: boosting.pipeline.predict(table) }),
      decision: Float64Array.of(...target.classes.map((_, c) => 1 + c)),
      background: makeBackground(table, forest.pipeline.inputs, 1),
    })
    const manifest = {
      ...forest.manifest,
      members: [
        { estimator: 'random-forest', params: { nEstimators: 5 }, weight: 0.75 },
        { estimator: 'gradient-boosting', params: { maxIterations: 5 }, weight: 0.25 },
      ],
      calibration: { method: 'temperature' as const },
      decision: target.classes.map((_, c) => 1 + c),
    }
    const loaded = await readPackage(blobs, await writePackage(blobs, { ...forest, pipeline, manifest }))
    expect(answers(loaded.pipeline)).toBe(answers(pipeline))
    expect(loaded.pipeline.decision).toEqual(pipeline.decision)
    expect(loaded.manifest.members).toEqual(manifest.members)
    const refused = async (changes: object) =>
      expect(
        readPackage(blobs, await writePackage(blobs, { ...forest, pipeline, manifest: { ...manifest, ...changes } })),
      ).rejects.toMatchObject({ code: 'PACKAGE_CORRUPT' })
    await refused({ members: undefined })
    await refused({ members: manifest.members.toReversed() })
    await refused({ calibration: undefined })
    await refused({ decision: undefined })
  })

  test('of format 1, one fitted pipeline, still loads and answers', async () => {
    const written = parts('gradient-boosting', 'multiclass', { maxIterations: 5 })
    const member = written.pipeline.members[0]!
    const [manifest, ...others] = await writePackage(blobs, { ...written, pipeline: member })
    const document = JSON.parse(new TextDecoder().decode(await blobs.get(manifest!.hash)))
    const bytes = new TextEncoder().encode(canonicalJson({ ...document, formatVersion: 1 }))
    const old = { path: 'manifest.json', hash: await blobs.put(bytes), sizeBytes: bytes.length }
    const loaded = await readPackage(blobs, [old, ...others])
    expect(loaded.pipeline.predict(table)).toEqual(member.predict(table))
    expect([loaded.manifest.formatVersion, loaded.pipeline.calibrator]).toEqual([1, null])
  })

  test.each(CASES)('of %s for a %s target is the same bytes when it is made again', async (name, kind, options) => {
    const [once, again] = [
      await writePackage(blobs, parts(name, kind, options)),
      await writePackage(blobs, parts(name, kind, options)),
    ]
    expect(again).toEqual(once)
  })

  test('of a model that was read is the same bytes as the one it was read from', async () => {
    const written = parts('gradient-boosting', 'multiclass', { maxIterations: 3 })
    const files = await writePackage(blobs, written)
    const { pipeline } = await readPackage(blobs, files)
    expect(await writePackage(blobs, { ...written, pipeline })).toEqual(files)
  })

  test('has a manifest that says what made the model, and names every other file', async () => {
    const files = await writePackage(blobs, parts('ridge', 'regression'))
    expect(files.map((file) => file.path)).toEqual(['manifest.json', 'model.json', 'profile.json', 'signature.json'])
    const { manifest } = await readPackage(blobs, files)
    expect(manifest).toMatchObject({
      formatVersion: 2,
      estimator: 'ridge',
      seed: 3,
      metrics: { f1_macro: 0.1 + 0.2, roc_auc: null },
      project: { name: 'mixed', data: { target: 'outcome' } },
      conformal: { task: 'regression', halfWidth: null },
      files: files.slice(1),
    })
    expect(manifest).not.toHaveProperty('createdTime')
  })

  test('is refused when any byte of any file is changed, removed or added', async () => {
    const files = await writePackage(blobs, parts('logistic-regression', 'binary'))
    for (const { hash, path: name } of files) {
      const file = path.join(root, hash.slice(7, 9), hash.slice(7))
      const whole = await readFile(file)
      const places = [0, Math.floor(whole.length / 3), whole.length - 1]
      const damages = [
        ...places.map((at) => whole.with(at, whole[at]! ^ 1)),
        whole.subarray(0, -1),
        Buffer.concat([whole, Buffer.from(' ')]),
        Buffer.alloc(0),
      ]
      for (const damaged of damages) {
        await writeFile(file, damaged)
        await expect(readPackage(blobs, files)).rejects.toMatchObject({
          code: 'PACKAGE_CORRUPT',
          message: expect.stringContaining(name),
        })
      }
      await rm(file)
      await expect(readPackage(blobs, files)).rejects.toMatchObject({
        code: 'PACKAGE_CORRUPT',
        message: expect.stringContaining(name),
      })
      await writeFile(file, whole)
    }
    await readPackage(blobs, files)
  })

  describe('whose hashes fit is still refused when', () => {
    let files: WrittenFile[]
    beforeEach(async () => {
      files = await writePackage(blobs, parts('logistic-regression', 'multiclass'))
    })
    const put = async (name: string, text: string): Promise<WrittenFile> => {
      const bytes = new TextEncoder().encode(text)
      return { path: name, hash: await blobs.put(bytes), sizeBytes: bytes.length }
    }
    const manifestWith = async (changes: object): Promise<WrittenFile> => {
      const { manifest } = await readPackage(blobs, files)
      return put('manifest.json', canonicalJson({ ...manifest, ...changes }))
    }
    const refuse = (list: readonly WrittenFile[], code = 'PACKAGE_CORRUPT') =>
      expect(readPackage(blobs, list)).rejects.toMatchObject({ code })
    /** The package with one file exchanged, the manifest naming the new one. */
    const exchanged = async (file: WrittenFile): Promise<WrittenFile[]> => {
      const others = files.slice(1).map((old) => (old.path === file.path ? file : old))
      return [await manifestWith({ files: others }), ...others]
    }

    test('a file is missing from the list, or there twice as another', async () => {
      for (let i = 0; i < files.length; i++) await refuse(files.toSpliced(i, 1))
      await refuse([...files, { ...files[1]!, path: 'extra.json' }])
      await refuse([])
    })

    test('the registry and the manifest disagree', async () => {
      await refuse([files[0]!, files[1]!, files[2]!, { ...files[2]!, path: 'signature.json' }])
      await refuse([await manifestWith({ files: [] }), ...files.slice(1)])
    })

    test('a size is wrong', () =>
      refuse(files.map((file, i) => (i === 1 ? { ...file, sizeBytes: file.sizeBytes + 1 } : file))))

    test('the format is newer', async () =>
      refuse([await manifestWith({ formatVersion: 4, more: 1 }), ...files.slice(1)], 'PACKAGE_TOO_NEW'))

    test('the manifest, the signature or the profile is something else', async () => {
      for (const text of ['', '{}', 'null', '[]', '{"formatVersion":1}', '\u{feff}{}']) {
        await refuse([await put('manifest.json', text), ...files.slice(1)])
        await refuse(await exchanged(await put('signature.json', text)))
        await refuse(await exchanged(await put('profile.json', text)))
      }
    })

    test('the model is something else', async () => {
      for (const text of ['', 'null', '{}', '{"estimator":"__proto__"}', '{"$Function":"1"}', '['.repeat(100_000)])
        await refuse(await exchanged(await put('model.json', text)))
    })

    test('the model is whole, but another one', async () => {
      for (const [name, kind] of [
        ['ridge', 'regression'],
        ['logistic-regression', 'binary'],
        ['baseline', 'multiclass'],
      ] as const) {
        const other = await writePackage(blobs, parts(name, kind))
        await refuse(await exchanged(other.find((file) => file.path === 'model.json')!))
      }
    })
  })
})
