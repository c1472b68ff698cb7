import { expect, test } from 'vitest'
import { formatTable } from './format-table.ts'

const rows = [
  ['forest', 20, '0.7628 ± 0.0167', 'a text of some length that has to be wrapped'],
  ['boosting', 3, '0.7', null],
] as const
const head = ['kind', 'trials', 'cross-validated\nf1_macro', 'why']
const align = ['left', 'right', 'right', 'left'] as const
const lines = (text: string) => text.split('\n')
const longest = (text: string) => Math.max(...lines(text).map((line) => line.length))

test('columns are as wide as what they hold, numbers end together, titles stand on the last line', () => {
  expect(lines(formatTable(head, rows, align))).toEqual([
    '                  cross-validated',
    'kind      trials         f1_macro  why',
    '─'.repeat(79),
    'forest        20  0.7628 ± 0.0167  a text of some length that has to be wrapped',
    'boosting       3              0.7',
  ])
})

test('a table too wide for the terminal loses the columns that may go, in their order, and only as many as needed', () => {
  const narrow = formatTable(head, rows, align, { droppable: [3, 1], width: 40 })
  expect(narrow).not.toContain('why')
  expect(narrow).toContain('trials')
  const narrower = formatTable(head, rows, align, { droppable: [3, 1], width: 30 })
  expect(narrower).not.toContain('trials')
  expect(longest(narrower)).toBeLessThanOrEqual(30)
})

test('a long text is wrapped so that the table fits, also where it has no blanks', () => {
  for (const text of [rows[0][3], 'x'.repeat(500)]) {
    const table = formatTable(['what', 'text'], [['tag', text]], [], { width: 60 })
    expect(longest(table)).toBeLessThanOrEqual(60)
    expect(table.replaceAll(/\s/g, '')).toContain(text.replaceAll(' ', ''))
  }
})

test('a text is broken at its blanks', () => {
  expect(lines(formatTable(['tag', 'text'], [['a', 'one two three four five six seven']], [], { width: 26 }))).toEqual([
    'tag  text',
    '─'.repeat(26),
    'a    one two three four',
    '     five six seven',
  ])
})

test('a table without rows still has its titles', () => {
  expect(lines(formatTable(['run', 'status'], []))).toEqual(['run  status', '─'.repeat(11)])
})
