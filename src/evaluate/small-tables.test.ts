import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../test/support/datasets.ts'
import { gradientBoosting } from '../learn/boosting/gradient-boosting.ts'
import { type Matrix, selectMatrixRows } from '../table/matrix.ts'
import { selectTarget, type Target, targetLength } from '../table/target.ts'
import { kFold } from './splits/k-fold.ts'
import { stratifiedKFold } from './splits/stratified-k-fold.ts'

/** Columns as numbers, words by their place in the alphabet; the target by its name. */
function read(file: string, separator: string, target: string) {
  const [head, ...rows] = readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(separator).map((cell) => cell.replaceAll('"', '')))
  const names = head!.filter((name) => name !== target)
  const columnOf = (name: string) => rows.map((row) => row[head!.indexOf(name)]!)
  const data = names.flatMap((name) => {
    const cells = columnOf(name)
    if (cells.every((cell) => cell !== '' && Number.isFinite(Number(cell)))) return cells.map(Number)
    const words = [...new Set(cells)].sort()
    return cells.map((cell) => words.indexOf(cell))
  })
  const x: Matrix = { nRows: rows.length, nColumns: names.length, names, data: Float64Array.from(data) }
  return { x, cells: columnOf(target) }
}

/** Mean over 3 folds, shuffled with each of three seeds, of the log loss or the root mean squared error. */
function meanLoss(x: Matrix, target: Target, options: object): number {
  const parsed = gradientBoosting.options.parse(options)
  let sum = 0
  for (const seed of [0, 1, 2]) {
    const folds =
      target.task === 'classification'
        ? stratifiedKFold(target.codes, 3, { seed })
        : kFold(targetLength(target), 3, { seed })
    for (const { train, validation } of folds) {
      const model = gradientBoosting.fit(
        { x: selectMatrixRows(x, train), target: selectTarget(target, train), seed: 0 },
        parsed,
      )
      sum += loss(model.predict(selectMatrixRows(x, validation)), selectTarget(target, validation)) / 9
    }
  }
  return sum
}

function loss(answers: Float64Array, target: Target): number {
  if (target.task === 'regression') {
    return Math.sqrt(target.values.reduce((sum, value, row) => sum + (answers[row]! - value) ** 2, 0) / answers.length)
  }
  const { codes, classes } = target
  return codes.reduce((sum, code, row) => sum - Math.log(answers[row * classes.length + code]!), 0) / codes.length
}

describeWithDatasets('boosting without a search, on small tables', () => {
  test('answers UCI 697 with a log loss of at most 0.547, well below that of LightGBM’s defaults', () => {
    const { x, cells } = read(dataset('student-dropout', 'data.csv'), ';', 'Target')
    const classes = ['Dropout', 'Enrolled', 'Graduate']
    const codes = Int32Array.from(cells, (cell) => classes.indexOf(cell))
    expect(meanLoss(x, { task: 'classification', codes, classes }, {})).toBeLessThanOrEqual(0.547)
  }, 120_000)

  test.each([
    ['student-performance', 'student-mat.csv', ';', 'G3'],
    ['exam-scores', 'stud.csv', ',', 'math_score'],
  ])('errs less on %s/%s than with LightGBM’s defaults', (folder, file, separator, name) => {
    const { x, cells } = read(dataset(folder, file), separator, name)
    const target: Target = { task: 'regression', values: Float64Array.from(cells, Number) }
    expect(meanLoss(x, target, {})).toBeLessThan(0.99 * meanLoss(x, target, { preset: 'lightgbm-compatible' }))
  })
})
