import { writeSync } from 'node:fs'
import { openHome } from '../open-home.ts'

/**
 * Writes to the home `argv[2]` without end: runs, metrics, blobs, model versions with the alias `champion`, alias changes, rollbacks. What was
 * acknowledged goes to standard output, one JSON document per line, in one system call each. The test kills it.
 */
export type Acknowledged =
  | { readonly kind: 'run'; readonly id: string; readonly metrics: number }
  | { readonly kind: 'finished'; readonly id: string }
  | { readonly kind: 'blob'; readonly hash: string }
  | { readonly kind: 'dataset'; readonly id: string }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'alias'; readonly revision: number }

const tell = (what: Acknowledged) => writeSync(1, `${JSON.stringify(what)}\n`)

const [folder] = process.argv.slice(2)
const home = await openHome(folder!)
const experiment = await home.tracking.ensureExperiment('load', 1)
for (let i = 0; ; i++) {
  const unique = `${process.pid}-${i}`
  const table = await home.blobs.put(new TextEncoder().encode(`table ${unique}`.padEnd(3000)))
  tell({ kind: 'blob', hash: table })
  await home.datasets.putDataset({
    id: table, // as good as any hash
    name: 'load',
    nRows: i,
    nRejected: 0,
    schema: { columns: [] },
    profile: {},
    source: unique,
    blob: table,
    rejectsBlob: null,
    createdTime: i,
  })
  tell({ kind: 'dataset', id: table })
  const run = await home.tracking.createRun({ experimentId: experiment.id, name: unique, startTime: i })
  const metrics = Array.from({ length: 20 }, (_, step) => ({ key: 'loss', value: 1 / (step + 1), step, timestamp: i }))
  await home.tracking.logBatch(run.id, { params: { unique }, metrics })
  await home.tracking.logDataset(run.id, table, 'training')
  tell({ kind: 'run', id: run.id, metrics: metrics.length })
  await home.tracking.finishRun(run.id, 'FINISHED', i)
  tell({ kind: 'finished', id: run.id })
  const files = []
  for (const path of ['manifest.json', 'model.json', 'profile.json']) {
    const bytes = new TextEncoder().encode(`${path} ${unique}`.padEnd(20_000))
    files.push({ path, hash: await home.blobs.put(bytes), sizeBytes: bytes.length })
  }
  const change = { model: 'load', actor: 'writer', reason: unique, now: i }
  const { version } = await home.models.createVersion({
    ...change,
    runId: run.id,
    datasetId: table,
    files,
    metrics: { loss: 0.05 },
    estimator: 'baseline',
    aliases: ['champion'],
  })
  tell({ kind: 'version', version })
  if (version > 1) {
    await home.models.setAlias({ ...change, alias: 'challenger', version: version - 1 })
    if (i % 3 === 1) await home.models.rollback({ ...change, alias: 'champion' })
    tell({ kind: 'alias', revision: await home.models.revision() })
  }
}
