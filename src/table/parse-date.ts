const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/

/** Reads one way of writing dates: milliseconds since 1970 UTC, or NaN where the text is no such date. */
export type DateParser = (text: string) => number

/**
 * ISO 8601: `2026-11-21`, `2026-11-21T08:30`, with seconds, a fraction (cut at milliseconds), and `Z` or an offset.
 * A time without a zone is UTC, so that a file means the same on every machine. 30 February is no date.
 */
export function parseIsoDate(text: string): number {
  const match = ISO.exec(text.trim())
  if (!match) return Number.NaN
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match
  const local = utc(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  return local + milliseconds - offsetMs(zone)
}

/**
 * A parser for a pattern of `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss` and what stands between them; UTC. `M`, `d`, `H` alone
 * take one or two digits.
 * @returns null when the pattern names no year, month and day.
 */
export function dateParser(pattern: string): DateParser | null {
  const fields: string[] = []
  const source = pattern.replaceAll(/yyyy|MM?|dd?|HH?|mm|ss|[^\w\s]|\s+|\w/g, (token) => {
    const digits = DIGITS.get(token)
    if (digits === undefined)
      return token.trim() === '' ? String.raw`\s+` : token.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
    fields.push(token.charAt(0))
    return `(${digits})`
  })
  if (!['y', 'M', 'd'].every((field) => fields.includes(field)) || new Set(fields).size !== fields.length) return null
  const expression = new RegExp(`^${source}$`)
  return (text) => {
    const match = expression.exec(text.trim())
    if (!match) return Number.NaN
    const part = (field: string): number => {
      const at = fields.indexOf(field)
      return at < 0 ? 0 : Number(match[at + 1])
    }
    return utc(part('y'), part('M'), part('d'), part('H'), part('m'), part('s'))
  }
}

const DIGITS = new Map([
  ['yyyy', String.raw`\d{4}`],
  ['MM', String.raw`\d{2}`],
  ['M', String.raw`\d{1,2}`],
  ['dd', String.raw`\d{2}`],
  ['d', String.raw`\d{1,2}`],
  ['HH', String.raw`\d{2}`],
  ['H', String.raw`\d{1,2}`],
  ['mm', String.raw`\d{2}`],
  ['ss', String.raw`\d{2}`],
])

function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return Number.NaN
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0
  const digits = zone.replace(':', '').slice(1)
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2, 4) || '0')
  if (hours > 18 || minutes > 59) return Number.NaN
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}
