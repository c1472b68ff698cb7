import { expect, test } from 'vitest'
import { metricMatrix } from './metric-matrix.ts'

test('metrics are rows by measure and columns by stage, folds left out', () => {
  const metrics = {
    'cv.f1_macro': 0.7,
    'cv.f1_macro.std': 0.01,
    'fold.f1_macro': 0.72,
    'test.accuracy': 0.8,
    'test.f1_macro': 0.71,
    'baseline.accuracy': 0.5,
  }
  expect(metricMatrix(metrics)).toEqual({
    stages: ['test', 'baseline', 'cv', 'cv std'],
    others: [],
    rows: [
      { measure: 'f1_macro', values: [0.71, null, 0.7, 0.01] },
      { measure: 'accuracy', values: [0.8, 0.5, null, null] },
    ],
  })
})

test('metrics of no stage have a column without a name', () => {
  expect(metricMatrix({ seconds: 3 })).toEqual({
    stages: [''],
    others: [],
    rows: [{ measure: 'seconds', values: [3] }],
  })
})

test('a measure that would have a column to itself is told by its name beside the table', () => {
  const metrics = {
    'test.log_loss': 0.5,
    'platt.log_loss': 0.49,
    'blend.log_loss': 0.48,
    'train.f1': 1,
    'train.accuracy': 1,
  }
  expect(metricMatrix(metrics)).toMatchObject({
    stages: ['test', 'train'],
    others: [
      { name: 'blend log_loss', value: 0.48 },
      { name: 'platt log_loss', value: 0.49 },
    ],
  })
})
