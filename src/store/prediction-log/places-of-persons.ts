import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { OPEN_SUFFIX } from './log-files.ts'
import { markOf } from './person-index.ts'
import { readPersonIndex } from './segment.ts'

/** Where entries of some persons can be, so that looking for one neither reads every file nor parses every line. */
export interface PlacesOfPersons {
  /** False where the file's index says that it has none of them; without an index it may. */
  inSegment(file: string): Promise<boolean>
  /** Whether the JSON of an entry can be of one of them; told without reading it whole. */
  inLine(line: string): boolean
}

/** What stands before a person in the JSON of an entry. Within a text its quotes would be escaped. */
const BEFORE = '"person":"'

/** @param persons As `personKey` gives them. */
export function placesOfPersons(persons: string | ReadonlySet<string>, ring: KeyRing | null): PlacesOfPersons {
  const wanted = typeof persons === 'string' ? new Set([persons]) : persons
  const marks = [...wanted].map(markOf)
  return {
    async inSegment(file) {
      // While it is written it has no index, and one whose writer was killed has perhaps a half one.
      if (file.endsWith(OPEN_SUFFIX)) return true
      const index = await readPersonIndex(file, ring)
      return index === null || marks.some((mark) => index.mayHold(mark))
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
