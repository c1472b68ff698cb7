import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { ClusteringResult } from '../../src/pipeline/execute-clustering.ts'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { Reproduction } from '../../src/pipeline/reproduce-run.ts'
import type { ReproductionState } from '../../src/server/reproductions.ts'
import type { Run } from '../../src/track/tracking-store.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'
import { startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)

// Several whole runs a test.
vi.setConfig({ testTimeout: 600_000 })

async function json<T>(status: number, home: string, ...args: string[]): Promise<T> {
  const result = await bellwether([...args, '--home', home, '--json'], { timeoutMs: 300_000 })
  expect(result.status, result.stderr).toBe(status)
  return JSON.parse(status === 2 ? result.stderr.trim().split('\n').at(-1)! : result.stdout) as T
}

const files = ({ files }: Reproduction) => files.map(({ path: name, same }) => [name, same])

describe('runs reproduce', () => {
  // Derived columns in another order than that of their names: it is the order of the features.
  const options = `features:
  derived: { zeal: '[mean grade] / age', effort: '[mean grade] * 2 - age' }
models: [baseline, logistic-regression, random-forest]
search: { trials: 2, folds: 3 }
`
  const project = writePupilsProject(path.join(folder, 'pupils'), makePupils(240), options)
  const home = path.join(folder, 'home')
  const file = path.join(project, 'bellwether.yaml')
  let runId = ''
  let trial = ''

  test('makes the same bytes from the store alone, whatever was said of the same data before', async () => {
    const text = readFileSync(file, 'utf8')
    // The same content, first read under other declarations.
    const labelled = `  columns:\n    age: { min: 10, max: 99, description: another one }\n    course: { labels: { 33: Biology } }\n`
    writeFileSync(file, text.replace('  id: student id\n', `  id: student id\n${labelled}`))
    const added = await json<{ id: string }>(0, home, 'data', 'add', project)
    writeFileSync(file, text)
    const run = await json<RunResult>(0, home, 'run', project, '--seed', '11', '--threads', '2')
    expect(run.dataset.id).toBe(added.id)
    runId = run.runId
    rmSync(path.join(project, 'pupils.csv'))
    const again = await json<Reproduction>(0, home, 'runs', 'reproduce', runId.slice(0, 8), '--threads', '1')
    expect(again).toMatchObject({
      runId,
      model: { name: 'pupils', version: 1 },
      dataset: { id: run.dataset.id, rows: 240 },
      verdict: 'identical',
      differences: [],
      reasons: [],
    })
    expect(files(again)).toEqual([
      ['manifest.json', true],
      ['model.json', true],
      ['profile.json', true],
      ['signature.json', true],
    ])
    // Nothing is left of it in the home.
    const { runs } = await json<{ runs: Run[] }>(0, home, 'runs', 'list')
    expect(runs.map(({ id }) => id)).toEqual([runId])
  })

  test('with a changed option says which files differ, and names the option', async () => {
    const other = path.join(folder, 'other')
    writePupilsProject(
      other,
      makePupils(240),
      `${options.replace('folds: 3', 'folds: 4').replace('* 2', '* 3')}split: { seed: 11 }\n`,
    )
    const again = await json<Reproduction>(1, home, 'runs', 'reproduce', runId, '--project', other)
    expect(again.verdict).toBe('different')
    expect(again.files.filter(({ same }) => !same).map(({ path: name }) => name)).toEqual(
      expect.arrayContaining(['manifest.json', 'model.json']),
    )
    expect(again.differences.map(({ path: name, was, now }) => [name, was, now])).toEqual(
      expect.arrayContaining([
        ['project.features.derived.effort', '"[mean grade] * 2 - age"', '"[mean grade] * 3 - age"'],
        ['project.search.folds', '3', '4'],
        ['project.search.seed', '11', '42'],
      ]),
    )
    expect(again.reasons.find((reason) => reason.startsWith('Options differ'))).toMatch(
      /: features\.derived\.effort, search\.folds, search\.seed/,
    )
    const { status, stdout } = await bellwether(['runs', 'reproduce', runId, '--project', other, '--home', home])
    expect(status).toBe(1)
    expect(stdout).toMatch(/model\.json +differs/)
    expect(stdout).toMatch(/is not reproduced: its package differs/)
    // Long values, such as the members of a blend, leave the table readable.
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(160)
  })

  test('of a trial, or of a run that there is not, is refused in words', async () => {
    const { runs } = await json<{ runs: Run[] }>(0, home, 'runs', 'list', '--parent', runId)
    trial = runs[0]!.id
    const refused = await json<{ error: string; message: string }>(2, home, 'runs', 'reproduce', trial)
    expect(refused.error).toBe('RUN_NOT_REPRODUCIBLE')
    expect(refused.message).toMatch(/is a trial of the run/)
    const unknown = await json<{ error: string }>(2, home, 'runs', 'reproduce', 'ffffffff')
    expect(unknown.error).toBe('RUN_NOT_FOUND')
  })

  test('is asked of a server too, which goes on answering', async () => {
    const server = await startServing(['serve', '--home', home])
    try {
      const at = `/api/v1/runs/${runId}/reproduction`
      const begun = await server.post<ReproductionState>(at, {})
      expect([begun.status, begun.body.endTime]).toEqual([202, null])
      const ended = await vi.waitUntil(
        async () => {
          const { body } = await server.get<ReproductionState>(at)
          return body.endTime === null ? null : body
        },
        { timeout: 300_000, interval: 200 },
      )
      expect(ended).toMatchObject({ state: 'done', error: null, result: { runId, verdict: 'identical' } })
      const refused = `/api/v1/runs/${trial}/reproduction`
      await server.post(refused, {})
      const failed = await vi.waitUntil(
        async () => {
          const { body } = await server.get<ReproductionState>(refused)
          return body.endTime === null ? null : body
        },
        { timeout: 300_000, interval: 200 },
      )
      expect(failed).toMatchObject({ state: 'failed', error: { error: 'RUN_NOT_REPRODUCIBLE' } })
    } finally {
      await server.stop()
    }
  })

  test('makes a clustering again', async () => {
    const grouped = writePupilsProject(path.join(folder, 'groups'), makePupils(120))
    const text = readFileSync(path.join(grouped, 'bellwether.yaml'), 'utf8')
    const clustering = text
      .replace('task: classification', 'task: clustering')
      .replace('  target: outcome\n', '')
      .concat(`features:\n  derived: { zeal: '[mean grade] / age', effort: 'age * 2' }\nclusters: { to: 4 }\n`)
    writeFileSync(path.join(grouped, 'bellwether.yaml'), clustering)
    const own = path.join(folder, 'groups-home')
    const run = await json<ClusteringResult>(0, own, 'run', grouped)
    const again = await json<Reproduction>(0, own, 'runs', 'reproduce', run.runId)
    expect(again.verdict).toBe('identical')
  })
})
