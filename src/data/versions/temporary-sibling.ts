import { randomBytes } from 'node:crypto'
import path from 'node:path'

/** A name beside a file or folder, hidden and never used before, to write to before it is renamed. */
export function temporarySibling(place: string): string {
  return path.join(path.dirname(place), `.${path.basename(place)}.${randomBytes(6).toString('hex')}.tmp`)
}
