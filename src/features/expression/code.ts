import type { Column } from '../../table/column.ts'
import type { ExpressionType, Position } from './types.ts'

/** Reads row `row` of the bound columns. NaN is missing; a boolean is 0 or 1, a date milliseconds since 1970 UTC. */
export type NumberRun = (columns: readonly Column[], row: number) => number
/** As `NumberRun`, for text; null is missing. */
export type TextRun = (columns: readonly Column[], row: number) => string | null

export interface NumberCode {
  readonly type: Exclude<ExpressionType, 'text'>
  readonly run: NumberRun
  readonly at: Position
  /** The value, where it is written in the expression itself. */
  readonly literal?: number
}

export interface TextCode {
  readonly type: 'text'
  readonly run: TextRun
  readonly at: Position
  readonly literal?: string
  /** A category column whose codes are numbers in the file: it may be compared with a number that is written out. */
  readonly numericCodes?: boolean
}

/** A checked part of an expression, ready to run. */
export type Code = NumberCode | TextCode

export function constant(type: NumberCode['type'], literal: number, at: Position): NumberCode {
  return { type, run: () => literal, at, literal }
}

/** A number that is not finite (a logarithm of 0, a division by 0) is missing. */
export function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN
}
