import { BellwetherError } from '../errors.ts'
import { text } from './context.ts'

/** A time as ISO 8601 (`2026-11-21`, `2026-11-21T14:30Z`), in milliseconds; UTC where it names no zone. @throws USAGE */
export function timeGiven(options: Record<string, unknown>, name: string): number | undefined {
  const value = text(options, name)
  if (value === undefined) return undefined
  const match = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(value)
  const time = match
    ? Date.parse(`${value.replace(' ', 'T')}${match[1] === undefined && value.length > 10 ? 'Z' : ''}`)
    : Number.NaN
  if (Number.isNaN(time)) {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    throw new BellwetherError('USAGE', `${flag} takes a time such as 2026-11-21 or 2026-11-21T14:30Z; got "${value}".`)
  }
  return time
}
