import { originOfPrediction } from '../../track/prediction-id.ts'
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
/** What the JSON of an entry begins with, whose first key is its id. */
const BEGINNING = '{"id":"'

/** Ids say when or in which batch they were made, which is in the names of its files; of others nothing is known, and they may be anywhere. */
export function placesOfIds(ids: ReadonlySet<string>): PlacesOfIds {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  let isAnywhere = false
  const batches = new Set<string>()
  for (const id of ids) {
    const origin = originOfPrediction(id)
    if (origin === null) isAnywhere = true
    else if ('batch' in origin) batches.add(origin.batch)
    else {
      first = Math.min(first, origin.time)
      last = Math.max(last, origin.time)
    }
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
