import { type FramePlace, markOf } from './person-index.ts'
import type { SegmentReader } from './segment.ts'

/** Where entries of some persons can be, so that looking for one neither reads every frame nor parses every line. */
export interface PlacesOfPersons {
  /** The frames that its index says may have some of them; null without an index: any may. */
  inSegment(segment: SegmentReader): Promise<readonly FramePlace[] | null>
  /** Whether the JSON of an entry can be of one of them; told without reading it whole. */
  inLine(line: string): boolean
}

/** What stands before a person in the JSON of an entry. Within a text its quotes would be escaped. */
const BEFORE = '"person":"'

/** @param persons As `personKey` gives them. */
export function placesOfPersons(persons: string | ReadonlySet<string>): PlacesOfPersons {
  const wanted = typeof persons === 'string' ? new Set([persons]) : persons
  const marks = [...wanted].map(markOf)
  return {
    async inSegment(segment) {
      const index = await segment.persons()
      return index === null ? null : index.framesWith(marks)
    },
    inLine(line) {
      // A column or a class may be called so as well.
      for (let at = line.indexOf(BEFORE); at >= 0; at = line.indexOf(BEFORE, at + 1)) {
        const begin = at + BEFORE.length
        const person = line.slice(begin, line.indexOf('"', begin))
        if (person.includes('\\') || wanted.has(person)) return true
      }
      return false
    },
  }
}
