import { normalIdentifier } from './identifier-of-person.ts'

/** Columns of a rejects file before those of its source (`rejects-csv.ts`). */
const OWN_COLUMNS = 4
const MALFORMED = 'malformed row'

export interface RejectsWithout {
  /** The rejects file without those rows; null where no row is left. */
  readonly bytes: Uint8Array | null
  readonly removed: number
  readonly left: number
}

/**
 * Takes a person's rows out of a rejects file: those with the identifier in one of the columns, and those that no cells could be made of and that hold
 * it anywhere as a word. Other lines keep their bytes.
 */
export function rejectsWithout(csv: Uint8Array, columns: ReadonlySet<string>, given: string): RejectsWithout {
  const identifier = normalIdentifier(given)
  const [head, ...lines] = recordsOf(Buffer.from(csv.buffer, csv.byteOffset, csv.byteLength).toString('utf8'))
  if (!head) return { bytes: null, removed: 0, left: 0 }
  const places = head.cells.flatMap((name, i) => (i >= OWN_COLUMNS && columns.has(name) ? [i] : []))
  const last = head.cells.length - 1
  const isOfPerson = ({ cells }: CsvRecord) =>
    places.some((place) => place < last && normalIdentifier(cells[place] ?? '') === identifier) ||
    (head.cells[last] === MALFORMED && holdsWord((cells[last] ?? '').normalize('NFC'), identifier))
  const kept = lines.filter((line) => !isOfPerson(line))
  return {
    bytes: kept.length === 0 ? null : Buffer.from([head, ...kept].map(({ text }) => text).join(''), 'utf8'),
    removed: lines.length - kept.length,
    left: kept.length,
  }
}

interface CsvRecord {
  /** As it stands, with its line end. */
  readonly text: string
  readonly cells: readonly string[]
}

/** The records of a CSV file by RFC 4180. */
function recordsOf(text: string): CsvRecord[] {
  const records: CsvRecord[] = []
  for (let at = 0; at < text.length; ) {
    const begin = at
    const cells: string[] = []
    for (;;) {
      const quoted = text[at] === '"'
      const end = quoted ? endOfQuotes(text, at) : endOfCell(text, at)
      cells.push(quoted ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end))
      at = end
      if (text[at] !== ',') break
      at++
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    // What follows closed quotes is part of no cell; a file that we wrote has none.
    else if (at === begin) at++
    records.push({ text: text.slice(begin, at), cells })
  }
  return records
}

/** Behind the quote that closes. */
function endOfQuotes(text: string, at: number): number {
  for (let i = at + 1; ; i += 2) {
    i = text.indexOf('"', i)
    if (i < 0) return text.length
    if (text[i + 1] !== '"') return i + 1
  }
}

function endOfCell(text: string, at: number): number {
  let i = at
  while (i < text.length && text[i] !== ',' && text[i] !== '\r' && text[i] !== '\n') i++
  return i
}

/** Whether a text holds another one with no letter or digit directly before or behind it. */
export function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[\p{L}\p{N}]/u.test(text[at - 1] ?? '') && !/[\p{L}\p{N}]/u.test(text[at + word.length] ?? '')) return true
  }
  return false
}
