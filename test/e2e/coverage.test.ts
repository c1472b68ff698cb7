import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import { RandomState } from '../../src/table/random.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
vi.setConfig({ testTimeout: 240_000 })

const FRESH = 800
const ALPHA = 0.1
/** Five standard deviations of the share that FRESH rows show: a promise that is kept falls below it once in three million. */
const below = (n: number) => 1 - ALPHA - 5 * Math.sqrt((ALPHA * (1 - ALPHA)) / n)

interface Answer {
  readonly value?: number
  readonly interval?: readonly [number, number]
  readonly set?: readonly string[]
}

/** Rows with a known truth: y scatters the more the larger x is; three classes, the last one rare and hard to tell. */
function makeRows(n: number, seed: number) {
  const random = new RandomState(seed)
  return Array.from({ length: n }, () => {
    const x = random.random() * 10
    const z = random.normal()
    const y = 3 * x + 2 * z + random.normal() * (0.3 + 0.4 * x)
    const score = z + 0.8 * random.normal()
    return { x, z, y, kind: score > 1.4 ? 'rare' : score > 0 ? 'often' : 'common' }
  })
}

type Row = ReturnType<typeof makeRows>[number]
const csv = (rows: readonly Row[]) =>
  `x,z,y,kind\n${rows.map(({ x, z, y, kind }) => `${x},${z},${y},${kind}\n`).join('')}`

/** A run with the method, and its answers to rows that it has not seen. */
async function answersOf(method: string, task: 'classification' | 'regression') {
  const project = path.join(folder, `${task}-${method}`)
  const home = path.join(project, 'home')
  const fresh = makeRows(FRESH, 2)
  mkdirSync(project, { recursive: true })
  writeFileSync(path.join(project, 'rows.csv'), csv(makeRows(700, 1)))
  writeFileSync(path.join(project, 'fresh.csv'), csv(fresh))
  const [target, ignored] = task === 'regression' ? ['y', 'kind'] : ['kind', 'y']
  writeFileSync(
    path.join(project, 'bellwether.yaml'),
    [
      `name: covered-${method.toLowerCase()}`,
      `task: ${task}`,
      `data: { source: rows.csv, target: ${target}, columns: { ${ignored}: { ignore: true } } }`,
      'search: { trials: 2, folds: 4 }',
      `conformal: { method: ${method}, alpha: ${ALPHA} }`,
      '',
    ].join('\n'),
  )
  const run = await bellwether(['run', project, '--home', home, '--json'])
  expect(run.status, run.stderr).toBe(0)
  const { model } = JSON.parse(run.stdout) as RunResult
  const out = path.join(project, 'answers.jsonl')
  const predicted = await bellwether([
    ...['predict', `${model.name}/${model.version}`, '--data', path.join(project, 'fresh.csv'), '--out', out],
    ...['--home', home],
  ])
  expect(predicted.status, predicted.stderr).toBe(0)
  const answers = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer)
  expect(answers).toHaveLength(FRESH)
  return { fresh, answers }
}

const width = ({ interval }: Answer) => interval![1] - interval![0]
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe.each(['split', 'cvPlus', 'quantile'])('intervals by %s, of a whole run', (method) => {
  test('hold the truth of new rows as often as promised', async () => {
    const { fresh, answers } = await answersOf(method, 'regression')
    const held = fresh.filter(({ y }, i) => answers[i]!.interval![0] <= y && y <= answers[i]!.interval![1])
    expect(held.length / FRESH).toBeGreaterThanOrEqual(below(FRESH))
    expect(held.length / FRESH).toBeLessThan(0.97)
    const narrow = mean(answers.filter((_, i) => fresh[i]!.x < 2).map(width))
    const wide = mean(answers.filter((_, i) => fresh[i]!.x > 8).map(width))
    if (method === 'quantile') expect(wide).toBeGreaterThan(2 * narrow)
    else expect(wide).toBeLessThan(1.5 * narrow)
  })
})

describe.each(['split', 'adaptive', 'classConditional'])('sets by %s, of a whole run', (method) => {
  test('hold the class of new rows as often as promised', async () => {
    const { fresh, answers } = await answersOf(`${method}`, 'classification')
    const share = (rows: readonly number[]) =>
      mean(rows.map((i) => (answers[i]!.set!.includes(fresh[i]!.kind) ? 1 : 0)))
    const all = Array.from(fresh.keys())
    expect(share(all)).toBeGreaterThanOrEqual(below(FRESH))
    if (method !== 'classConditional') return
    for (const kind of ['common', 'often', 'rare']) {
      const own = all.filter((i) => fresh[i]!.kind === kind)
      expect(share(own), kind).toBeGreaterThanOrEqual(below(own.length))
    }
  })
})
