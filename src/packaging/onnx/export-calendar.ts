import { type CalendarPart, DAY_MS } from '../../features/date-parts.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

/** Days from 0000-03-01 to 1970-01-01, and in 400 years, in the Gregorian calendar. */
const EPOCH = 719_468
const ERA = 146_097
const HOUR_MS = 3_600_000
/** What a date can hold. */
const LAST_MS = 8.64e15

/**
 * One part of a date as nodes: the civil date from the count of days, in years that begin in March so that the leap day is the
 * last. All numbers are whole and far below 2^53: doubles are exact.
 * @param ms Milliseconds since 1970 UTC, NaN for missing; a double tensor.
 * @see Richards (2013), Calendars, in Explanatory Supplement to the Astronomical Almanac, chapter 15
 */
export function calendarNodes(builder: GraphBuilder, part: CalendarPart, ms: TensorName): TensorName {
  const number = (value: number) => builder.number(value)
  const add = (a: TensorName, b: TensorName) => builder.node('Add', [a, b])
  const sub = (a: TensorName, b: TensorName) => builder.node('Sub', [a, b])
  const times = (a: TensorName, factor: number) => builder.node('Mul', [a, number(factor)])
  const over = (a: TensorName, divisor: number) => builder.node('Floor', [builder.node('Div', [a, number(divisor)])])
  /** What is left of a division, never negative. */
  const rest = (a: TensorName, divisor: number) => sub(a, times(over(a, divisor), divisor))

  const beyond = builder.node('Greater', [builder.node('Abs', [ms]), number(LAST_MS)])
  const time = builder.where(beyond, number(Number.NaN), ms)
  if (part === 'hour') return over(rest(time, DAY_MS), HOUR_MS)
  const days = over(time, DAY_MS)
  // 1970-01-01 was a Thursday.
  if (part === 'dayOfWeek') return add(rest(add(days, number(3)), 7), number(1))

  const shifted = add(days, number(EPOCH))
  const era = over(shifted, ERA)
  const dayOfEra = sub(shifted, times(era, ERA))
  const leapDays = sub(sub(over(dayOfEra, 36_524), over(dayOfEra, 146_096)), over(dayOfEra, 1_460))
  const yearOfEra = over(add(dayOfEra, leapDays), 365)
  const before = add(times(yearOfEra, 365), sub(over(yearOfEra, 4), over(yearOfEra, 100)))
  /** From 1 March, beginning with 0. */
  const dayFromMarch = sub(dayOfEra, before)
  /** March is 0, February 11. */
  const monthFromMarch = over(add(times(dayFromMarch, 5), number(2)), 153)
  const nextYear = builder.node('Greater', [monthFromMarch, number(9)])
  const month = builder.where(nextYear, sub(monthFromMarch, number(9)), add(monthFromMarch, number(3)))
  if (part === 'month') return month
  if (part === 'quarter') return add(over(sub(month, number(1)), 3), number(1))
  if (part === 'dayOfMonth') {
    return add(sub(dayFromMarch, over(add(times(monthFromMarch, 153), number(2)), 5)), number(1))
  }
  const yearFromMarch = add(yearOfEra, times(era, 400))
  const year = builder.where(nextYear, add(yearFromMarch, number(1)), yearFromMarch)
  if (part === 'year') return year
  const divides = (divisor: number) =>
    builder.cast(builder.node('Equal', [rest(yearFromMarch, divisor), number(0)]), 'double')
  const leap = add(sub(divides(4), divides(100)), divides(400))
  return builder.where(nextYear, sub(dayFromMarch, number(305)), add(add(dayFromMarch, number(60)), leap))
}
