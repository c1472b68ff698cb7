import { parseNumber } from '../table/parse-number.ts'

/** Delimiters that are looked for, in the order in which a tie is decided. */
export const DELIMITERS = [',', ';', '\t', '|'] as const

/** A file of more is no table that a model is made of, and nobody has the memory for its header. */
export const MAX_COLUMNS = 100_000

/** How a delimiter reads in a message. */
export function delimiterName(delimiter: string): string {
  return delimiter === '\t' ? 'tab' : delimiter === ' ' ? 'blank' : `"${delimiter}"`
}

/**
 * Takes the first records of a CSV text apart, by RFC 4180: cells in quotes may hold delimiters, line ends and doubled
 * quotes; blank lines are left out. Lenient with what is not by the rules: this is for looking, not for reading.
 * @param complete Whether the text is the whole file; else its last record may be cut and is left out.
 * @returns records; one of more than `MAX_COLUMNS` cells is cut there, and the last
 */
export function splitSample(text: string, delimiter: string, complete: boolean, maxRecords = 200): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let cell = ''
  let wasQuoted = false
  let i = 0
  const endRecord = () => {
    record.push(cell)
    if (record.length > 1 || cell !== '' || wasQuoted) records.push(record)
    record = []
    cell = ''
    wasQuoted = false
  }
  while (i < text.length && records.length < maxRecords) {
    const char = text[i]!
    if (char === '"' && cell.trim() === '' && !wasQuoted) {
      const end = closingQuote(text, i + 1)
      if (end < 0) return records
      // A third of the time of `replaceAll` where there is nothing but quotes.
      cell = text
        .slice(i + 1, end)
        .split('""')
        .join('"')
      wasQuoted = true
      i = end + 1
    } else if (char === delimiter) {
      if (record.push(cell) > MAX_COLUMNS) return [...records, record]
      cell = ''
      wasQuoted = false
      i++
    } else if (char === '\n' || char === '\r') {
      endRecord()
      i += char === '\r' && text[i + 1] === '\n' ? 2 : 1
    } else {
      const end = plainEnd(text, i, delimiter)
      const plain = text.slice(i, end)
      if (!wasQuoted || plain.trim() !== '') cell += plain
      i = end
    }
  }
  if (complete && i >= text.length && records.length < maxRecords && (record.length > 0 || cell !== '' || wasQuoted))
    endRecord()
  return records
}

/** Where a plain part of a cell ends: at a delimiter, a line end, or a quote that only blanks come before. */
function plainEnd(text: string, from: number, delimiter: string): number {
  let blank = true
  for (let i = from; i < text.length; i++) {
    const char = text[i]!
    if (char === delimiter || char === '\n' || char === '\r' || (char === '"' && blank && i > from)) return i
    if (char !== ' ') blank = false
  }
  return text.length
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from)
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2)
  return at
}

/**
 * The delimiter that gives the most records as many cells as the first one, and more than one; of those, the one with most
 * cells. `,` where none does (a single column).
 */
export function sniffDelimiter(text: string, complete: boolean): string {
  let best: string = DELIMITERS[0]
  let bestScore = 0
  for (const delimiter of DELIMITERS) {
    const records = splitSample(text, delimiter, complete)
    const width = records[0]?.length ?? 0
    if (width < 2) continue
    const agreeing = records.filter((record) => record.length === width).length / records.length
    const score = agreeing + Math.min(width, 1000) / 1e6
    if (agreeing >= 0.5 && score > bestScore) {
      best = delimiter
      bestScore = score
    }
  }
  return best
}

/** A delimiter that an unquoted single-cell header holds: the sign that the file was split at the wrong character. */
export function otherDelimiterIn(headerLine: string, used: string): string | null {
  const unquoted = headerLine.replaceAll(/"(?:[^"]|"")*"/g, '')
  return DELIMITERS.find((delimiter) => delimiter !== used && unquoted.includes(delimiter)) ?? null
}

/**
 * Whether the first record holds names. It does not when one of its cells is a number and each other cell that is not
 * empty comes again below it in its column: names do not come again (`year;2018;2019` is a header, `Porto;12;3` above
 * more rows of Porto is not). A single record is a header.
 */
export function sniffHeader(records: readonly (readonly string[])[]): boolean {
  const first = records[0]
  if (!first || records.length < 2) return true
  let numbers = 0
  for (let column = 0; column < first.length; column++) {
    const cell = first[column]!.trim()
    if (cell === '') continue
    if (!Number.isNaN(parseNumber(cell)) || !Number.isNaN(parseNumber(cell, ','))) numbers++
    else if (!records.slice(1).some((record) => record[column]?.trim() === cell)) return true
  }
  if (numbers === 0) return true
  const ascending = first.every((cell, i) => i === 0 || parseNumber(cell) > parseNumber(first[i - 1]!))
  // 2018;2019;2020 above other numbers: years are names.
  return ascending && first.length > 1 && first.every((cell) => /^(?:19|20)\d\d$/.test(cell.trim()))
}

const COMMA_NUMBER = /^[+-]?\d+(?:,\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Whether the numbers of a text column are written with a decimal comma: each value is a number if read so, and at least
 * one has a comma.
 */
export function hasDecimalComma(values: readonly (string | null)[], missing: ReadonlySet<string>): boolean {
  const column = new DecimalComma(missing)
  for (const value of values) if (!column.add(value)) return false
  return column.found
}

/** The same, of values that come one by one. */
export class DecimalComma {
  readonly #missing: ReadonlySet<string>
  #commas = 0
  #refuted = false

  /** @param missing Texts that are no value. */
  constructor(missing: ReadonlySet<string>) {
    this.#missing = missing
  }

  /** @returns whether all values so far may have a decimal comma */
  add(value: string | null): boolean {
    if (value === null || this.#refuted) return !this.#refuted
    const text = value.trim()
    if (this.#missing.has(text)) return true
    if (!COMMA_NUMBER.test(text)) this.#refuted = true
    else if (text.includes(',')) this.#commas++
    return !this.#refuted
  }

  get found(): boolean {
    return !this.#refuted && this.#commas > 0
  }
}
