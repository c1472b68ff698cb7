import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fitConformal } from '../../evaluate/conformal.ts'
import { FeatureOptions } from '../../features/feature-options.ts'
import { estimator } from '../../learn/estimators.ts'
import { type FittedPipeline, fitModelOn, prepareFeatures } from '../../learn/fitted-pipeline.ts'
import { makeSignature } from '../../packaging/make-signature.ts'
import { MODEL_FILE } from '../../packaging/manifest.ts'
import { writePackage } from '../../packaging/write-package.ts'
import { type Home, openHome } from '../../store/open-home.ts'
import { profileTable } from '../../table/profile.ts'
import type { ModelVersion } from '../../track/model-registry.ts'
import { type Students, students } from './students.ts'

export interface RegisteredForTest {
  readonly version: ModelVersion
  readonly pipeline: FittedPipeline
  readonly students: Students
}

export interface ModelChoice {
  readonly name?: string
  readonly estimator?: string
  readonly task?: 'classification' | 'regression'
  readonly seed?: number
  readonly aliases?: readonly string[]
  readonly notes?: readonly string[]
  /** Options of the estimator. */
  readonly params?: Readonly<Record<string, unknown>>
  /** Largest age that the version takes; it refuses the records of older students. */
  readonly oldest?: number
  /** Options of the project, as the manifest has them. */
  readonly project?: Readonly<Record<string, unknown>>
}

/** A home in a folder of its own, with models that are really fitted, packaged and registered. */
export class ServedHome {
  readonly folder: string
  readonly home: Home
  readonly #others: Home[] = []

  constructor(folder: string, home: Home) {
    this.folder = folder
    this.home = home
  }

  static async make(): Promise<ServedHome> {
    const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-server-'))
    return new ServedHome(folder, await openHome(path.join(folder, 'home')))
  }

  /** The same home opened once more: another process, as far as the store can tell. */
  async openAgain(): Promise<Home> {
    const other = await openHome(this.home.folder)
    this.#others.push(other)
    return other
  }

  /** Changes a byte of a version's model on disk, so that it can't be loaded any more. */
  async damage({ files }: ModelVersion): Promise<void> {
    const { hash } = files.find((file) => file.path === MODEL_FILE)!
    await writeFile(path.join(this.home.folder, 'blobs', hash.slice(7, 9), hash.slice(7)), 'something else')
  }

  async remove(): Promise<void> {
    for (const other of this.#others) await other.close()
    await this.home.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  async register(choice: ModelChoice = {}): Promise<RegisteredForTest> {
    const {
      name = 'risk',
      task = 'classification',
      seed = 7,
      aliases = ['champion'],
      notes = [],
      params = {},
      project = {},
      oldest = 100,
    } = choice
    const family = choice.estimator ?? (task === 'classification' ? 'logistic-regression' : 'ridge')
    const data = students(task, 240, seed, oldest)
    const { table, schema, target } = data
    const inputs = schema.columns.map((column) => column.name)
    const prepared = prepareFeatures({
      table,
      schema,
      inputs,
      target,
      featureOptions: FeatureOptions.parse({}),
      encoding: estimator(family).encoding,
      seed,
    })
    const pipeline = fitModelOn(prepared, family, params, seed)
    const profile = profileTable(table, schema)
    const classes = target.task === 'classification' ? target.classes : []
    const signature = makeSignature({
      schema,
      profile,
      inputs: pipeline.features.inputs,
      task,
      target: 'Outcome',
      classes,
      ignored: ['Outcome', 'Student'],
    })

    const { tracking, datasets, models, blobs } = this.home
    const id = `sha256:${String(seed).padStart(64, 'd')}`
    const experiment = await tracking.ensureExperiment(name, 1_000)
    const run = await tracking.createRun({
      experimentId: experiment.id,
      name: `run of ${family}`,
      startTime: 1_000,
      tags: { seed: String(seed) },
    })
    await tracking.logBatch(run.id, {
      params: { estimator: family, seed: String(seed) },
      metrics: [{ key: 'f1_macro', value: 0.5 + seed / 1000, step: 0, timestamp: 1_001 }],
    })
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    await tracking.logArtifact(run.id, {
      path: 'figures/roc curve.svg',
      hash: await blobs.put(svg),
      sizeBytes: svg.length,
      mediaType: 'image/svg+xml',
    })
    await datasets.putDataset({
      id,
      name,
      nRows: table.nRows,
      nRejected: 0,
      schema,
      profile,
      source: 'invented',
      blob: await blobs.put(Buffer.from(`table ${seed}`)),
      rejectsBlob: null,
      createdTime: 1_000,
    })
    await tracking.logDataset(run.id, id, 'training')
    const files = await writePackage(blobs, {
      pipeline,
      signature,
      profile,
      manifest: {
        bellwetherVersion: '0.0.0-test',
        name,
        task,
        estimator: family,
        params,
        seed,
        dataset: { id, rows: table.nRows },
        rows: { train: table.nRows, test: 0 },
        code: null,
        dependencies: {},
        node: process.version,
        metrics: { f1_macro: 0.5 },
        gates: [],
        conformal: fitConformal(target, pipeline.predict(table)),
        project,
        licence: '',
        intendedUse: '',
        notes: [...notes],
      },
    })
    await tracking.finishRun(run.id, 'FINISHED', 2_000)
    const version = await models.createVersion({
      model: name,
      runId: run.id,
      datasetId: id,
      files,
      metrics: { f1_macro: 0.5 },
      estimator: family,
      aliases,
      actor: 'test',
      reason: 'made by a test',
      now: 2_000,
    })
    return { version, pipeline, students: data }
  }
}
