import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../../errors.ts'
import type { Column } from '../../table/column.ts'
import { makeTable, selectRows, type Table } from '../../table/table.ts'
import { compileExpression, restoreExpression } from './evaluate.ts'
import { EXPRESSION_FUNCTIONS } from './functions.ts'
import { EXPRESSION_LIMITS, type ExpressionColumn } from './types.ts'

const DAY = 86_400_000
const SCHEMA: { columns: ExpressionColumn[] } = {
  columns: [
    { name: 'a', kind: 'number', dataType: 'float' },
    { name: 'b', kind: 'number', dataType: 'float' },
    { name: 'Curricular units 1st sem (approved)', kind: 'number', dataType: 'integer' },
    { name: 'odd`]name', kind: 'number', dataType: 'float' },
    { name: 'course', kind: 'category', dataType: 'integer' },
    { name: 'sex', kind: 'category', dataType: 'string' },
    { name: 'debtor', kind: 'category', dataType: 'boolean' },
    { name: 'title', kind: 'text', dataType: 'string' },
    { name: 'enrolled', kind: 'date', dataType: 'date' },
    { name: 'left', kind: 'date', dataType: 'date' },
  ],
}
const NaNs = Number.NaN
const TABLE: Table = makeTable([
  ['a', { kind: 'number', values: Float64Array.of(1, -2.5, 0, NaNs) }],
  ['b', { kind: 'number', values: Float64Array.of(4, 0, 0, 3) }],
  ['Curricular units 1st sem (approved)', { kind: 'number', values: Float64Array.of(6, 5, 0, 2) }],
  ['odd`]name', { kind: 'number', values: Float64Array.of(9, 9, 9, 9) }],
  ['course', { kind: 'category', categories: ['33', '171'], codes: Int32Array.of(0, 1, -1, 0) }],
  ['sex', { kind: 'category', categories: ['F', 'M'], codes: Int32Array.of(0, 1, 1, -1) }],
  ['debtor', { kind: 'category', categories: ['false', 'true'], codes: Int32Array.of(1, 0, -1, 1) }],
  ['title', { kind: 'text', values: ['Why 😀 me?', '', null, ' two  words '] }],
  ['enrolled', { kind: 'date', values: Float64Array.of(Date.UTC(2024, 1, 29), 0, NaNs, Date.UTC(2026, 10, 21, 13)) }],
  ['left', { kind: 'date', values: Float64Array.of(Date.UTC(2024, 2, 1), DAY / 2, 0, NaNs) }],
])

/** The values of all four rows: null is missing. */
function evaluate(text: string): (number | string | boolean | null)[] {
  const expression = compileExpression(text, SCHEMA)
  return plain(expression.evaluate(TABLE), expression.type === 'boolean')
}

function plain(column: Column, boolean = false): (number | string | boolean | null)[] {
  switch (column.kind) {
    case 'category':
      return Array.from(column.codes, (code) => {
        const category = code < 0 ? null : column.categories[code]!
        return boolean && category !== null ? category === 'true' : category
      })
    case 'text':
      return [...column.values]
    default:
      return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value))
  }
}

function errorOf(text: string): BellwetherError {
  try {
    compileExpression(text, { ...SCHEMA, barred: ['G3'] }, 'features.derived.x')
  } catch (error) {
    if (error instanceof BellwetherError) return error
    throw error
  }
  throw new Error(`${text} was taken`)
}

describe('numbers', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['12 / 3 / 2', 2],
    ['-2 * -3', 6],
    ['--2', 2],
    ['7 % 3', 1],
    ['-1 % 7', 6],
    ['1 % -7', -6],
    ['1.5e2 + .5', 150.5],
    ['min(3, 1, 2)', 1],
    ['max(3, 1, 2)', 3],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(1.2345, 2)', 1.23],
    ['floor(-1.5)', -2],
    ['ceil(-1.5) + 0', -1],
    ['abs(-3)', 3],
    ['sqrt(16)', 4],
    ['pow(2, 10)', 1024],
    ['log(exp(1))', 1],
    ['log10(1000)', 3],
    ['log1p(0)', 0],
    ['ratio(1, 4)', 0.25],
    ['ratio(5, 0)', 0],
    ['number("3.5") + number(true)', 4.5],
    ['if(2 > 1, 10, 20)', 10],
  ])('%s is %d', (text, expected) => {
    expect(evaluate(text)[0]).toBeCloseTo(expected, 12)
  })

  test('columns are read by name, in backquotes and in brackets', () => {
    expect(evaluate('a + b')).toEqual([5, -2.5, 0, null])
    expect(evaluate('`Curricular units 1st sem (approved)` / 2')).toEqual([3, 2.5, 0, 1])
    expect(evaluate('[Curricular units 1st sem (approved)]')).toEqual([6, 5, 0, 2])
    expect(evaluate('`odd``]name`')).toEqual([9, 9, 9, 9])
    expect(evaluate('[odd`]]name]')).toEqual([9, 9, 9, 9])
  })

  test('what is no number is missing', () => {
    expect(evaluate('a / b')).toEqual([0.25, null, null, null])
    expect(evaluate('log(a)')).toEqual([0, null, null, null])
    expect(evaluate('sqrt(a)')).toEqual([1, null, 0, null])
    expect(evaluate('exp(1e9)')).toEqual([null, null, null, null])
    expect(evaluate('ratio(a, b)')).toEqual([0.25, 0, 0, null])
  })
})

describe('missing values', () => {
  test('pass through arithmetic, comparison and min', () => {
    expect(evaluate('a > 0')).toEqual([true, false, false, null])
    expect(evaluate('min(a, 100)')).toEqual([1, -2.5, 0, null])
    expect(evaluate('sex == "F"')).toEqual([true, false, false, null])
    expect(evaluate('sex != "F"')).toEqual([false, true, true, null])
  })

  test('decide nothing that the other side of && and || decides', () => {
    expect(evaluate('a > 0 && b > 100')).toEqual([false, false, false, false])
    expect(evaluate('a > 0 || b > 0')).toEqual([true, false, false, true])
    expect(evaluate('a > 0 && b > 0')).toEqual([true, false, false, null])
    expect(evaluate('!(a > 0)')).toEqual([false, true, true, null])
  })

  test('can be told, replaced and made', () => {
    expect(evaluate('isMissing(a)')).toEqual([false, false, false, true])
    expect(evaluate('isMissing(title)')).toEqual([false, false, true, false])
    expect(evaluate('coalesce(a, b)')).toEqual([1, -2.5, 0, 3])
    expect(evaluate('coalesce(sex, "?")')).toEqual(['F', 'M', 'M', '?'])
    expect(evaluate('missingIf(b, 0)')).toEqual([4, null, null, 3])
    expect(evaluate('missingIf(sex, "M")')).toEqual(['F', null, null, null])
    expect(evaluate('if(a > 0, 1, 2)')).toEqual([1, 2, 2, null])
  })
})

describe('texts, categories and dates', () => {
  test('texts are measured and searched', () => {
    expect(evaluate('length(title)')).toEqual([9, 0, null, 12])
    expect(evaluate('wordCount(title)')).toEqual([3, 0, null, 2])
    expect(evaluate('contains(lower(title), "why")')).toEqual([true, false, null, false])
    expect(evaluate('startsWith(trim(title), "two")')).toEqual([false, false, null, true])
    expect(evaluate('upper(sex)')).toEqual(['F', 'M', 'M', null])
    expect(evaluate('concat(sex, "-", course)')).toEqual(['F-33', 'M-171', null, null])
  })

  test('a category with numeric codes compares with a text and with a number that is written out', () => {
    expect(evaluate('course == "33"')).toEqual([true, false, null, true])
    expect(evaluate('33 == course')).toEqual([true, false, null, true])
    expect(evaluate('number(course) + 1')).toEqual([34, 172, null, 34])
  })

  test('a boolean column is true or false by itself and compares with 0 and 1', () => {
    expect(evaluate('debtor')).toEqual([true, false, null, true])
    expect(evaluate('debtor == 1')).toEqual([true, false, null, true])
    expect(evaluate('debtor == false')).toEqual([false, true, null, false])
    expect(evaluate('if(debtor, "owes", "paid")')).toEqual(['owes', 'paid', null, 'owes'])
  })

  test('dates give their parts in UTC and compare with dates that are written out', () => {
    expect(evaluate('year(enrolled)')).toEqual([2024, 1970, null, 2026])
    expect(evaluate('month(enrolled)')).toEqual([2, 1, null, 11])
    expect(evaluate('day(enrolled)')).toEqual([29, 1, null, 21])
    expect(evaluate('dayOfWeek(enrolled)')).toEqual([4, 4, null, 6])
    expect(evaluate('dayOfYear(enrolled)')).toEqual([60, 1, null, 325])
    expect(evaluate('hour(enrolled)')).toEqual([0, 0, null, 13])
    expect(evaluate('daysBetween(enrolled, left)')).toEqual([1, 0.5, null, null])
    expect(evaluate('enrolled >= "2024-02-29"')).toEqual([true, false, null, true])
    expect(evaluate('daysBetween(date("2024-01-01"), date("2024-01-31"))')[0]).toBe(30)
    expect(evaluate('date(title)')).toEqual([null, null, null, null])
  })

  test('an expression can make the target: classes of a number', () => {
    const grades = { columns: [{ name: 'G3', kind: 'number', dataType: 'integer' } as const] }
    const table = makeTable([['G3', { kind: 'number', values: Float64Array.of(9, 10, 20, Number.NaN) }]])
    const pass = compileExpression('G3 >= 10', grades).evaluate(table)
    expect(pass).toEqual({ kind: 'category', categories: ['false', 'true'], codes: Int32Array.of(0, 1, 1, -1) })
    const levels = compileExpression('if(G3 >= 16, "I", if(G3 >= 10, "IV", "V"))', grades).evaluate(table)
    expect(plain(levels)).toEqual(['V', 'IV', 'I', null])
  })
})

describe('a fault is told with its place and a way out', () => {
  test.each([
    ['aa + 1', 1, 'there is no column "aa" to use here; did you mean a?'],
    ['1 +\n  `Curricular units 1st sem (aproved)`', 3, 'did you mean `Curricular units 1st sem (approved)`?'],
    ['G3 + 1', 1, 'column "G3" is no feature'],
    ['lg(a)', 1, 'there is no function lg; did you mean log?'],
    ['log(a, b)', 1, 'log(a) takes 1 value, not 2'],
    ['a +', 4, 'expected a value, found the end'],
    ['(a', 3, 'expected a closing ")", found the end'],
    ['a b', 3, 'put a column name with blanks into backquotes'],
    ['a = 1', 3, 'compare with =='],
    ['a ? 1 : 2', 3, 'write if(condition, a, b)'],
    ['a < b < 3', 7, "comparisons can't be chained"],
    ['a + sex', 5, '+ takes numbers, this is a text; number(…) reads a number from a text'],
    ['a + course', 5, 'its codes are categories, write number(…)'],
    ['enrolled + 1', 1, 'daysBetween(a, b) gives days'],
    ['a && b > 1', 1, '&& takes true or false, this is a number; compare it with something'],
    ['sex > "F"', 5, '> compares numbers or dates, not texts'],
    ['a == "1"', 3, "can't compare a number with a text"],
    ['enrolled > "29.02.2024"', 12, 'this is no date; write it as "2024-09-30"'],
    ['if(a > 1, 1, "x")', 14, 'must be of one type: this is a text, the first is a number'],
    ['round(a, b)', 10, 'the digits of round(a, digits) are written out'],
    ['"open', 1, 'has no closing "'],
    ['`open', 1, 'has no closing `'],
    ['1e999', 1, 'is too large'],
    ['', 1, 'expected a value, found the end'],
    ['year(sex)', 6, 'year(date) takes a date, this is a text; date(…) reads one'],
  ])('%j', (text, column, problem) => {
    const error = errorOf(text)
    expect(error.code).toBe('EXPRESSION_INVALID')
    expect(error.message).toContain(problem)
    expect(error.details[0]!.path).toBe(`features.derived.x:${text.includes('\n') ? 2 : 1}:${column}`)
  })
})

describe('hostile input', () => {
  test('is refused when it is long or deep, without running out of stack', () => {
    expect(errorOf('1+'.repeat(EXPRESSION_LIMITS.length)).message).toContain(
      `at most ${EXPRESSION_LIMITS.length} characters`,
    )
    expect(errorOf('('.repeat(1000)).message).toContain('levels deep')
    expect(errorOf('-'.repeat(1000) + 1).message).toContain('levels deep')
    expect(errorOf(`${'abs('.repeat(300)}1${')'.repeat(300)}`).message).toContain('levels deep')
    expect(errorOf('1 '.repeat(1999)).message).toContain(`more than ${EXPRESSION_LIMITS.tokens} words and signs`)
  })

  test('a long flat expression within the limits runs', () => {
    expect(evaluate(Array(700).fill('1').join('+'))[0]).toBe(700)
  })

  test.each(['constructor', '__proto__', 'toString', 'globalThis', 'process'])(
    '%s is no column and no function',
    (name) => {
      expect(errorOf(name).code).toBe('EXPRESSION_INVALID')
      expect(errorOf(`${name}(1)`).code).toBe('EXPRESSION_INVALID')
    },
  )

  test('any text either compiles or is refused with EXPRESSION_INVALID', () => {
    const word = fc.constantFrom(
      'a',
      'b',
      'sex',
      '`a`',
      '(',
      ')',
      '+',
      '-',
      '==',
      '"x"',
      '1',
      ',',
      'if',
      'log',
      '!',
      '&&',
      '[b]',
      ' ',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 20 }).map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(text, (source) => {
        try {
          compileExpression(source, SCHEMA).evaluate(TABLE)
        } catch (error) {
          expect(error).toBeInstanceOf(BellwetherError)
          expect((error as BellwetherError).code).toBe('EXPRESSION_INVALID')
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** Random trees of numbers, written as text, with their value computed by JavaScript itself. */
const arithmetic = fc.letrec<{ tree: { text: string; value: number } }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.integer({ min: 0, max: 99 }).map((value) => ({ text: String(value), value })),
    fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree')).map(([l, operator, r]) => ({
      text: `(${l.text} ${operator} ${r.text})`,
      value: operator === '+' ? l.value + r.value : operator === '-' ? l.value - r.value : l.value * r.value,
    })),
  ),
})).tree

test('arithmetic is that of JavaScript numbers', () => {
  fc.assert(
    fc.property(arithmetic, ({ text, value }) => {
      fc.pre(text.length < 900)
      expect(evaluate(text)[0]).toBe(Number.isFinite(value) ? value + 0 : null)
    }),
  )
})

test('a row does not see the other rows, and an expression restored from its state gives the same', () => {
  for (const text of ['a / b + number(course)', 'concat(sex, course)', 'debtor && a > 0', 'coalesce(enrolled, left)']) {
    const compiled = compileExpression(text, SCHEMA)
    const restored = restoreExpression(structuredClone(compiled.state()))
    expect(restored.columns).toEqual(compiled.columns)
    expect(restored.evaluate(TABLE)).toEqual(compiled.evaluate(TABLE))
    const rows = Uint32Array.of(3, 0)
    const some = plain(compiled.evaluate(selectRows(TABLE, rows)))
    const all = plain(compiled.evaluate(TABLE))
    expect(some).toEqual([all[3], all[0]])
  }
})

test('the docs list every function, and no other', () => {
  const docs = readFileSync(new URL('../../../docs/features.md', import.meta.url), 'utf8')
  const table = docs.slice(docs.indexOf('### Functions'))
  const listed = Array.from(table.matchAll(/^\| `(\w+)\(/gm), (match) => match[1])
  expect(listed.sort()).toEqual([...EXPRESSION_FUNCTIONS.keys()].sort())
})
