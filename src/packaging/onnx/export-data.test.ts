import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import { answeringPipeline } from '../../evaluate/answering-pipeline.ts'
import { fitTemperature } from '../../evaluate/calibration/temperature.ts'
import { estimator } from '../../learn/estimators.ts'
import { fitModelOn } from '../../learn/fitted-pipeline.ts'
import { loadProject } from '../../pipeline/load-project.ts'
import { prepareRun } from '../../pipeline/prepare-run.ts'
import { ProjectOptions } from '../../pipeline/project.ts'
import type { Column } from '../../table/column.ts'
import { RandomState } from '../../table/random.ts'
import { makeTable, type Table } from '../../table/table.ts'
import { exportOnnx } from './export-pipeline.ts'
import { compareOnnx } from './onnx-answers.ts'

const FACTS = { name: 'real', version: 1, bellwetherVersion: '0.1.0', signature: '{}' }
const examples = path.resolve(import.meta.dirname, '../../../examples')

/** The same rows with a tenth of the values missing and a tenth of the categories unknown. */
function damaged(table: Table, seed: number): Table {
  const random = new RandomState(seed)
  const hit = () => random.randint(10) === 0
  const columns = Array.from(table.columns, ([name, column]): [string, Column] => {
    if (column.kind === 'category') {
      const categories = [...column.categories, 'never seen']
      const codes = column.codes.map((code) => (hit() ? -1 : hit() ? categories.length - 1 : code))
      return [name, { kind: 'category', codes, categories }]
    }
    if (column.kind === 'text')
      return [name, { ...column, values: column.values.map((value) => (hit() ? null : value)) }]
    return [name, { ...column, values: column.values.map((value) => (hit() ? Number.NaN : value)) }]
  })
  return makeTable(columns, table.nRows)
}

/** Each model by itself and all blended and calibrated, on the test rows as they are and damaged. */
async function expectAlike(
  options: ProjectOptions,
  folder: string,
  file: string,
  models: readonly string[],
): Promise<void> {
  const prepared = await prepareRun({ project: { options, folder }, file } as Parameters<typeof prepareRun>[0])
  const members = models.map((name) => {
    const smaller = name === 'random-forest' ? { nEstimators: 40 } : {}
    return fitModelOn(prepared.features.get(estimator(name).encoding)!, name, smaller, 1)
  })
  const { table, target } = prepared.train
  const blend = answeringPipeline({ members })
  const calibrator =
    target.task === 'classification' ? fitTemperature({ target, probabilities: blend.predict(table) }) : null
  const pipelines = [
    ...members.map((member) => answeringPipeline({ members: [member] })),
    answeringPipeline({ members, calibrator }),
  ]
  for (const pipeline of pipelines) {
    const exported = exportOnnx(pipeline, FACTS)
    for (const rows of [prepared.test.table, damaged(prepared.test.table, 3)]) {
      const { otherLabels, largestDifference } = compareOnnx(exported, pipeline, rows)
      expect({ otherLabels, close: largestDifference <= 1e-6 || largestDifference }).toEqual({
        otherLabels: 0,
        close: true,
      })
    }
  }
}

const CLASSIFIERS = ['baseline', 'logistic-regression', 'random-forest', 'gradient-boosting']
const REGRESSORS = ['baseline', 'ridge', 'random-forest', 'gradient-boosting']

describe('an example’s models', () => {
  test('answer in ONNX Runtime as here: academic-risk', { timeout: 120_000 }, async () => {
    const { options, folder } = await loadProject(path.join(examples, 'academic-risk/bellwether.yaml'))
    await expectAlike(options, folder, path.join(folder, 'data/students-synthetic.csv'), CLASSIFIERS)
  })
})

describeWithDatasets('models of real data', () => {
  test('answer in ONNX Runtime as here: UCI 697', { timeout: 240_000 }, async () => {
    const options = ProjectOptions.parse({
      name: 'uci',
      task: 'classification',
      data: { target: 'Target' },
      models: CLASSIFIERS,
      features: {
        derived: { passRate: 'ratio(`Curricular units 1st sem (approved)`, `Curricular units 1st sem (enrolled)`)' },
      },
    })
    await expectAlike(options, '.', dataset('student-dropout', 'data.csv'), CLASSIFIERS)
  })

  test('answer in ONNX Runtime as here: grades in mathematics', { timeout: 240_000 }, async () => {
    const options = ProjectOptions.parse({
      name: 'grades',
      task: 'regression',
      data: { target: 'G3' },
      models: REGRESSORS,
    })
    await expectAlike(options, '.', dataset('student-performance', 'student-mat.csv'), REGRESSORS)
  })

  test('answer in ONNX Runtime as here: exam scores', { timeout: 240_000 }, async () => {
    const options = ProjectOptions.parse({
      name: 'exam',
      task: 'regression',
      data: { target: 'math_score' },
      models: REGRESSORS,
    })
    await expectAlike(options, '.', dataset('exam-scores', 'stud.csv'), REGRESSORS)
  })
})
