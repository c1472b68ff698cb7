import { describe, expect, test } from 'vitest'
import { DataOptions } from '../../data/data-options.ts'
import type { LoadedDataset } from '../../data/load-dataset.ts'
import type { DataPlace } from '../../data/table-source.ts'
import { validateTable } from '../../data/validate.ts'
import { BellwetherError } from '../../errors.ts'
import { inferSchema } from '../../table/infer-schema.ts'
import { profileTable } from '../../table/profile.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { sourceDatasets } from './lineage-datasets.ts'
import { RunLineage } from './run-lineage.ts'
import { RunEventShape } from './testing/event-shapes.ts'

const RUN = '0123456789abcdef0123456789abcdef'
const STUDENTS = ['Q7731-XYLEM', 'B2', 'C3']

function dataset(source: DataPlace = '/data/my pupils.csv'): LoadedDataset {
  const text = (name: string, values: (string | null)[]) => ({ name, type: 'text' as const, values })
  const raw: RawTable = {
    source: 'pupils.csv',
    columns: [
      text('student', STUDENTS),
      text('age', ['17', '18', null]),
      text('income', ['100', '200', '350']),
      text('home', ['town', 'town', 'village']),
    ],
    nRows: 3,
    rowNumbers: Uint32Array.of(2, 3, 4),
    rowNoun: 'line',
    missing: [''],
    decimal: '.',
    malformed: [],
    notes: [],
  }
  const schema = inferSchema(raw, { age: { kind: 'number' }, income: { kind: 'number' } }, { id: 'student' })
  const { table, schema: seen, report } = validateTable(raw, schema, { policy: DataOptions.parse({}).rejects })
  return {
    table,
    schema: seen,
    profile: profileTable(table, seen),
    id: `sha256:${'a'.repeat(64)}`,
    nRows: 3,
    nRejected: 0,
    rejected: [],
    report,
    fileColumns: [],
    warnings: [],
    source,
  }
}

function follow() {
  const events: unknown[] = []
  let time = 0
  const facts = {
    dataset: dataset(),
    options: {
      name: 'pupils',
      task: 'classification' as const,
      description: 'What becomes of a pupil.',
      data: { id: 'student', sensitive: ['income'] },
    },
  }
  const lineage = new RunLineage(facts, {
    namespace: 'school',
    send: (event) => events.push(event),
    clock: () => time++,
  })
  return { lineage, events: () => events.map((event) => RunEventShape.parse(JSON.parse(JSON.stringify(event)))) }
}

const told = (events: RunEventShape[]) => events.map(({ eventType, job }) => `${eventType} ${job.name}`)

describe('a run as OpenLineage events', () => {
  test('is a job with its steps below it, each begun and ended, by the shapes of the specification', () => {
    const { lineage, events } = follow()
    lineage.onEvent({ type: 'dataset', id: 'x', nRows: 3, nRejected: 0, nColumns: 4 })
    lineage.onEvent({ type: 'run-opened', runId: RUN })
    lineage.onEvent({
      type: 'search-started',
      method: 'tpe',
      trials: 1,
      folds: 2,
      threads: 1,
      timeBudgetSeconds: null,
      restored: 0,
    })
    lineage.onEvent({ type: 'search-ended', done: 1, planned: 1, complete: true })
    lineage.onEvent({ type: 'stage', stage: 'refit' })
    lineage.onEvent({ type: 'stage', stage: 'register' })
    lineage.onEvent({ type: 'registered', model: 'pupils', version: 4, aliases: ['champion'] })
    lineage.complete()
    expect(told(events())).toEqual([
      'START pupils',
      'START pupils.read',
      'COMPLETE pupils.read',
      'RUNNING pupils',
      'START pupils.search',
      'COMPLETE pupils.search',
      'START pupils.refit',
      'COMPLETE pupils.refit',
      'START pupils.register',
      'COMPLETE pupils.register',
      'COMPLETE pupils',
    ])
    const [first, , read, running] = events()
    expect(first!.run.runId).toBe('01234567-89ab-cdef-0123-456789abcdef')
    expect(first!.inputs).toMatchObject([{ namespace: 'file', name: '/data/my pupils.csv' }])
    expect(first!.inputs[0]!.facets!.dataSource!.uri).toBe('file:///data/my%20pupils.csv')
    expect(read!.outputs).toMatchObject([
      {
        namespace: 'school',
        name: 'pupils.data',
        facets: { version: { datasetVersion: `sha256:${'a'.repeat(64)}` } },
        outputFacets: { outputStatistics: { rowCount: 3 } },
      },
    ])
    expect(running!.inputs[0]!.facets!.schema!.fields.map(({ name, type }) => [name, type])).toEqual([
      ['student', 'STRING'],
      ['age', 'INTEGER'],
      ['income', 'INTEGER'],
      ['home', 'STRING'],
    ])
    const last = events().at(-1)!
    expect(last.outputs).toMatchObject([
      { name: 'pupils.model', facets: { version: { datasetVersion: '4' }, datasetType: { datasetType: 'MODEL' } } },
    ])
    const steps = events().filter(({ run }) => run.facets.parent)
    expect(new Set(steps.map(({ run }) => run.runId)).size).toBe(4)
    for (const { run } of steps) expect(run.facets.parent!.run.runId).toBe(first!.run.runId)
  })

  test('tells nothing of a row, and of identifiers and sensitive columns no statistics', () => {
    const { lineage, events } = follow()
    lineage.onEvent({ type: 'run-opened', runId: RUN })
    lineage.complete()
    const metrics = events().at(-1)!.inputs[0]!.inputFacets!.dataQualityMetrics.columnMetrics
    expect(metrics['age']).toMatchObject({ nullCount: 1, count: 2, distinctCount: 2, min: 17, max: 18, sum: 35 })
    expect(metrics['income']).toEqual({ nullCount: 0, count: 3 })
    expect(metrics['student']).toEqual({ nullCount: 0, count: 3 })
    const text = JSON.stringify(events())
    for (const secret of [...STUDENTS, '350', 'village']) expect(text).not.toContain(`"${secret}"`)
    expect(text).not.toContain('XYLEM')
  })

  test('that fails says so of the step and of the run; the words of unknown errors stay here', () => {
    const { lineage, events } = follow()
    lineage.onEvent({ type: 'run-opened', runId: RUN })
    lineage.onEvent({ type: 'stage', stage: 'refit' })
    lineage.fail(new BellwetherError('SEARCH_ALL_FAILED', 'No trial gave a model.'))
    expect(told(events()).slice(-2)).toEqual(['FAIL pupils.refit', 'FAIL pupils'])
    expect(events().at(-1)!.run.facets.errorMessage!.message).toBe('SEARCH_ALL_FAILED: No trial gave a model.')
    const other = follow()
    other.lineage.onEvent({ type: 'run-opened', runId: RUN })
    other.lineage.fail(new Error('row 7: Q7731-XYLEM'))
    expect(JSON.stringify(other.events())).not.toContain('row 7')
  })

  test('that is stopped is aborted, and one that never began tells nothing', () => {
    const { lineage, events } = follow()
    lineage.fail(new BellwetherError('FILE_NOT_FOUND', 'There is no such file.'))
    expect(events()).toEqual([])
    lineage.onEvent({ type: 'run-opened', runId: RUN })
    lineage.fail(new BellwetherError('CANCELLED', 'It was stopped.'))
    expect(told(events()).at(-1)).toBe('ABORT pupils')
    expect(events().at(-1)!.run.facets.errorMessage).toBeUndefined()
  })
})

test.each<[DataPlace, string, string]>([
  ['s3://bucket/a/b c.csv', 's3://bucket', 'a/b c.csv'],
  ['https://user:secret@example.org/a/b.csv?token=secret', 'https://example.org', '/a/b.csv'],
  [
    { from: 'postgres://user:secret@db:5433/school', query: 'SELECT 1', headersFromEnv: {}, allowPrivate: false },
    'postgres://db:5433',
    'school',
  ],
  ['sqlite:/data/school.db', 'file', '/data/school.db'],
])('the source %j is named as what wrote it names it, without secrets', (place, namespace, name) => {
  const [named] = sourceDatasets(place)
  expect(named).toMatchObject({ namespace, name })
  expect(JSON.stringify(named)).not.toContain('secret')
})
