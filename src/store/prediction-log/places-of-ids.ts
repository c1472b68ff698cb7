import { SEGMENT_NAME } from './log-files.ts'

/** Where entries of some ids can be, so that looking for one prediction doesn't read the whole log. */
export interface PlacesOfIds {
  /** @param day Of the partition, as `2026-01-31`. @param name Of the file. */
  inSegment(day: string, name: string): boolean
  /** Whether the JSON of an entry can be one of them; told without reading it whole. */
  inLine(line: string): boolean
}

const DAY_MS = 86_400_000
/** An entry lies in the partition of the day on which it was written: moments after its id was made, or a clock that was set back. */
const SLACK_MS = DAY_MS
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Of a row of a batch of the command line: the batch, which is in the names of its files, and the row. */
const OF_BATCH = /^([0-9a-f]{16})-\d+$/
/** What the JSON of an entry begins with, whose first key is its id. */
const BEGINNING = '{"id":"'

/** The ids of a server are ULIDs, which say when they were made; of others nothing is known, and they may be anywhere. */
export function placesOfIds(ids: ReadonlySet<string>): PlacesOfIds {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  let isAnywhere = false
  const batches = new Set<string>()
  for (const id of ids) {
    const batch = OF_BATCH.exec(id)?.[1]
    if (batch !== undefined) batches.add(batch)
    else if (ULID.test(id)) {
      first = Math.min(first, timeOf(id))
      last = Math.max(last, timeOf(id))
    } else isAnywhere = true
  }
  return {
    inSegment(day, name) {
      if (isAnywhere) return true
      const batch = SEGMENT_NAME.exec(name)?.[3]
      if (batch !== undefined) return batches.has(batch)
      const begin = Date.parse(`${day}T00:00:00Z`)
      return begin + DAY_MS + SLACK_MS > first && begin - SLACK_MS <= last
    },
    inLine(line) {
      if (!line.startsWith(BEGINNING)) return true
      const id = line.slice(BEGINNING.length, line.indexOf('"', BEGINNING.length))
      return id.includes('\\') || ids.has(id)
    },
  }
}

/** Milliseconds since 1970-01-01 UTC: the first ten characters. @see https://github.com/ulid/spec */
function timeOf(ulid: string): number {
  let time = 0
  for (const character of ulid.slice(0, 10)) time = time * 32 + DIGITS.indexOf(character)
  return time
}
