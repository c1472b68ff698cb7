import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { HEADER, makeSample } from '../../examples/academic-risk/make-sample.ts'
import {
  APPLICATION_MODES,
  COLUMNS,
  COURSES,
  ECONOMY,
  OUTCOMES,
  PREVIOUS_QUALIFICATIONS,
  type Shares,
} from '../../examples/academic-risk/published-shares.ts'
import { bellwether, ROOT } from '../support/cli.ts'
import { dataset, describeWithDatasets } from '../support/datasets.ts'

const committed = readFileSync(path.join(ROOT, 'examples/academic-risk/data/students-synthetic.csv'), 'utf8')
const table = parse(committed)

function parse(csv: string): ReadonlyMap<string, readonly string[]> {
  const [header = [], ...rows] = csv
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(';').map((cell) => cell.replace(/^"(.*)"$/, '$1').trim()))
  return new Map(header.map((name, i) => [name, rows.map((row) => row[i]!)]))
}

const codesOf = (...shares: readonly (Shares | undefined)[]) => shares.flatMap((each) => Object.keys(each ?? {}))
const shareOf = (values: readonly string[], wanted: string) =>
  values.filter((value) => value === wanted).length / values.length

describe('the bundled sample', () => {
  test('is what its script makes, byte for byte', () => {
    expect(makeSample(4424, 697) === committed).toBe(true)
  })

  test('has 4,424 invented students under the columns of UCI 697', () => {
    expect([...table.keys()]).toEqual([...HEADER])
    expect(table.size).toBe(37)
    for (const values of table.values()) expect(values).toHaveLength(4424)
  })

  test.each<[string, readonly string[]]>([
    ['Course', codesOf(COURSES as never)],
    ['Application mode', codesOf(APPLICATION_MODES.young, APPLICATION_MODES.older)],
    ['Previous qualification', codesOf(...Object.values(PREVIOUS_QUALIFICATIONS))],
    ['Marital status', codesOf(COLUMNS['maritalYoung'], COLUMNS['maritalOlder'])],
    ['Application order', codesOf(COLUMNS['applicationOrder'])],
    ['Nacionality', ['1', ...codesOf(COLUMNS['foreignNationality'])]],
    ["Mother's qualification", codesOf(COLUMNS['motherQualification'])],
    ["Father's qualification", codesOf(COLUMNS['fatherQualification'])],
    ["Mother's occupation", codesOf(COLUMNS['motherOccupation'])],
    ["Father's occupation", codesOf(COLUMNS['fatherOccupation'])],
    ['Target', OUTCOMES],
    ...['Displaced', 'Debtor', 'Tuition fees up to date', 'Gender', 'Scholarship holder', 'International'].map(
      (name): [string, readonly string[]] => [name, ['0', '1']],
    ),
  ])('has no %s but the published ones', (name, published) => {
    const known = new Set(published)
    expect([...new Set(table.get(name))].filter((code) => !known.has(code))).toEqual([])
  })

  test('has outcomes within 2 percentage points of the published shares', () => {
    const courses = Object.values(COURSES)
    const students = courses.reduce((sum, course) => sum + course.students, 0)
    for (const [i, outcome] of OUTCOMES.entries()) {
      const published = courses.reduce((sum, course) => sum + course.students * course.outcomes[i]!, 0) / students
      expect(Math.abs(shareOf(table.get('Target')!, outcome) - published), outcome).toBeLessThan(0.02)
    }
  })

  test('has courses and years within 2 percentage points of the published shares', () => {
    const students = (rows: readonly { students: number }[]) => rows.reduce((sum, row) => sum + row.students, 0)
    for (const [code, course] of Object.entries(COURSES)) {
      const published = course.students / students(Object.values(COURSES))
      expect(Math.abs(shareOf(table.get('Course')!, code) - published), code).toBeLessThan(0.02)
    }
    for (const year of ECONOMY) {
      const published = year.students / students(ECONOMY)
      expect(Math.abs(shareOf(table.get('GDP')!, String(year.gdp)) - published), String(year.gdp)).toBeLessThan(0.02)
    }
  })

  test('is in order: no row that does not hold what the project declares, no code without a label', async () => {
    const { status, stdout, stderr } = await bellwether(['data', 'validate', 'academic-risk', '--json'])
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ rows: 4424, rejected: 0, faults: [], warnings: [] })
  })

  test('has grades and units that go together', () => {
    for (const semester of ['1st', '2nd']) {
      const column = (what: string) => table.get(`Curricular units ${semester} sem (${what})`)!.map(Number)
      const [enrolled, approved, grade] = [column('enrolled'), column('approved'), column('grade')]
      for (let i = 0; i < 4424; i++) {
        expect(approved[i]!).toBeLessThanOrEqual(enrolled[i]!)
        expect(approved[i] === 0 ? grade[i] === 0 : grade[i]! >= 10 && grade[i]! <= 20).toBe(true)
      }
    }
  })
})

describeWithDatasets('the bundled sample beside the real file', () => {
  let real: ReadonlyMap<string, readonly string[]>
  beforeAll(() => {
    real = parse(readFileSync(dataset('student-dropout', 'data.csv'), 'utf8'))
  })

  test('has its columns in its order', () => {
    expect([...table.keys()]).toEqual([...real.keys()])
  })

  test('has no code that it does not have', () => {
    const coded = [...real.keys()].filter(
      (name) => new Set(real.get(name)).size <= 50 && !/units|rate|GDP|Age/.test(name),
    )
    expect(coded.length).toBeGreaterThanOrEqual(18)
    for (const name of coded) {
      const known = new Set(real.get(name))
      expect(
        [...new Set(table.get(name))].filter((code) => !known.has(code)),
        name,
      ).toEqual([])
    }
  })

  test('has outcomes within 2 percentage points of its own', () => {
    for (const outcome of OUTCOMES)
      expect(Math.abs(shareOf(table.get('Target')!, outcome) - shareOf(real.get('Target')!, outcome))).toBeLessThan(
        0.02,
      )
  })

  test('has none of its rows', () => {
    const rows = (columns: ReadonlyMap<string, readonly string[]>) =>
      Array.from({ length: 4424 }, (_, i) =>
        [...columns.values()].map((values) => Number(values[i]) || values[i]).join(';'),
      )
    const known = new Set(rows(real))
    expect(rows(table).filter((row) => known.has(row))).toHaveLength(0)
  })
})
