import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { RandomState } from '../../src/table/random.ts'

/** A made-up pupil, with a column of each kind and a value missing here and there. */
export interface Pupil {
  readonly 'student id': string
  readonly age: number
  /** With all the decimals of a mean. */
  readonly 'mean grade': number | null
  /** A code without an order. */
  readonly course: number
  readonly home: string | null
  readonly 'fees paid': boolean
  readonly 'enrolled on': string
  readonly remark: string
  readonly outcome: 'fail' | 'pass' | 'repeat'
}

const HOMES = ['town', 'village', 'hall, north', 'with "friends"'] as const
const WORDS = ['quiet', 'late again', 'asks well', 'ill in May', 'helps others'] as const

/** The same pupils for the same seed; what becomes of them follows from grade, fees and age, not without exceptions. */
export function makePupils(nRows: number, seed = 7): Pupil[] {
  const random = new RandomState(seed)
  const below = (n: number) => Math.floor(random.random() * n)
  return Array.from({ length: nRows }, (_, i) => {
    const marks = Array.from({ length: 7 }, () => 6 + below(13))
    const mean = marks.reduce((sum, mark) => sum + mark, 0) / marks.length
    const age = 17 + below(12)
    const paid = random.random() < 0.8
    const course = [33, 171, 9003, 9238][below(4)]!
    const strength = mean - 12 + (paid ? 1 : -2) - (age - 20) / 6 + (course === 9238 ? 1 : 0) + random.normal()
    return {
      'student id': `P${String(i + 1).padStart(5, '0')}`,
      age,
      'mean grade': random.random() < 0.05 ? null : mean,
      course,
      home: random.random() < 0.04 ? null : HOMES[below(HOMES.length)]!,
      'fees paid': paid,
      'enrolled on': new Date(Date.UTC(2024, 8, 1 + below(60))).toISOString().slice(0, 10),
      remark: `${WORDS[below(5)]}; ${WORDS[below(5)]} (${i})`,
      outcome: strength < -1.5 ? 'fail' : strength < 0 ? 'repeat' : 'pass',
    }
  })
}

export function toCsv(pupils: readonly Pupil[]): string {
  const cell = (value: unknown) =>
    value === null ? '' : /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value)
  const names = Object.keys(pupils[0]!) as (keyof Pupil)[]
  return [names, ...pupils.map((pupil) => names.map((name) => pupil[name]))]
    .map((cells) => `${cells.map(cell).join(',')}\n`)
    .join('')
}

export const toJsonLines = (pupils: readonly Pupil[]) => pupils.map((pupil) => `${JSON.stringify(pupil)}\n`).join('')

/** The project of these pupils; `more` is YAML that is added to it. */
export const PUPILS_PROJECT = `name: pupils
task: classification
description: What becomes of a pupil.
data:
  source: pupils.csv
  target: outcome
  id: student id
`

/** A folder with a project file and its table. @returns the folder */
export function writePupilsProject(folder: string, pupils: readonly Pupil[], more = ''): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'pupils.csv'), toCsv(pupils))
  writeFileSync(path.join(folder, 'bellwether.yaml'), `${PUPILS_PROJECT}${more}`)
  return folder
}
