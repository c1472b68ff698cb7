import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import { estimator } from '../../learn/estimators.ts'
import { type Matrix, selectMatrixRows } from '../../table/matrix.ts'
import { selectTarget } from '../../table/target.ts'
import { classConditionalSet, fitClassConditional } from '../conformal/class-conditional.ts'
import { blendPredictions } from '../ensemble/blend.ts'
import { selectGreedily } from '../ensemble/greedy-selection.ts'
import type { ClassificationTarget } from '../metrics/classification-view.ts'
import { scoreAll } from '../metrics/score-all.ts'
import { stratifiedKFold } from '../splits/stratified-k-fold.ts'
import { fitTemperature } from './temperature.ts'

const MODELS = ['logistic-regression', 'gradient-boosting'] as const

/** The file's numbers as they are, each column standardised. */
function readFile(): { x: Matrix; target: ClassificationTarget } {
  const [, ...lines] = readFileSync(dataset('student-dropout', 'data.csv'), 'utf8').trim().split(/\r?\n/)
  const rows = lines.map((line) => line.split(';'))
  const labels = rows.map((row) => row.at(-1)!)
  const columns = rows[0]!.slice(0, -1).map((_, j) => {
    const values = rows.map((row) => Number(row[j]))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    return values.map((value) => (value - mean) / std)
  })
  const classes = [...new Set(labels)].sort()
  return {
    x: {
      nRows: rows.length,
      nColumns: columns.length,
      data: Float64Array.from(columns.flat()),
      names: columns.map((_, j) => `x${j}`),
    },
    target: { task: 'classification', codes: Int32Array.from(labels, (label) => classes.indexOf(label)), classes },
  }
}

describeWithDatasets('out-of-fold predictions of UCI 697', () => {
  let known: ClassificationTarget
  let fresh: ClassificationTarget
  let candidates: { name: string; predictions: Float64Array; fresh: Float64Array }[]

  beforeAll(() => {
    const { x, target } = readFile()
    const part = (of: (row: number) => boolean) => Uint32Array.from(target.codes.keys()).filter(of)
    const [train, rest] = [part((row) => row % 4 !== 0), part((row) => row % 4 === 0)]
    known = selectTarget(target, train) as ClassificationTarget
    fresh = selectTarget(target, rest) as ClassificationTarget
    const own = selectMatrixRows(x, train)
    const folds = stratifiedKFold(known.codes, 3, { shuffle: true, seed: 0 })
    candidates = MODELS.map((name) => {
      const definition = estimator(name)
      const fitOn = (rows: Uint32Array) =>
        definition.fit(
          { x: selectMatrixRows(own, rows), target: selectTarget(known, rows), seed: 0 },
          definition.options.parse(name === 'gradient-boosting' ? { preset: 'lightgbm-compatible' } : {}),
        )
      const predictions = new Float64Array(known.codes.length * 3)
      for (const { train: rows, validation } of folds) {
        const said = fitOn(rows).predict(selectMatrixRows(own, validation))
        validation.forEach((row, i) => {
          predictions.set(said.subarray(3 * i, 3 * i + 3), 3 * row)
        })
      }
      const all = fitOn(Uint32Array.from(known.codes.keys()))
      return { name, predictions, fresh: all.predict(selectMatrixRows(x, rest)) }
    })
  }, 60_000)

  test('give a temperature that brings boosting’s log loss and calibration error down on new rows', () => {
    const boosting = candidates[1]!
    const calibrator = fitTemperature({ target: known, probabilities: boosting.predictions })
    // Boosted trees without a learnt stop are too sure.
    expect(calibrator.inverseTemperature).toBeLessThan(0.85)
    const before = scoreAll(fresh, boosting.fresh)
    const after = scoreAll(fresh, calibrator.apply(boosting.fresh))
    expect(after['log_loss']).toBeLessThan(before['log_loss']! - 0.01)
    expect(after['ece']).toBeLessThan(before['ece']!)
    expect(after['accuracy']).toBe(before['accuracy'])
  })

  test('give a blend that beats both of its models on new rows', () => {
    const { weights } = selectGreedily(known, candidates)
    const blended = blendPredictions(
      candidates.map((candidate) => candidate.fresh),
      weights,
    )
    const alone = candidates.map((candidate) => scoreAll(fresh, candidate.fresh)['log_loss']!)
    expect(scoreAll(fresh, blended)['log_loss']).toBeLessThan(Math.min(...alone))
    expect(weights.every((weight) => weight > 0.1)).toBe(true)
  })

  test('give sets that hold each class of new rows about as often as promised, the rare one too', () => {
    const { thresholds } = fitClassConditional(known, candidates[0]!.predictions, 0.1)
    const held = [0, 0, 0]
    const rows = [0, 0, 0]
    for (const [row, code] of fresh.codes.entries()) {
      rows[code]!++
      if (classConditionalSet(candidates[0]!.fresh.subarray(3 * row, 3 * row + 3), thresholds).includes(code))
        held[code]!++
    }
    // About 200 rows of the rare class: 2 % of noise.
    for (const [code, n] of rows.entries()) expect(held[code]! / n).toBeGreaterThan(0.85)
  })
})
