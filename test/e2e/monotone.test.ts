import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RandomState } from '../../src/table/random.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
const home = path.join(folder, 'home')
const project = path.join(folder, 'project')

const csv = (header: string, rows: readonly (readonly number[])[]) => `${header}\n${rows.map(String).join('\n')}\n`
const yaml = (monotone: string) =>
  `name: prices${monotone && '-directed'}\ntask: regression\ndata:\n  source: train.csv\n  target: price\n${monotone}` +
  'models: [gradient-boosting]\nsearch: { trials: 2, folds: 2 }\n'

/** Rows of one size each, with rooms rising; size 0 to 9. */
const GRID = Array.from({ length: 10 }, (_, size) => Array.from({ length: 21 }, (__, i) => [i / 2, size])).flat()

async function answersOf(model: string): Promise<number[]> {
  const grid = path.join(folder, 'grid.csv')
  const { status, stdout, stderr } = await bellwether([
    ...['predict', `${model}/1`, '--data', grid, '--home', home, '--json'],
  ])
  expect(status, stderr).toBe(0)
  return (JSON.parse(stdout) as { predictions: { value: number }[] }).predictions.map(({ value }) => value)
}

/** Pairs of neighbours where the answer falls though there are more rooms. */
const falls = (answers: readonly number[]) =>
  answers.filter((answer, i) => i % 21 > 0 && answer < answers[i - 1]!).length

beforeAll(async () => {
  mkdirSync(project)
  const random = new RandomState(3)
  const rows = Array.from({ length: 300 }, () => {
    const [rooms, size] = [random.randint(20) / 2, random.randint(10)]
    return [rooms, size, rooms + 2 * Math.sin(2 * rooms) + size / 3 + random.normal()]
  })
  writeFileSync(path.join(project, 'train.csv'), csv('rooms,size,price', rows))
  writeFileSync(path.join(folder, 'grid.csv'), csv('rooms,size', GRID))
  for (const monotone of ['', '  columns:\n    rooms: { kind: number, monotone: increasing }\n']) {
    writeFileSync(path.join(project, 'bellwether.yaml'), yaml(monotone))
    const { status, stderr } = await bellwether(['run', project, '--home', home, '--threads', '1'], {
      timeoutMs: 400_000,
    })
    expect(status, stderr).toBe(0)
  }
}, 600_000)

test('answers of a run never fall as a column rises that is declared increasing, and without it they do', async () => {
  const directed = await answersOf('prices-directed')
  expect(directed).toHaveLength(GRID.length)
  expect(falls(directed)).toBe(0)
  expect(new Set(directed).size).toBeGreaterThan(20)
  expect(falls(await answersOf('prices'))).toBeGreaterThan(0)
}, 300_000)
