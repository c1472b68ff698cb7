import { expect, test } from 'vitest'
import { hrefOf, parseRoute, type Route } from './route.ts'

test.each<[string, Route]>([
  ['', { page: 'predict', model: null }],
  ['#/', { page: 'predict', model: null }],
  ['#/predict/academic-risk', { page: 'predict', model: 'academic-risk' }],
  ['#/runs', { page: 'runs' }],
  ['#/runs/01ABC', { page: 'run', id: '01ABC' }],
  ['#/runs/compare/01A/01B', { page: 'compare', ids: ['01A', '01B'] }],
  ['#/models', { page: 'models', model: null }],
  ['#/nowhere/else', { page: 'unknown', path: 'nowhere/else' }],
  ['#/runs/a/b/c/d', { page: 'unknown', path: 'runs/a/b/c/d' }],
  ['#/predict/%E0%A4%A', { page: 'predict', model: '%E0%A4%A' }],
])('the address %j is its route', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route)
})

test.each<Exclude<Route, { page: 'unknown' }>>([
  { page: 'predict', model: 'a b/c' },
  { page: 'predict', model: null },
  { page: 'run', id: 'x' },
  { page: 'compare', ids: ['x', 'y'] },
  { page: 'models', model: 'm' },
])('the address of %j leads back to it', (route) => {
  expect(parseRoute(hrefOf(route))).toEqual(route)
})
