import { expect, test } from 'vitest'
import { setWords } from './set-words.ts'

test('a set is told without more certainty than it has', () => {
  expect(setWords(['Dropout'], 3)).toContain('of Dropout alone')
  expect(setWords(['Dropout', 'Enrolled'], 3)).toContain("can't tell Dropout and Enrolled apart")
  expect(setWords(['a', 'b', 'c'], 3)).toContain('close to a guess')
  expect(setWords([], 3)).toContain('unlike those the model learnt from')
})
