import { describe, expect, test } from 'vitest'
import { checkName, isName } from './names.ts'

describe('names', () => {
  test.each(['a', 'academic-risk', 'math_performance.v2', 'Exam Score', '0', 'x'.repeat(250)])(
    '%s names a model and an experiment',
    (name) => {
      expect(isName('model', name)).toBe(true)
      expect(isName('experiment', name)).toBe(true)
    },
  )

  test.each([
    '',
    ' a',
    'a ',
    '.',
    '..',
    '.hidden',
    '-a',
    'a/b',
    'a\\b',
    'a:b',
    'a@b',
    'a\n',
    'a\u0000',
    'é',
    'x'.repeat(251),
  ])('%j names nothing', (name) => {
    for (const kind of ['model', 'experiment', 'alias'] as const) expect(isName(kind, name)).toBe(false)
  })

  test.each(['latest', 'Latest', 'v1', 'V12', '7', 'a.b', 'a b'])('%s is no alias', (name) =>
    expect(isName('alias', name)).toBe(false),
  )

  test.each(['champion', 'challenger', 'v1-canary', 'blue_2', 'latest-good'])('%s is an alias', (name) =>
    expect(isName('alias', name)).toBe(true),
  )

  test('keys of metrics may hold any text in one line, such as a column', () => {
    expect(isName('metric', 'Nacionality (é) / year: 1')).toBe(true)
    expect(isName('param', '')).toBe(false)
    expect(isName('tag', 'a\tb')).toBe(false)
  })

  test('the message says which rule was broken, and is short for a long name', () => {
    expect(() => checkName('alias', 'latest')).toThrow('"latest" is no name of an alias: expected')
    try {
      checkName('model', 'a/'.repeat(10_000))
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(250)
    }
  })
})
