import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DataOptions } from './data-options.ts'
import { loadDataset } from './load-dataset.ts'
import { writeParquet } from './parquet.ts'
import { holdsWord, rejectsWithout } from './rejects-of-person.ts'
import { countRowsOfPerson, tableWithoutPerson } from './rows-of-person.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-person-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function kept(name: string, lines: readonly string[], options: Record<string, unknown> = {}) {
  const file = path.join(folder, `${name}.csv`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return loadDataset({ file, options: DataOptions.parse(options) })
}

const HEADER = 'student,course,born,score,note'
const ROWS = [
  'A1,maths,03/09/2004,1.5,"says ""hm"""',
  'B2,art,04/09/2004,,none',
  'A1,maths,05/09/2004,2,again',
  ' C3 ,maths,06/09/2004,3.5,A1 was here',
]
const DECLARED = {
  id: 'student',
  columns: { born: { kind: 'date', dateFormat: 'dd/MM/yyyy' }, course: { kind: 'category' } },
}

describe("a person's rows", () => {
  const person = (who: string) => async (name: string, lines: readonly string[], options: Record<string, unknown>) => {
    const dataset = await kept(name, lines, options)
    const parquet = path.join(folder, `${name}.parquet`)
    await writeFile(parquet, await writeParquet(dataset.table, dataset.schema))
    const columns = [String(options['id'])]
    return {
      count: await countRowsOfPerson(parquet, dataset.schema, columns, who),
      ...(await tableWithoutPerson(parquet, dataset.schema, columns, who)),
    }
  }

  test('are all found, and what is left is the table that a source without them gives', async () => {
    const { count, removed, table } = await person('A1')('two', [HEADER, ...ROWS], DECLARED)
    expect([count, removed, table.nRows]).toEqual([2, 2, 2])
    const without = await kept('without', [HEADER, ROWS[1]!, ROWS[3]!], DECLARED)
    expect(table.id).toBe(without.id)
    expect(table.schema).toEqual(without.schema)
    expect(table.profile).toEqual(without.profile)
  })

  test('are found whatever blanks are around the identifier, and in whichever Unicode form it is', async () => {
    const lines = ['student,note', 'Zoe\u0308,one', '\tZo\u00eb ,two', 'Zoe,three']
    for (const kind of ['text', 'category']) {
      const declared = { id: 'student', columns: { student: { kind } } }
      const { count, removed, table } = await person(' Zo\u00eb')(`forms-${kind}`, lines, declared)
      expect([count, removed, table.nRows]).toEqual([2, 2, 1])
    }
    const kept = Buffer.from('row,column,rule,reason,student,malformed row\n2,,x,y,"Zoe\u0308 ",\n3,,x,y,Zoe,\n')
    expect(rejectsWithout(kept, new Set(['student']), 'Zo\u00eb')).toMatchObject({ removed: 1, left: 1 })
  })

  test('a category that only they had is gone with them', async () => {
    const { table } = await person('B2')('category', [HEADER, ...ROWS], DECLARED)
    const course = table.schema.columns.find(({ name }) => name === 'course')!
    expect(course.observed.categories).toEqual(['maths'])
    expect(JSON.stringify(table.profile)).not.toContain('art')
  })

  test('are found where identifiers are numbers', async () => {
    const options = { id: 'n', columns: { n: { kind: 'number' } } }
    const found = await person('7')('numbers', ['n,x', '7,1', '70,2', '7,3', ',4'], options)
    expect([found.count, found.removed]).toEqual([2, 2])
    const none = await person('seven')('none', ['n,x', '7,1', '70,2'], options)
    expect([none.count, none.removed]).toEqual([0, 0])
  })

  test('an identifier is a value and never a part of the question, whatever it holds', async () => {
    for (const who of ["A1' OR '1'='1", "'; DROP TABLE rows; --", '%', '*'])
      expect(await person(who)('odd', [HEADER, ...ROWS], DECLARED)).toMatchObject({ count: 0, removed: 0 })
    const quoted = await person("O'Neil")('quoted', ['student,x', "O'Neil,1", 'B2,2'], { id: 'student' })
    expect([quoted.count, quoted.removed]).toEqual([1, 1])
  })

  test('where nobody else is there, a table without rows is left', async () => {
    const { table } = await person('A1')('alone', [HEADER, ROWS[0]!, ROWS[2]!], DECLARED)
    expect(table.nRows).toBe(0)
    expect(table.schema.columns.map(({ observed }) => observed.distinct)).toEqual([0, 0, 0, 0, 0])
  })
})

describe("a person's rejected rows", () => {
  const csv = [
    'row,columns,rules,reasons,student,score,malformed row',
    '2,score,range,"score: too large, found ""99""",A1,99,',
    '3,score,range,"score: too large, found ""98""","B,2",98,',
    '4,,malformed,2 cells,,,"A1,broken"',
    '5,,malformed,2 cells,,,"A12,broken\r\nin two lines"',
    '',
  ].join('\r\n')
  const of = (who: string) => {
    const { bytes, ...counts } = rejectsWithout(Buffer.from(csv), new Set(['student']), who)
    return { ...counts, text: bytes && Buffer.from(bytes).toString() }
  }

  test('are taken out, lines that no cells could be made of too; the others keep their bytes', () => {
    const { removed, left, text } = of('A1')
    expect([removed, left]).toEqual([2, 2])
    const lines = csv.split(/(?<=\r\n)(?=\d)/)
    expect(text).toBe(lines[0]! + lines[2]! + lines[4]!)
    expect(of('B,2')).toMatchObject({ removed: 1, left: 3 })
    expect(of('nobody')).toMatchObject({ removed: 0, left: 4, text: csv })
  })

  test('where none is left there is no file', () => {
    const one = 'row,columns,rules,reasons,student,malformed row\r\n2,x,y,z,A1,\r\n'
    expect(rejectsWithout(Buffer.from(one), new Set(['student']), 'A1')).toEqual({ bytes: null, removed: 1, left: 0 })
  })

  test('a value inside a longer word is another one', () => {
    expect(holdsWord('x,A12,y', 'A1')).toBe(false)
    expect(holdsWord('x,A12,A1', 'A1')).toBe(true)
    expect(holdsWord('éA1', 'A1')).toBe(false)
  })
})
