import type { DatePart } from './feature-options.ts'

export const DAY_MS = 86_400_000

/** Parts that a date has by itself; `ageInDays` needs a reference and is made by the date block. */
export type CalendarPart = Exclude<DatePart, 'ageInDays'>

/**
 * One part of a date, in UTC. `dayOfWeek` counts from Monday 1 to Sunday 7 (ISO 8601), `dayOfYear`, months and quarters from 1.
 * @param ms Milliseconds since 1970-01-01 UTC; NaN, or beyond what a date can hold, gives NaN.
 */
export function calendarPart(part: CalendarPart, ms: number): number {
  const date = new Date(ms)
  switch (part) {
    case 'year':
      return date.getUTCFullYear()
    case 'quarter':
      return Math.floor(date.getUTCMonth() / 3) + 1
    case 'month':
      return date.getUTCMonth() + 1
    case 'dayOfMonth':
      return date.getUTCDate()
    case 'dayOfWeek':
      return ((date.getUTCDay() + 6) % 7) + 1
    case 'dayOfYear':
      return Math.floor((ms - startOfYear(date)) / DAY_MS) + 1
    case 'hour':
      return date.getUTCHours()
  }
}

/** `Date.UTC` would take the years 0 to 99 for 1900 to 1999. */
function startOfYear(date: Date): number {
  return new Date(0).setUTCFullYear(date.getUTCFullYear(), 0, 1)
}

/**
 * Milliseconds since 1970 of an ISO 8601 date (`2024-09-30`), or date and time with seconds and zone left out at will; without a
 * zone it is UTC. NaN for anything else, 30 February included.
 */
export function parseIsoDate(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(
    text.trim(),
  )
  if (!match) return Number.NaN
  const [, year, month, day, time = '00:00', zone = 'Z'] = match
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day)) return Number.NaN
  return Date.parse(`${year}-${month}-${day}T${time}${zone}`)
}
