import type { BlobStore } from '../blob-store.ts'
import type { DatasetStore, DatasetVersion } from '../dataset-store.ts'
import type { MlflowStores } from '../mlflow-stores.ts'
import type { ModelRegistry, NewModelVersion } from '../model-registry.ts'
import type { TrackingStore } from '../tracking-store.ts'

/** What the contract suites are given: empty stores over one database, and how to end. */
export interface OpenStores {
  readonly tracking: TrackingStore
  readonly datasets: DatasetStore
  readonly models: ModelRegistry
  readonly blobs: BlobStore
  readonly mlflow: MlflowStores
  close(): Promise<void>
}

export const bytesOf = (text: string) => new TextEncoder().encode(text)

/** A dataset version whose id begins with the given hex digits, with its blob in the store. */
export async function someDataset(
  stores: OpenStores,
  hex: string,
  overrides: Partial<DatasetVersion> = {},
): Promise<DatasetVersion> {
  return {
    id: `sha256:${hex.padEnd(64, '0')}`,
    name: 'grades',
    nRows: 10,
    nRejected: 0,
    schema: {
      columns: [
        {
          name: 'age',
          kind: 'number',
          dataType: 'integer',
          declared: { min: 0, required: true },
          observed: { missing: 0, distinct: 3, min: 17, max: 60, categories: [] },
        },
      ],
    },
    profile: { columns: [{ mean: 20.5, share: Number.NaN, counts: Float64Array.of(1, 2) }] },
    source: 'grades.csv',
    blob: await stores.blobs.put(bytesOf(`table ${hex}`)),
    rejectsBlob: null,
    createdTime: 1000,
    ...overrides,
  }
}

/** A version of a model with its run, dataset and file in the stores. */
export async function someVersion(
  stores: OpenStores,
  overrides: Partial<NewModelVersion> = {},
): Promise<NewModelVersion> {
  const experiment = await stores.tracking.ensureExperiment('grades', 1)
  const run = await stores.tracking.createRun({ experimentId: experiment.id, name: 'winner', startTime: 2 })
  const dataset = await someDataset(stores, 'abcdef')
  await stores.datasets.putDataset(dataset)
  const content = bytesOf('a model')
  return {
    model: 'grades',
    runId: run.id,
    datasetId: dataset.id,
    files: [{ path: 'model.json', hash: await stores.blobs.put(content), sizeBytes: content.length }],
    metrics: { f1_macro: 0.7, roc_auc: Number.NaN },
    estimator: 'random-forest',
    aliases: [],
    actor: 'ana',
    reason: 'best of the search',
    now: 5000,
    ...overrides,
  }
}
