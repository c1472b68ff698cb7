import { DAY_MS, parseIsoDate } from '../date-parts.ts'
import { characterCount, wordCount } from '../text-measures.ts'
import { finite, type NumberCode, type TextCode } from './code.ts'
import {
  changeText,
  type ExpressionFunction,
  extreme,
  MANY,
  numeric,
  numericPair,
  ofDate,
  ofText,
  requireDate,
  requireText,
  sameType,
  testText,
} from './function-builders.ts'
import { equalityRun, requireBoolean, requireNumber } from './operators.ts'

const choose: ExpressionFunction = {
  usage: 'if(condition, a, b)',
  does: '`a` where the condition holds, `b` where it does not; missing where the condition is',
  min: 3,
  max: 3,
  build: ([condition, yes, no], at, fail) => {
    const test = requireBoolean(condition!, 'the condition of if(condition, a, b)', fail)
    if (sameType([yes!, no!], 'if(condition, a, b)', fail) === 'text') {
      const a = (yes as TextCode).run
      const b = (no as TextCode).run
      return {
        type: 'text',
        at,
        run: (columns, row) => {
          const holds = test(columns, row)
          if (Number.isNaN(holds)) return null
          return holds === 1 ? a(columns, row) : b(columns, row)
        },
      }
    }
    const a = (yes as NumberCode).run
    const b = (no as NumberCode).run
    return {
      type: (yes as NumberCode).type,
      at,
      run: (columns, row) => {
        const holds = test(columns, row)
        if (Number.isNaN(holds)) return holds
        return holds === 1 ? a(columns, row) : b(columns, row)
      },
    }
  },
}

const coalesce: ExpressionFunction = {
  usage: 'coalesce(a, b, …)',
  does: 'the first value that is not missing',
  min: 2,
  max: MANY,
  build: (args, at, fail) => {
    if (sameType(args, 'coalesce(a, b, …)', fail) === 'text') {
      const runs = args.map((arg) => (arg as TextCode).run)
      return {
        type: 'text',
        at,
        run: (columns, row) => {
          for (const run of runs) {
            const value = run(columns, row)
            if (value !== null) return value
          }
          return null
        },
      }
    }
    const runs = args.map((arg) => (arg as NumberCode).run)
    return {
      type: (args[0] as NumberCode).type,
      at,
      run: (columns, row) => {
        for (const run of runs) {
          const value = run(columns, row)
          if (!Number.isNaN(value)) return value
        }
        return Number.NaN
      },
    }
  },
}

const isMissing: ExpressionFunction = {
  usage: 'isMissing(a)',
  does: 'true where the value is missing; never missing itself',
  min: 1,
  max: 1,
  build: ([arg], at) => {
    if (arg!.type === 'text') {
      const run = arg!.run
      return { type: 'boolean', at, run: (columns, row) => (run(columns, row) === null ? 1 : 0) }
    }
    const run = arg!.run
    return { type: 'boolean', at, run: (columns, row) => (Number.isNaN(run(columns, row)) ? 1 : 0) }
  },
}

const missingIf: ExpressionFunction = {
  usage: 'missingIf(a, b)',
  does: '`a`, but missing where it equals `b`: for files that write 0 or 999 for "not known"',
  min: 2,
  max: 2,
  build: ([value, marker], at, fail) => {
    const equal = equalityRun(value!, marker!, at, fail)
    if (value!.type === 'text') {
      const run = value!.run
      return { type: 'text', at, run: (columns, row) => (equal(columns, row) === 1 ? null : run(columns, row)) }
    }
    const { type, run } = value!
    return { type, at, run: (columns, row) => (equal(columns, row) === 1 ? Number.NaN : run(columns, row)) }
  },
}

const round: ExpressionFunction = {
  usage: 'round(a) or round(a, digits)',
  does: 'rounded to whole numbers or to that many decimals; halves away from zero',
  min: 1,
  max: 2,
  build: ([arg, digitsArg], at, fail) => {
    const run = requireNumber(arg!, 'round(a, digits)', fail)
    const digits = digitsArg === undefined ? 0 : digitsArg.literal
    if (typeof digits !== 'number' || !Number.isInteger(digits) || digits < 0 || digits > 12) {
      fail(digitsArg!.at, 'the digits of round(a, digits) are written out: a whole number from 0 to 12')
    }
    const factor = 10 ** (digits as number)
    return {
      type: 'number',
      at,
      run: (columns, row) => {
        const value = run(columns, row)
        return finite((Math.sign(value) * Math.round(Math.abs(value) * factor)) / factor)
      },
    }
  },
}

const daysBetween: ExpressionFunction = {
  usage: 'daysBetween(from, to)',
  does: 'days from the first date to the second, with fractions; negative when the second is earlier',
  min: 2,
  max: 2,
  build: ([from, to], at, fail) => {
    const a = requireDate(from!, 'daysBetween(from, to)', fail)
    const b = requireDate(to!, 'daysBetween(from, to)', fail)
    return { type: 'number', at, run: (columns, row) => (b(columns, row) - a(columns, row)) / DAY_MS }
  },
}

const number: ExpressionFunction = {
  usage: 'number(a)',
  does: 'the number that a text holds, missing where it holds none; 1 for true and 0 for false',
  min: 1,
  max: 1,
  build: ([arg], at, fail) => {
    if (arg!.type === 'date') fail(arg!.at, 'number(a) takes a text or true and false, this is a date')
    if (arg!.type !== 'text') return { type: 'number', at, run: (arg as NumberCode).run }
    const run = arg!.run
    return { type: 'number', at, run: (columns, row) => parseNumber(run(columns, row)) }
  },
}

const date: ExpressionFunction = {
  usage: 'date(text)',
  does: 'the date that a text such as "2024-09-30" holds, missing where it holds none',
  min: 1,
  max: 1,
  build: ([arg], at, fail) => {
    const run = requireText(arg!, 'date(text)', fail)
    if (arg!.literal !== undefined && Number.isNaN(parseIsoDate(arg!.literal as string))) {
      fail(arg!.at, 'this is no date; write it as "2024-09-30"')
    }
    return {
      type: 'date',
      at,
      run: (columns, row) => {
        const text = run(columns, row)
        return text === null ? Number.NaN : parseIsoDate(text)
      },
    }
  },
}

const concat: ExpressionFunction = {
  usage: 'concat(a, b, …)',
  does: 'texts put together',
  min: 2,
  max: MANY,
  build: (args, at, fail) => {
    const runs = args.map((arg) => requireText(arg, 'concat(a, b, …)', fail))
    return {
      type: 'text',
      at,
      run: (columns, row) => {
        let whole = ''
        for (const run of runs) {
          const part = run(columns, row)
          if (part === null) return null
          whole += part
        }
        return whole
      },
    }
  },
}

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

function parseNumber(text: string | null): number {
  const trimmed = text?.trim() ?? ''
  return DECIMAL.test(trimmed) ? finite(Number(trimmed)) : Number.NaN
}

/** Every function of the language by name. The table of docs/features.md is checked against this. */
export const EXPRESSION_FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map([
  ['if', choose],
  ['ratio', numericPair('ratio(a, b)', '`a / b`, and 0 where `b` is 0', (a, b) => (b === 0 ? a * 0 : a / b))],
  ['isMissing', isMissing],
  ['coalesce', coalesce],
  ['missingIf', missingIf],
  ['log', numeric('log(a)', 'natural logarithm; missing for 0 and less', Math.log)],
  ['log1p', numeric('log1p(a)', '`log(1 + a)`, for counts that may be 0', Math.log1p)],
  ['log10', numeric('log10(a)', 'logarithm to base 10', Math.log10)],
  ['exp', numeric('exp(a)', 'e to the power of a', Math.exp)],
  ['sqrt', numeric('sqrt(a)', 'square root; missing for less than 0', Math.sqrt)],
  ['pow', numericPair('pow(a, b)', '`a` to the power of `b`', (a, b) => a ** b)],
  ['abs', numeric('abs(a)', 'size without sign', Math.abs)],
  ['min', extreme('min(a, b, …)', 'the smallest', (a, b) => Math.min(a, b))],
  ['max', extreme('max(a, b, …)', 'the largest', (a, b) => Math.max(a, b))],
  ['round', round],
  ['floor', numeric('floor(a)', 'the next whole number below', Math.floor)],
  ['ceil', numeric('ceil(a)', 'the next whole number above', Math.ceil)],
  ['number', number],
  ['length', ofText('length(text)', 'characters of a text', characterCount)],
  ['wordCount', ofText('wordCount(text)', 'words of a text', wordCount)],
  ['lower', changeText('lower(text)', 'in small letters', (text) => text.toLowerCase())],
  ['upper', changeText('upper(text)', 'in capital letters', (text) => text.toUpperCase())],
  ['trim', changeText('trim(text)', 'without blanks at both ends', (text) => text.trim())],
  ['concat', concat],
  [
    'contains',
    testText('contains(text, part)', 'whether the part stands somewhere in the text', (a, b) => a.includes(b)),
  ],
  [
    'startsWith',
    testText('startsWith(text, part)', 'whether the text starts with the part', (a, b) => a.startsWith(b)),
  ],
  ['date', date],
  ['year', ofDate('year', 'the year')],
  ['quarter', ofDate('quarter', 'the quarter, 1 to 4')],
  ['month', ofDate('month', 'the month, 1 to 12')],
  ['day', { ...ofDate('dayOfMonth', 'the day of the month, 1 to 31'), usage: 'day(date)' }],
  ['dayOfWeek', ofDate('dayOfWeek', 'Monday 1 to Sunday 7')],
  ['dayOfYear', ofDate('dayOfYear', '1 to 366')],
  ['hour', ofDate('hour', 'the hour in UTC, 0 to 23')],
  ['daysBetween', daysBetween],
])
