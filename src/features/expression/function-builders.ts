import { type CalendarPart, calendarPart } from '../date-parts.ts'
import { type Code, finite, type NumberCode, type NumberRun, type TextCode, type TextRun } from './code.ts'
import { ARTICLE, requireNumber } from './operators.ts'
import type { Fail } from './tokenize.ts'
import type { Position } from './types.ts'

/** One function of the language: how it is called, what it does, and how its arguments become code. */
export interface ExpressionFunction {
  /** How it is called, for messages and docs. */
  readonly usage: string
  readonly does: string
  readonly min: number
  readonly max: number
  build(args: readonly Code[], at: Position, fail: Fail): Code
}

/** Most arguments of a function that takes any number. */
export const MANY = 50

export function numeric(usage: string, does: string, apply: (x: number) => number): ExpressionFunction {
  return {
    usage,
    does,
    min: 1,
    max: 1,
    build: ([arg], at, fail) => {
      const run = requireNumber(arg!, usage, fail)
      return { type: 'number', at, run: (columns, row) => finite(apply(run(columns, row))) }
    },
  }
}

export function numericPair(usage: string, does: string, apply: (a: number, b: number) => number): ExpressionFunction {
  return {
    usage,
    does,
    min: 2,
    max: 2,
    build: ([first, second], at, fail) => {
      const a = requireNumber(first!, usage, fail)
      const b = requireNumber(second!, usage, fail)
      return { type: 'number', at, run: (columns, row) => finite(apply(a(columns, row), b(columns, row))) }
    },
  }
}

/** Math.min and Math.max give NaN when any argument is, which is what "missing propagates" asks for. */
export function extreme(usage: string, does: string, pick: (a: number, b: number) => number): ExpressionFunction {
  return {
    usage,
    does,
    min: 2,
    max: MANY,
    build: (args, at, fail) => {
      const runs = args.map((arg) => requireNumber(arg, usage, fail))
      return { type: 'number', at, run: (columns, row) => runs.map((run) => run(columns, row)).reduce(pick) }
    },
  }
}

export function requireText(code: Code, what: string, fail: Fail): TextRun {
  if (code.type !== 'text') fail(code.at, `${what} takes a text, this is ${ARTICLE[code.type]}`)
  return (code as TextCode).run
}

export function requireDate(code: Code, what: string, fail: Fail): NumberRun {
  if (code.type !== 'date') {
    const hint = code.type === 'text' ? '; date(…) reads one from a text such as "2024-09-30"' : ''
    fail(code.at, `${what} takes a date, this is ${ARTICLE[code.type]}${hint}`)
  }
  return (code as NumberCode).run
}

export function ofText(usage: string, does: string, measure: (text: string) => number): ExpressionFunction {
  return {
    usage,
    does,
    min: 1,
    max: 1,
    build: ([arg], at, fail) => {
      const run = requireText(arg!, usage, fail)
      return {
        type: 'number',
        at,
        run: (columns, row) => {
          const text = run(columns, row)
          return text === null ? Number.NaN : measure(text)
        },
      }
    },
  }
}

export function changeText(usage: string, does: string, change: (text: string) => string): ExpressionFunction {
  return {
    usage,
    does,
    min: 1,
    max: 1,
    build: ([arg], at, fail) => {
      const run = requireText(arg!, usage, fail)
      return {
        type: 'text',
        at,
        run: (columns, row) => {
          const text = run(columns, row)
          return text === null ? null : change(text)
        },
      }
    },
  }
}

export function testText(
  usage: string,
  does: string,
  test: (text: string, part: string) => boolean,
): ExpressionFunction {
  return {
    usage,
    does,
    min: 2,
    max: 2,
    build: ([first, second], at, fail) => {
      const whole = requireText(first!, usage, fail)
      const part = requireText(second!, usage, fail)
      return {
        type: 'boolean',
        at,
        run: (columns, row) => {
          const a = whole(columns, row)
          const b = part(columns, row)
          if (a === null || b === null) return Number.NaN
          return test(a, b) ? 1 : 0
        },
      }
    },
  }
}

export function ofDate(part: CalendarPart, does: string): ExpressionFunction {
  const usage = `${part}(date)`
  return {
    usage,
    does,
    min: 1,
    max: 1,
    build: ([arg], at, fail) => {
      const run = requireDate(arg!, usage, fail)
      return { type: 'number', at, run: (columns, row) => calendarPart(part, run(columns, row)) }
    },
  }
}

/** The one type that all the values have. */
export function sameType(codes: readonly Code[], usage: string, fail: Fail): Code['type'] {
  const type = codes[0]!.type
  for (const code of codes) {
    if (code.type !== type) {
      fail(
        code.at,
        `the values of ${usage} must be of one type: this is ${ARTICLE[code.type]}, the first is ${ARTICLE[type]}`,
      )
    }
  }
  return type
}
