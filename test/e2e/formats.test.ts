import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, toCsv, toJsonLines, writePupilsProject } from '../support/pupils.ts'

describe('the same rows in another format', () => {
  const { folder, remove } = temporaryFolder()
  const pupils = makePupils(150)
  const project = writePupilsProject(path.join(folder, 'project'), pupils, 'models: [logistic-regression]\n')
  const file = (name: string) => path.join(folder, name)
  const csv = path.join(project, 'pupils.csv')

  beforeAll(async () => {
    writeFileSync(file('pupils.jsonl'), toJsonLines(pupils))
    writeFileSync(file('semicolons.csv'), `\uFEFF${semicolons()}`)
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    // Types as another program would write them: whole numbers, doubles, booleans, dates.
    await connection.run(`COPY (SELECT * FROM read_csv('${csv}')) TO '${file('pupils.parquet')}' (FORMAT parquet)`)
    connection.closeSync()
    instance.closeSync()
  })
  afterAll(remove)

  /** As a European spreadsheet saves it: semicolons, decimal commas, CRLF, everything in quotes. */
  function semicolons(): string {
    const names = Object.keys(pupils[0]!)
    const rows = pupils.map((pupil) =>
      Object.values(pupil).map((value) => {
        const text = typeof value === 'number' ? String(value).replace('.', ',') : String(value ?? '')
        return `"${text.replaceAll('"', '""')}"`
      }),
    )
    return [names, ...rows].map((cells) => `${cells.join(';')}\r\n`).join('')
  }

  const idOf = async (data: string) => {
    const { status, stdout, stderr } = await bellwether([
      ...['data', 'add', project, '--data', data, '--home', file('home'), '--json'],
    ])
    expect(status, stderr).toBe(0)
    return (JSON.parse(stdout) as { id: string }).id
  }

  test('is the same dataset version', async () => {
    const id = await idOf(csv)
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/)
    for (const name of ['pupils.jsonl', 'pupils.parquet', 'semicolons.csv'])
      expect(await idOf(file(name)), name).toBe(id)
    const { stdout } = await bellwether(['data', 'list', '--home', file('home'), '--json'])
    expect((JSON.parse(stdout) as { datasets: unknown[] }).datasets).toHaveLength(1)
  })

  test('is another dataset version when one value differs', async () => {
    writeFileSync(
      file('other.csv'),
      toCsv(pupils.map((pupil, i) => (i === 70 ? { ...pupil, age: pupil.age + 1 } : pupil))),
    )
    expect(await idOf(file('other.csv'))).not.toBe(await idOf(csv))
  })

  test('gives the same model and the same scores', async () => {
    const scores: unknown[] = []
    const files: unknown[] = []
    for (const data of [csv, file('pupils.parquet'), file('pupils.jsonl')]) {
      const home = file(`home-${path.extname(data)}`)
      const json = async (...args: string[]) => {
        const { status, stdout, stderr } = await bellwether([...args, '--home', home, '--json'])
        expect(status, stderr).toBe(0)
        return JSON.parse(stdout)
      }
      const result: RunResult = await json('run', project, '--data', data, '--trials', '1')
      scores.push(result.test)
      files.push((await json('models', 'show', 'pupils/1')).files)
    }
    expect(scores[1]).toEqual(scores[0])
    expect(scores[2]).toEqual(scores[0])
    expect(files[1]).toEqual(files[0])
    expect(files[2]).toEqual(files[0])
  })
})
