import { expect, test } from 'vitest'
import { headlineMetrics } from './headline-metrics.ts'

test('the metrics of a task that people look at first are chosen, in one order', () => {
  expect(headlineMetrics(['log_loss', 'accuracy', 'f1_macro', 'roc_auc_ovr', 'brier_score'])).toEqual([
    'accuracy',
    'f1_macro',
    'log_loss',
    'roc_auc_ovr',
  ])
  expect(headlineMetrics(['mae', 'max_error', 'r2', 'rmse'])).toEqual(['rmse', 'mae', 'r2'])
  expect(headlineMetrics(['roc_auc', 'roc_auc_ovr', 'accuracy'])).toEqual(['accuracy', 'roc_auc'])
})

test('the metric that decides comes first where it is not among them', () => {
  expect(headlineMetrics(['mae', 'r2', 'rmse', 'max_error'], 'max_error')[0]).toBe('max_error')
  expect(headlineMetrics(['mae', 'r2', 'rmse'], 'r2')).toEqual(['rmse', 'mae', 'r2'])
})

test('where none of them is known, some are shown all the same', () => {
  expect(headlineMetrics(['b', 'a'])).toEqual(['a', 'b'])
})
