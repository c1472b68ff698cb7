import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { GaussianMixtureOptions, gaussianMixture } from '../learn/cluster/gaussian-mixture.ts'
import { RandomState } from '../table/random.ts'
import { chooseAmong, evaluateClusters } from './evaluate-clusters.ts'
import { loadProject } from './load-project.ts'
import { prepareClustering } from './prepare-clustering.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwether-clusters-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const random = new RandomState(4)
const rows = Array.from({ length: 120 }, (_, i) => `${(i % 3) * 4 + random.normal()},${(i % 2) + random.normal()}`)
writeFileSync(path.join(folder, 'points.csv'), `a,b\n${rows.join('\n')}\n`)

async function prepared(more: string) {
  const file = path.join(folder, 'bellwether.yaml')
  writeFileSync(file, `name: points\ntask: clustering\ndata: { source: points.csv }\n${more}\n`)
  return prepareClustering({ project: await loadProject(file), file: path.join(folder, 'points.csv') })
}

test('the options of a clusterer are those of the project, in the fit and in what judges it', async () => {
  const clusters = 'clusters: { from: 3, to: 3, options: { gaussian-mixture: { covariance: diag, nInit: 2 } } }'
  const run = await prepared(`models: [gaussian-mixture]\n${clusters}`)
  const chosen = chooseAmong(run)
  const stateWith = (options: object) =>
    gaussianMixture.fit({ x: run.matrix, seed: 42 }, GaussianMixtureOptions.parse({ nClusters: 3, ...options })).state()
  expect(chosen.choice.model.state()).toEqual(stateWith({ covariance: 'diag', nInit: 2 }))
  expect(chosen.choice.model.state()).not.toEqual(stateWith({}))
  expect(evaluateClusters(run, chosen).stability).not.toEqual(
    evaluateClusters(await prepared('models: [gaussian-mixture]\nclusters: { from: 3, to: 3 }'), chosen).stability,
  )
})

test.each([
  [
    'clusters: { options: { gaussian-mixture: { covariance: diag } } }',
    /models has no gaussian-mixture; it has k-means/,
  ],
  ['clusters: { options: { k-means: { nClusters: 4 } } }', /nClusters/],
  ['clusters: { options: { k-means: { nInit: 0 } } }', /nInit/],
])('what a clusterer cannot take is refused: %s', async (more, message) => {
  await expect(prepared(more)).rejects.toThrow(message)
})
