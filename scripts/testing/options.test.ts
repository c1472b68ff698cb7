import { expect, test } from 'vitest'
import { parseTestOptions, STEPS } from './options.ts'

test('every step runs when none is named', () => {
  expect(parseTestOptions([])).toEqual({ only: STEPS, files: [] })
})

test('named steps run in their usual order, with the file names that follow', () => {
  expect(parseTestOptions(['--only', 'browser,unit', 'predict'])).toEqual({
    only: ['unit', 'browser'],
    files: ['predict'],
  })
})

test('an unknown step is refused with the steps there are', () => {
  expect(() => parseTestOptions(['--only', 'units'])).toThrow(
    '--only units: expected some of types, lint, imports, unit, browser.',
  )
})
