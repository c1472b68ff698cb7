import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../test/support/datasets.ts'
import type { BellwetherError } from '../errors.ts'
import { DataOptions } from './data-options.ts'
import { type LoadedDataset, loadDataset } from './load-dataset.ts'
import { writeParquet } from './parquet.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-load-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function load(content: string, options: Record<string, unknown> = {}): Promise<LoadedDataset> {
  const file = path.join(folder, 'students.csv')
  await writeFile(file, content)
  return loadDataset({ file, options: DataOptions.parse({ target: 'y', ...options }) })
}

const rows = (n: number, row: (i: number) => string) => Array.from({ length: n }, (_, i) => row(i)).join('\n')

describe('a file becomes a dataset version', () => {
  test('with table, schema, profile, id and counts', async () => {
    const loaded = await load(`n,y\n${rows(40, (i) => `${i},${i % 2 ? 'a' : 'b'}`)}\n`)
    expect(loaded).toMatchObject({ nRows: 40, nRejected: 0, warnings: [], fileColumns: ['n', 'y'] })
    expect(loaded.schema.columns.map(({ kind }) => kind)).toEqual(['number', 'category'])
    expect(loaded.profile.columns[0]!.distribution).toMatchObject({ min: 0, max: 39, mean: 19.5 })
    expect(loaded.id).toMatch(/^sha256:/)
  })

  test('whose bad rows are put aside within the policy, and told', async () => {
    const loaded = await load(
      `n,y\n${rows(60, (i) => (i === 7 ? 'ill,a' : i === 9 ? '9,a,more' : i === 11 ? '11,' : `${i},${i % 2 ? 'a' : 'b'}`))}\n`,
    )
    expect(loaded).toMatchObject({ nRows: 57, nRejected: 3 })
    expect(loaded.rejected.map(({ row, violations }) => [row, violations[0]!.rule])).toEqual([
      [9, 'type'],
      [11, 'malformed'],
      [13, 'required'],
    ])
    expect(loaded.warnings.join()).toContain('3 of 60 rows were rejected')
  })

  test('reports constant and all-missing columns and identifiers, and goes on', async () => {
    const { warnings, nRows } = await load(
      `student_id,same,none,y\n${rows(30, (i) => `${1000 + i * i},1,,${i % 2 ? 'a' : 'b'}`)}\n`,
    )
    expect(nRows).toBe(30)
    expect(warnings).toEqual([
      expect.stringContaining('"student_id" has another value in each row'),
      expect.stringContaining('"same" has the same value'),
      expect.stringContaining('"none" is missing in every row'),
    ])
  })

  test('from an address as from a path', async () => {
    const server = createServer((_, response) => response.end('n,y\n1,a\n2,b\n')).listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    try {
      const file = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files/students.csv?v=1`
      const options = DataOptions.parse({ target: 'y' })
      expect((await loadDataset({ file, options, allowPrivate: true })).nRows).toBe(2)
      await expect(loadDataset({ file, options })).rejects.toMatchObject({ code: 'URL_REFUSED' })
    } finally {
      server.close()
    }
  })
})

test('codes that the declared labels do not know are told of, without a word where the labels fit', async () => {
  const labels = { '1': 'nursing', '2': 'tourism', '3': 'agronomy' }
  const options = { target: 'y', columns: { course: { labels } } }
  expect((await load('course,y\n7,a\n8,b\n1,a\n9,b\n', options)).warnings).toEqual([
    'Column "course": 3 of its 4 codes have no label in the project file. Are its codes the ones that the labels are for?',
  ])
  expect((await load('course,y\n1,a\n2,b\n3,a\n2,b\n', options)).warnings).toEqual([])
})

describe('a file that does not fit the project is refused', () => {
  test.each([
    ['the target', { target: 'Targte' }, 'Did you mean "Target"?'],
    ['a declared column', { target: 'Target', columns: { ages: { min: 0 } } }, 'Did you mean "age"?'],
    ['a sensitive column', { target: 'Target', sensitive: ['sex'] }, 'sensitive column "sex"'],
    ['the id', { target: 'Target', id: 'student' }, 'id column "student"'],
    ['the time', { target: 'Target', time: 'tyme' }, 'time column "tyme"'],
  ])('%s is not among its columns', async (_, options, message) => {
    const error = await load('age,Target\n20,a\n30,b\n', options).catch((caught: BellwetherError) => caught)
    expect(error).toMatchObject({ code: 'COLUMN_NOT_FOUND' })
    expect((error as BellwetherError).message).toContain(message)
    expect((error as BellwetherError).message).toContain('"age", "Target"')
  })

  test('an optional declared column may be missing, and is enforced where it is there', async () => {
    const options = { target: 'y', columns: { n: { min: 0, optional: true } }, rejects: { maxRejectedShare: 1 } }
    expect((await load('m,y\n1,a\n2,b\n', options)).nRows).toBe(2)
    expect((await load('n,y\n-1,a\n2,b\n', options)).nRejected).toBe(1)
    expect(DataOptions.safeParse({ target: 'y', columns: { n: { required: true, optional: true } } }).success).toBe(
      false,
    )
  })

  test('a target that is an expression names no column', async () => {
    const file = path.join(folder, 'expression.csv')
    await writeFile(file, 'G3\n9\n12\n')
    const options = DataOptions.parse({ target: 'G3 >= 10' })
    expect((await loadDataset({ file, options, targetIsExpression: true })).nRows).toBe(2)
    await expect(loadDataset({ file, options })).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' })
  })

  test('more bad rows than the policy allows', async () => {
    await expect(load('n,y\n1,a\n2,b\n3\n')).rejects.toMatchObject({ code: 'ROWS_REJECTED' })
  })

  test('a target that is ignored', async () => {
    await expect(load('n,y\n1,a\n', { columns: { y: { ignore: true } } })).rejects.toMatchObject({
      code: 'PROJECT_INVALID',
    })
  })
})

test('nothing is left in the temporary folder, whether it went well or not', async () => {
  const before = process.env.TMPDIR
  const temporary = await mkdtemp(path.join(folder, 'tmp-'))
  process.env.TMPDIR = temporary
  try {
    const loaded = await load('n,y\n1,a\r\n2,b\n')
    await writeParquet(loaded.table, loaded.schema)
    await expect(load('n,y\n1,a\n"2,b\n')).rejects.toMatchObject({ code: 'CSV_MALFORMED' })
    await expect(load('n,y\n1,a\r\n2\n')).rejects.toMatchObject({ code: 'ROWS_REJECTED' })
    expect(await readdir(temporary)).toEqual([])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
})

describeWithDatasets('loading the real files', () => {
  const CODES = [
    'Marital status',
    'Application mode',
    'Course',
    'Daytime/evening attendance',
    'Previous qualification',
    'Nacionality',
    "Mother's qualification",
    "Father's qualification",
    "Mother's occupation",
    "Father's occupation",
    'Displaced',
    'Educational special needs',
    'Debtor',
    'Tuition fees up to date',
    'Gender',
    'Scholarship holder',
    'International',
  ]
  const real = (file: string, target: string) => loadDataset({ file, options: DataOptions.parse({ target }) })
  const named = ({ schema }: LoadedDataset, kind: string) =>
    schema.columns.filter((column) => column.kind === kind).map(({ name }) => name)

  test('the UCI file needs no editing: its codes are categories, its counts and grades numbers', async () => {
    const loaded = await real(dataset('student-dropout', 'data.csv'), 'Target')
    expect(loaded).toMatchObject({ nRows: 4424, nRejected: 0 })
    expect(loaded.warnings).toEqual(['Blanks around names were removed: "Daytime/evening attendance".'])
    expect(named(loaded, 'category')).toEqual([...CODES, 'Target'])
    expect(named(loaded, 'number')).toHaveLength(37 - 18)
    const target = loaded.profile.columns.find(({ name }) => name === 'Target')!
    expect(target.categories.map(({ count }) => count)).toEqual([1421, 794, 2209])
    const course = loaded.schema.columns.find(({ name }) => name === 'Course')!
    expect(course.observed.categories.slice(0, 3)).toEqual(['33', '171', '8014'])
    const grade = loaded.profile.columns.find(({ name }) => name === 'Curricular units 2nd sem (grade)')!
    expect(grade.distribution!.max).toBe(18.571428571428573)
  })

  test('its sister of 34 columns too, although its codes have no holes', async () => {
    const loaded = await real(dataset('student-dropout', 'dataset-34.csv'), 'Target')
    expect(loaded).toMatchObject({ nRows: 4424, nRejected: 0, warnings: [] })
    expect(named(loaded, 'category')).toEqual([...CODES, 'Target'])
  })

  test('the UCI file has the same id after a way through Parquet', async () => {
    const loaded = await real(dataset('student-dropout', 'data.csv'), 'Target')
    const file = path.join(folder, 'uci.parquet')
    await writeFile(file, await writeParquet(loaded.table, loaded.schema))
    expect((await real(file, 'Target')).id).toBe(loaded.id)
  })

  test.each([
    ['student-mat.csv', 395],
    ['student-por.csv', 649],
  ])('%s: quoted numbers are numbers, yes and no categories, ratings numbers', async (file, nRows) => {
    const loaded = await real(dataset('student-performance', file), 'G3')
    expect(loaded).toMatchObject({ nRows, nRejected: 0, warnings: [] })
    expect(named(loaded, 'number')).toEqual(
      'age Medu Fedu traveltime studytime failures famrel freetime goout Dalc Walc health absences G1 G2 G3'.split(' '),
    )
    expect(named(loaded, 'category')).toHaveLength(33 - 16)
  })

  test.each(['StudentsPerformance.csv', 'stud.csv'])(
    '%s: every value is quoted, and the scores are numbers',
    async (file) => {
      const loaded = await real(dataset('exam-scores', file), file === 'stud.csv' ? 'math_score' : 'math score')
      expect(loaded).toMatchObject({ nRows: 1000, nRejected: 0, warnings: [] })
      expect(named(loaded, 'number')).toHaveLength(3)
      expect(named(loaded, 'category')).toHaveLength(5)
      expect(loaded.schema.columns.every(({ observed }) => observed.missing === 0)).toBe(true)
    },
  )

  test('the questions are read as CSV and as JSON lines, their bodies as text, their times as dates', async () => {
    const csv = await real(dataset('cross-validated', 'crossvalidated-questions.csv'), 'Score')
    expect(csv).toMatchObject({ nRows: 2615, nRejected: 0 })
    expect(named(csv, 'text')).toContain('Body')
    expect(named(csv, 'date')).toEqual(['CreationDate', 'LastActivityDate'])
    const lines = await real(dataset('cross-validated', 'crossvalidated-2016.jsonl'), 'Question_score')
    expect(lines).toMatchObject({ nRows: 2615, nRejected: 0 })
    const lengths = lines.profile.columns.find(({ name }) => name === 'Question_content')!.distribution!
    expect(lengths).toMatchObject({ min: 49, max: 24658, quantiles: { p50: 738 } })
  })
})
