/**
 * Makes `data/students-synthetic.csv`: invented students with the columns and codes of UCI dataset 697, drawn so that the shares of
 * `published-shares.ts` come out. Nobody in it exists. The same seed gives the same bytes.
 *
 *   node examples/academic-risk/make-sample.ts [rows] [seed]
 */
import { writeFileSync } from 'node:fs'
import { RandomState } from '../../src/table/random.ts'
import {
  AGE_SHIFT,
  APPLICATION_MODES,
  COLUMNS,
  COURSES,
  ECONOMY,
  GRADES,
  OUTCOMES,
  PREVIOUS_QUALIFICATIONS,
  SEMESTERS,
  type SemesterFacts,
  type Shares,
  YES,
} from './published-shares.ts'

export const HEADER = [
  'Marital status',
  'Application mode',
  'Application order',
  'Course',
  'Daytime/evening attendance',
  'Previous qualification',
  'Previous qualification (grade)',
  'Nacionality',
  "Mother's qualification",
  "Father's qualification",
  "Mother's occupation",
  "Father's occupation",
  'Admission grade',
  'Displaced',
  'Educational special needs',
  'Debtor',
  'Tuition fees up to date',
  'Gender',
  'Scholarship holder',
  'Age at enrollment',
  'International',
  ...['1st', '2nd'].flatMap((semester) =>
    ['credited', 'enrolled', 'evaluations', 'approved', 'grade', 'without evaluations'].map(
      (what) => `Curricular units ${semester} sem (${what})`,
    ),
  ),
  'Unemployment rate',
  'Inflation rate',
  'GDP',
  'Target',
] as const

export function makeSample(nRows: number, seed: number): string {
  const random = new RandomState(seed)
  const lines = [HEADER.join(';')]
  for (let i = 0; i < nRows; i++) lines.push(makeStudent(random).join(';'))
  return `${lines.join('\n')}\n`
}

function makeStudent(random: RandomState): (string | number)[] {
  const course = pick(
    random,
    Object.fromEntries(Object.entries(COURSES).map(([code, facts]) => [code, facts.students])),
  )
  const facts = COURSES[course]!
  const outcome = pickIndex(random, facts.outcomes)
  /** What a student brings along beyond the outcome: it ties grades, units passed and both semesters together. */
  const strength = random.normal()

  const age = Math.round(
    clamp(17.6 + exponential(random) * Math.max(1.6, facts.meanAge + AGE_SHIFT[outcome] - 17.6), 17, 70),
  )
  const older = age > 23
  const mode = pick(random, older ? APPLICATION_MODES.older : APPLICATION_MODES.young)
  const foreign = yes(random, YES.foreign[outcome])
  const scholarship = yes(random, YES.scholarship[outcome])
  const debtor = yes(random, YES.debtor[outcome])
  const admission = grade(random, GRADES.admission[outcome]!, strength, 0.35, 95, 190)
  const previous = grade(random, GRADES.previous[outcome]!, (admission - 127) / 14.5, 0.58, 95, 190)
  const units = facts.units.map((choices) => choices[random.randint(choices.length)]!)
  // Who has no units in the first semester has none in the second.
  const enrolled = units[0] === 0 ? [0, 0] : [units[0]!, units[1] === 0 ? units[0]! : units[1]!]
  const first = makeSemester(random, SEMESTERS[0], outcome, enrolled[0]!, strength)
  const second = makeSemester(random, SEMESTERS[1], outcome, enrolled[1]!, strength)
  const year =
    ECONOMY[
      pickIndex(
        random,
        ECONOMY.map((row) => row.students),
      )
    ]!

  return [
    pick(random, COLUMNS[older ? 'maritalOlder' : 'maritalYoung']!),
    mode,
    mode === '1' || mode === '17' || mode === '18' ? pick(random, COLUMNS['applicationOrder']!) : 1,
    course,
    facts.daytime,
    pick(random, PREVIOUS_QUALIFICATIONS[mode] ?? PREVIOUS_QUALIFICATIONS['other']!),
    previous,
    foreign ? pick(random, COLUMNS['foreignNationality']!) : 1,
    pick(random, COLUMNS['motherQualification']!),
    pick(random, COLUMNS['fatherQualification']!),
    pick(random, COLUMNS['motherOccupation']!),
    pick(random, COLUMNS['fatherOccupation']!),
    admission,
    yes(random, YES.displaced[outcome] * (older ? 0.5 : 1.18)),
    yes(random, YES.specialNeeds[outcome]),
    debtor,
    yes(random, YES.tuition[outcome] * (debtor ? 0.75 : 1.02)),
    yes(random, facts.male * [1.25, 1.05, 0.85][outcome]!),
    scholarship,
    age,
    foreign,
    ...first,
    ...second,
    year.unemployment,
    year.inflation,
    year.gdp,
    OUTCOMES[outcome],
  ]
}

/** credited, enrolled, evaluations, approved, grade, without evaluations */
function makeSemester(
  random: RandomState,
  facts: SemesterFacts,
  outcome: 0 | 1 | 2,
  enrolled: number,
  strength: number,
): number[] {
  if (enrolled === 0) return [0, 0, 0, 0, 0, 0]
  const { none, all, passed } = facts
  // Position of this student among those with the same outcome: mostly the strength, partly the semester's luck.
  const position = normalCdf(0.85 * strength + 0.53 * random.normal())
  let approved: number
  if (position < none[outcome]) approved = 0
  else if (position > 1 - all[outcome]) approved = enrolled
  else {
    const middle = clamp(
      (passed[outcome] - all[outcome]) / Math.max(0.02, 1 - none[outcome] - all[outcome]),
      0.05,
      0.95,
    )
    const within = (position - none[outcome]) / Math.max(0.02, 1 - none[outcome] - all[outcome])
    approved = clamp(
      Math.round(enrolled * clamp(middle + (within - 0.5) * 0.5 + 0.08 * random.normal(), 0.02, 0.98)),
      1,
      Math.max(1, enrolled - 1),
    )
  }
  const attempts =
    approved === 0 && random.random() < 0.45
      ? 0
      : Math.max(approved, Math.round(enrolled * facts.evaluations[outcome] + 2.1 * random.normal()))
  const credited = yes(random, facts.credited[outcome])
    ? Math.min(enrolled, 1 + Math.floor(exponential(random) * 3.5))
    : 0
  const without = yes(random, facts.withoutEvaluations[outcome])
    ? Math.min(enrolled, 1 + Math.floor(exponential(random) * 1.2))
    : 0
  return [
    credited,
    enrolled,
    attempts,
    approved,
    approved === 0 ? 0 : meanGrade(random, facts.grade[outcome]!, strength, approved),
    without,
  ]
}

/** Mean of whole grades between 10 and 20, as a registrar would print it. */
function meanGrade(
  random: RandomState,
  [mean, deviation]: readonly [number, number],
  strength: number,
  units: number,
): number {
  const own = mean + deviation * (0.5 * strength + 0.75 * random.normal())
  let sum = 0
  for (let i = 0; i < units; i++) sum += clamp(Math.round(own + 1.3 * random.normal()), 10, 20)
  return sum / units
}

function grade(
  random: RandomState,
  [mean, deviation]: readonly [number, number],
  strength: number,
  weight: number,
  low: number,
  high: number,
): number {
  const value = mean + deviation * (weight * strength + Math.sqrt(1 - weight * weight) * random.normal())
  return Math.round(clamp(value, low, high) * 10) / 10
}

function pick(random: RandomState, shares: Shares): string {
  const codes = Object.keys(shares)
  return codes[pickIndex(random, Object.values(shares))]!
}

function pickIndex(random: RandomState, weights: readonly number[]): 0 | 1 | 2 {
  let left = random.random() * weights.reduce((sum, weight) => sum + weight, 0)
  const index = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  return (index < 0 ? weights.length - 1 : index) as 0 | 1 | 2
}

const yes = (random: RandomState, share: number): 0 | 1 => (random.random() < share ? 1 : 0)
const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))
const exponential = (random: RandomState) => -Math.log(1 - random.random())

/** Abramowitz and Stegun 7.1.26; its error of 1.5e-7 does not matter here. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const erf =
    1 -
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x)
  return z >= 0 ? (1 + erf) / 2 : (1 - erf) / 2
}

if (import.meta.main) {
  const nRows = Number(process.argv[2] ?? 4424)
  const seed = Number(process.argv[3] ?? 697)
  writeFileSync(new URL('./data/students-synthetic.csv', import.meta.url), makeSample(nRows, seed))
  console.error(`${nRows} synthetic students written to data/students-synthetic.csv (seed ${seed})`)
}
