import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test('a typo finds the name it meant', () => {
  expect(nearest('modles', ['models', 'search', 'data'])).toBe('models')
  expect(nearest('TARGET', ['Target', 'Age'])).toBe('Target')
  expect(nearest('serach', ['models', 'search', 'data'])).toBe('search')
})

test('a word that is near to none finds none', () => {
  expect(nearest('zebra', ['models', 'search', 'data'])).toBeNull()
  expect(nearest('x', [])).toBeNull()
})
