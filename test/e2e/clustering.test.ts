import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { restoreClusterPipeline } from '../../src/learn/cluster/cluster-pipeline.ts'
import { decodeState } from '../../src/packaging/state-codec.ts'
import type { ClusteringResult } from '../../src/pipeline/execute-clustering.ts'
import type { Run, RunDetail } from '../../src/track/tracking-store.ts'
import { bellwether, ROOT, temporaryFolder } from '../support/cli.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

/** The academic-risk sample without what its project predicts. */
function writeProject(name: string, more: string): string {
  const home = path.join(folder, name)
  const file = path.join(folder, `${name}.yaml`)
  writeFileSync(
    file,
    [
      `name: ${name}`,
      'task: clustering',
      'data:',
      `  source: ${path.join(ROOT, 'examples/academic-risk/data/students-synthetic.csv')}`,
      '  sensitive: [Gender]',
      '  columns: { Target: { ignore: true } }',
      more,
    ].join('\n'),
  )
  return `${file} --home ${home}`
}

const run = (where: string, ...more: string[]) => bellwether(['run', ...where.split(' '), ...more])

describe('task: clustering on the academic-risk sample without its target', () => {
  const where = writeProject(
    'groups',
    'clusters: { from: 2, to: 4, sampleRows: 1000, options: { k-means: { nInit: 4 } } }\n',
  )
  const home = where.split(' ').slice(1)
  let result: ClusteringResult
  beforeAll(async () => {
    const { status, stdout, stderr } = await run(where, '--json')
    expect(status, stderr).toBe(0)
    result = JSON.parse(stdout)
  })

  test('tries each number of clusters and keeps the one of the best silhouette', () => {
    expect(result.candidates.map(({ nClusters }) => nClusters)).toEqual([2, 3, 4])
    const best = result.candidates.reduce((a, b) => (b.score! > a.score! ? b : a))
    expect(result.best).toEqual({ estimator: 'k-means', nClusters: best.nClusters, by: 'silhouette' })
    expect(result.metrics['silhouette']).toBeCloseTo(best.score!, 12)
    expect(Object.keys(result.metrics)).toEqual(['silhouette', 'davies_bouldin', 'calinski_harabasz', 'stability'])
    expect(result.clusters.reduce((sum, { rows }) => sum + rows, 0)).toBe(result.dataset.rows)
    const named = result.clusters.flatMap(({ differs }) => differs.map(({ feature }) => feature))
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => /Target|Gender/.test(name))).toEqual([])
  })

  test('records the run with each number of clusters, scores, a picture, and a model that gives the same clusters', async () => {
    const show = async (...args: string[]) => {
      const { stdout } = await bellwether(['runs', 'show', result.runId, ...home, ...args])
      return stdout
    }
    const detail: RunDetail = JSON.parse(await show('--json'))
    expect(detail).toMatchObject({
      status: 'FINISHED',
      params: { task: 'clustering', 'clusters.to': '4', 'clusters.options.k-means.nInit': '4' },
    })
    expect(detail.metrics['stability']).toBe(result.metrics['stability'])
    expect(detail.artifacts.map((artifact) => artifact.path)).toEqual([
      'assignments.csv',
      'evaluation.json',
      'figures/clusters.svg',
      'model.json',
      'search.json',
    ])
    expect(await show('--artifact', 'figures/clusters.svg')).toContain('<svg')
    const rows = (await show('--artifact', 'assignments.csv')).trimEnd().split('\n').slice(1)
    expect(rows).toHaveLength(result.dataset.rows)
    for (const { cluster, rows: size } of result.clusters)
      expect(rows.filter((line) => line.split(',')[1] === String(cluster))).toHaveLength(size)
    const state = decodeState(new TextEncoder().encode(await show('--artifact', 'model.json')))
    expect(restoreClusterPipeline(state).model.nClusters).toBe(result.best.nClusters)

    const { stdout } = await bellwether(['runs', 'list', '--parent', result.runId, ...home, '--json'])
    const { runs }: { runs: Run[] } = JSON.parse(stdout)
    expect(runs.map(({ params }) => params['nClusters']).sort()).toEqual(['2', '3', '4'])
    expect(runs.map(({ params }) => params['nInit'])).toEqual(['4', '4', '4'])
  })

  test('gives the same model again, and says it to a person', async () => {
    const again = await run(where)
    expect(again.status, again.stderr).toBe(0)
    expect(again.stdout).toContain(`${result.best.nClusters} clusters by k-means`)
    expect(again.stdout).toContain('Stability')
    const { stdout } = await bellwether(['runs', 'list', ...home, '--json'])
    const { runs }: { runs: Run[] } = JSON.parse(stdout)
    const models = await Promise.all(
      runs.map(async ({ id }) => (await bellwether(['runs', 'show', id, ...home, '--artifact', 'model.json'])).stdout),
    )
    expect(models).toHaveLength(2)
    expect(models[0]).toBe(models[1])
  })
})

test.each([
  [
    'a target',
    'clusters: { from: 2, to: 3 }',
    (yaml: string) => yaml.replace('  sensitive', '  target: Age\n  sensitive'),
    /has no target/,
  ],
  ['a model that makes no clusters', 'models: [random-forest]', (yaml: string) => yaml, /makes no clusters/],
  ['a range that ends before it begins', 'clusters: { from: 5, to: 3 }', (yaml: string) => yaml, /clusters\.to/],
  [
    'a gate on what needs a target',
    'gates: [{ metric: f1_macro, min: 0.5 }]',
    (yaml: string) => yaml,
    /gates\.0\.metric.*no score of a clustering/,
  ],
  [
    'a gate on densities that k-means lacks',
    'gates: [{ metric: bic, max: 0 }]',
    (yaml: string) => yaml,
    /gaussian-mixture/,
  ],
  [
    'a gate against a baseline',
    'gates: [{ metric: silhouette, betterThan: baseline }]',
    (yaml: string) => yaml,
    /has no baseline/,
  ],
  ['a time budget', 'search: { timeBudgetSeconds: 5 }', (yaml: string) => yaml, /search\.timeBudgetSeconds/],
  ['k-means chosen by densities', 'clusters: { by: bic }', (yaml: string) => yaml, /k-means has no bic/],
])('%s is refused before anything is written', async (name, more, change, message) => {
  const where = writeProject(name.replaceAll(' ', '-'), `${more}\n`)
  const [file] = where.split(' ')
  writeFileSync(file!, change(readFileSync(file!, 'utf8')))
  const { status, stderr } = await run(where)
  expect(status).toBe(2)
  expect(stderr).toMatch(message)
})

test.each([
  ['--trials', '5'],
  ['--resume', 'abc'],
  ['--time-budget', '5'],
  ['--trials-done', '3'],
  ['--method', 'tpe'],
])('%s is for searches, and is refused', async (flag, value) => {
  const { status, stderr } = await run(writeProject(`with${flag}`, ''), flag, value)
  expect(status).toBe(2)
  expect(stderr).toContain(`${flag} is for runs that search`)
})

test('a project that predicts still needs its target', async () => {
  const file = path.join(folder, 'no-target.yaml')
  writeFileSync(file, 'name: x\ntask: regression\ndata: { source: a.csv }\n')
  const { status, stderr } = await bellwether(['run', file, '--home', path.join(folder, 'none')])
  expect(status).toBe(2)
  expect(stderr).toMatch(/data\.target/)
})
