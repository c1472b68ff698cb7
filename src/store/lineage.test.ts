import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { lineageChart } from '../report/charts/lineage-chart.ts'
import { renderChart } from '../report/charts/render-chart.ts'
import { findLineage } from '../track/lineage/find-lineage.ts'
import { lineageMermaid } from '../track/lineage/mermaid.ts'
import { someDataset, someVersion } from '../track/testing/open-stores.ts'
import { withFolder } from './home-place.ts'
import { type Home, openHome } from './open-home.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe.each(['SQLite', 'PostgreSQL'])('the lineage on %s', (dialect) => {
  let postgres: TestPostgres | null = null
  let folder = ''
  let home: Home
  beforeAll(async () => {
    if (dialect === 'PostgreSQL') postgres = await startPostgres()
  })
  afterAll(() => postgres?.remove())
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bellwether-lineage-'))
    home = await openHome(postgres ? withFolder(postgres.url, folder) : folder)
  })
  afterEach(async () => {
    await home.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('goes from the source to the prediction in one graph, whatever of it is named', async () => {
    const version = await someVersion(home, { aliases: ['champion'] })
    await home.tracking.logDataset(version.runId, version.datasetId, 'training')
    const trial = await home.tracking.createRun({
      experimentId: (await home.tracking.ensureExperiment('grades', 1)).id,
      name: 'trial',
      startTime: 3,
      parentRunId: version.runId,
    })
    await home.tracking.logDataset(trial.id, version.datasetId, 'training')
    const { version: number } = await home.models.createVersion(version)
    // Something else that has nothing to do with it.
    await home.datasets.putDataset(await someDataset(home, 'fedcba', { source: 'other.csv' }))

    const [prediction, absent] = ['01M7ZRVBGMY8EH5BF0AX3MN1CZ', '01M7ZRVBGMY8EH5BF0AX3MN1D0']
    const lookedFor: string[] = []
    const deps = {
      ...home,
      predicted: async (id: string) => {
        lookedFor.push(id)
        return id === prediction ? { model: 'grades', version: number } : null
      },
    }
    const kinds = ['source', 'dataset', 'run', 'version']
    for (const id of [
      version.datasetId,
      version.datasetId.slice(7, 15),
      version.runId,
      `grades/${number}`,
      'grades@champion',
      'grades',
    ]) {
      const graph = await findLineage(id, deps)
      expect(graph.nodes.map(({ kind }) => kind).sort(), id).toEqual([...kinds].sort())
      expect(graph.edges.map(({ as }) => as).sort()).toEqual(['read', 'registered', 'training'])
      expect(graph.truncated).toBe(false)
    }
    const graph = await findLineage(prediction, deps)
    expect(graph.start).toBe(`prediction:${prediction}`)
    expect(graph.edges.at(-1)).toEqual({
      from: `version:grades/${number}`,
      to: `prediction:${prediction}`,
      as: 'answered',
    })
    expect(graph.nodes.find(({ kind }) => kind === 'run')).toMatchObject({
      id: version.runId,
      name: 'winner',
      project: 'grades',
    })
    expect(graph.nodes.find(({ kind }) => kind === 'version')).toMatchObject({ project: 'grades' })
    for (const nothing of [absent, 'p2', 'grades/99', 'nobody@champion', 'sha256:00', '%', '']) {
      await expect(findLineage(nothing, deps), nothing).rejects.toMatchObject({ code: 'LINEAGE_NOT_FOUND' })
    }
    // The log of predictions is long: what can be none is not looked for there.
    expect(new Set(lookedFor)).toEqual(new Set([prediction, absent]))
  })

  test('goes from a teacher to the version that learnt its answers, and back', async () => {
    const teacher = await someVersion(home)
    await home.models.createVersion(teacher)
    const student = await someVersion(home, { model: 'small' })
    await home.tracking.logBatch(student.runId, { tags: { 'bellwether.distilledFrom': 'grades/1' } })
    await home.models.createVersion(student)
    const another = await someVersion(home, { model: 'other' })
    await home.tracking.logBatch(another.runId, { tags: { 'bellwether.distilledFrom': 'gone/1' } })
    for (const id of ['grades/1', 'small/1']) {
      const graph = await home.lineage.lineage({ kind: 'version', id })
      expect(graph.edges).toContainEqual({ from: 'version:grades/1', to: `run:${student.runId}`, as: 'taught' })
      expect(graph.edges).toContainEqual({ from: `run:${student.runId}`, to: 'version:small/1', as: 'registered' })
      // The curve goes from the teacher's left side to its pupil's right one, not through both boxes.
      const { option } = lineageChart(graph)
      const { elements } = (option as { graphic: { elements: { type: string; shape: Record<string, number> }[] } })
        .graphic
      const back = elements
        .filter(({ type }) => type === 'bezierCurve')
        .map(({ shape }) => shape['x1']! - shape['x2']!)
        .filter((distance) => distance > 0)
      expect(back).toHaveLength(1)
      expect(back[0]).toBeLessThan(100)
    }
    const { nodes } = await home.lineage.lineage({ kind: 'run', id: another.runId })
    expect(nodes.map(({ id }) => id)).not.toContain('gone/1')
  })

  test('of what stands alone is that alone', async () => {
    const dataset = await someDataset(home, 'abc123')
    await home.datasets.putDataset(dataset)
    const graph = await home.lineage.lineage({ kind: 'dataset', id: dataset.id })
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['source', 'dataset'])
    const run = await home.tracking.createRun({
      experimentId: (await home.tracking.ensureExperiment('e', 1)).id,
      name: 'r',
      startTime: 1,
    })
    expect(await home.lineage.lineage({ kind: 'run', id: run.id })).toMatchObject({
      nodes: [{ kind: 'run' }],
      edges: [],
    })
  })
})

test('the picture and the flowchart name every node, and a name breaks out of neither', async () => {
  const nodes = [
    { key: 'source:a', kind: 'source' as const, id: 'evil"]; click <script>.csv', name: null, project: null },
    { key: 'dataset:b', kind: 'dataset' as const, id: `sha256:${'b'.repeat(64)}`, name: 'grades', project: null },
  ]
  const graph = {
    start: 'dataset:b',
    nodes,
    edges: [{ from: 'source:a', to: 'dataset:b', as: 'read' }],
    truncated: false,
  }
  const mermaid = lineageMermaid(graph)
  expect(mermaid).toBe(`flowchart LR
  n0[/"evil#34;#93;#59; click #60;script#62;.csv"/]
  n1[("dataset grades bbbbbbbbbbbb")]
  n0 -->|"read"| n1
  style n1 stroke-width:3px
`)
  const svg = await renderChart(lineageChart(graph))
  expect(svg).toContain('grades')
  expect(svg).not.toContain('<script')
  // What comes later in an SVG covers what came before: every label lies over every box.
  const lastBox = svg.lastIndexOf('fill="#ffffff" stroke="#')
  expect(lastBox).toBeGreaterThan(0)
  expect(svg.indexOf('grades')).toBeGreaterThan(lastBox)
})
