import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseDocument } from 'yaml'
import { bellwether, ROOT } from '../support/cli.ts'

/** Rows of the bundled sample that are enough for a small model of each class. */
const SAMPLE_ROWS = 700

/** Trains two small models through the real command line: classes from the bundled sample, numbers from a table made here. */
export async function trainHome(folder: string): Promise<string> {
  const home = path.join(folder, 'home')
  const example = path.join(ROOT, 'examples/academic-risk')
  const risk = path.join(folder, 'academic-risk')
  mkdirSync(path.join(risk, 'data'), { recursive: true })
  const project = parseDocument(readFileSync(path.join(example, 'bellwether.yaml'), 'utf8'))
  project.set('models', ['baseline', 'logistic-regression'])
  project.set('search', { trials: 6, folds: 3, scoring: 'f1_macro', seed: 42 })
  writeFileSync(path.join(risk, 'bellwether.yaml'), project.toString())
  const source = String(project.getIn(['data', 'source']))
  const lines = readFileSync(path.join(example, source), 'utf8').split(/\r?\n/)
  writeFileSync(path.join(risk, source), `${lines.slice(0, SAMPLE_ROWS + 1).join('\n')}\n`)
  await run(risk, home)
  await run(risk, home) // a second version, and a second run to compare

  const grades = path.join(folder, 'grades')
  mkdirSync(grades)
  writeFileSync(path.join(grades, 'grades.csv'), gradesTable())
  writeFileSync(path.join(grades, 'bellwether.yaml'), GRADES_PROJECT)
  await run(grades, home)
  return home
}

async function run(project: string, home: string): Promise<void> {
  const result = await bellwether(['run', project, '--home', home, '--json', '--threads', '2'], { timeoutMs: 200_000 })
  if (result.status !== 0) throw new Error(`bellwether run ended with status ${result.status}:\n${result.stderr}`)
}

const GRADES_PROJECT = `name: grades
task: regression
data:
  source: grades.csv
  target: grade
  columns: { hours: { min: 0, max: 80, unit: hours } }
models: [baseline, ridge]
search: { trials: 4, folds: 3 }
`

/** 160 pupils whose grade follows the hours they learnt and their group, with a fixed unevenness. */
function gradesTable(): string {
  const rows = Array.from({ length: 160 }, (_, i) => {
    const hours = (i * 37) % 60
    const group = ['north', 'south', 'west'][i % 3]!
    const grade = 4 + hours / 5 + (group === 'south' ? 2 : 0) + Math.sin(i * 1.7)
    return `${hours},${group},${i % 4 === 0 ? 'true' : 'false'},${grade.toFixed(2)}`
  })
  return `hours,group,tutor,grade\n${rows.join('\n')}\n`
}
