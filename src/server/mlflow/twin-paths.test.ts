import { expect, test } from 'vitest'
import { withoutTwin } from './twin-paths.ts'

test('what the user interface of MLflow asks for is what programs ask for, with its query', () => {
  expect(withoutTwin('/ajax-api/2.0/mlflow/runs/get?run_id=a%2Fb')).toBe('/api/2.0/mlflow/runs/get?run_id=a%2Fb')
  expect(withoutTwin('/ajax-api/3.0/mlflow/server-info')).toBe('/api/3.0/mlflow/server-info')
})

test.each([
  '/',
  '*',
  '/api/2.0/mlflow/runs/get',
  '/ajax-api',
  '/ajax-api/1.2/preview',
  '/ajax-api/2.0',
  '/predict?next=/ajax-api/2.0/',
  '//ajax-api/2.0/mlflow/runs/get',
])('%s stays as it is', (url) => {
  expect(withoutTwin(url)).toBe(url)
})
