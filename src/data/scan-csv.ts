import { GrowingUint32 } from '../table/growing-uint32.ts'
import type { MalformedRow } from '../table/raw-table.ts'

/** What a pass over the bytes of a CSV file finds: where each row lies, and which lines are no rows. */
export interface CsvScan {
  /** Line where each well-formed row starts, from 1. */
  readonly rowNumbers: Uint32Array
  readonly malformed: readonly MalformedRow[]
  /** Line where a quote opens that nothing closes, or null. */
  readonly openQuoteLine: number | null
  /** Length of the longest row in bytes. */
  readonly longest: number
  /** Whether DuckDB reads the same rows from the file as it stands: one kind of line end, nothing to leave out. */
  readonly clean: boolean
}

export interface ScanOptions {
  readonly delimiter: string
  readonly nColumns: number
  /** Physical lines to pass over first. */
  readonly skipLines: number
  /** Whether the first record after them is a header. */
  readonly header: boolean
  /** Receives the bytes of each well-formed row, without its line end, valid during the call, and the line where it starts. */
  readonly onRow?: (bytes: Uint8Array, line: number) => void
  /** Receives each malformed row. Where it is given, `end()` lists neither rows nor malformed ones: memory stays constant. */
  readonly onMalformed?: (row: MalformedRow) => void
  /** Longest row in bytes that is taken; a quote that nothing closes would otherwise gather the rest of the file. */
  readonly maxRecordBytes?: number
}

/** A row longer than `maxRecordBytes`; it starts in `line`. */
export class RecordTooLong extends Error {
  readonly line: number
  constructor(line: number) {
    super(`the row that starts in line ${line} is too long`)
    this.line = line
  }
}

const CELL_START = 0
const PLAIN = 1
const QUOTED = 2
const AFTER_QUOTE = 3
const BROKEN = 4
/** After a closing quote and a blank. */
const AFTER_BLANK = 5

const LF = 10
const CR = 13
const QUOTE = 34
const BLANK = 32

const MAX_TEXT = 10_000

/**
 * Finds the records of a CSV file by RFC 4180: cells in quotes may hold delimiters, line ends and doubled quotes; a quote
 * inside a plain cell is a character like others; blanks around a quoted cell do not count; blank lines are no records.
 * A record with another number of cells than the header, or with text after a closing quote, is malformed.
 */
export class CsvScanner {
  readonly #options: ScanOptions
  readonly #delimiter: number
  readonly #lines = new GrowingUint32()
  readonly #malformed: MalformedRow[] = []
  /** Record ends by kind. */
  #nLf = 0
  #nCr = 0
  #nCrLf = 0
  #state = CELL_START
  #line = 1
  #lastWasCr = false
  #recordLine = 1
  #quoteLine = 0
  #nCells = 1
  /** Bytes of the current record in earlier chunks. */
  #parts: Uint8Array[] = []
  #partsLength = 0
  #longest = 0
  #toSkip: number
  #awaitingHeader: boolean
  #clean: boolean

  constructor(options: ScanOptions) {
    this.#options = options
    this.#delimiter = options.delimiter.charCodeAt(0)
    this.#toSkip = options.skipLines
    this.#awaitingHeader = options.header
    this.#clean = options.skipLines === 0
  }

  push(chunk: Uint8Array): void {
    const delimiter = this.#delimiter
    let state = this.#state
    let start = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (byte === LF || byte === CR) {
        const secondOfPair = byte === LF && this.#lastWasCr
        this.#lastWasCr = byte === CR
        if (state === QUOTED) {
          if (!secondOfPair) this.#line++
          continue
        }
        if (secondOfPair) {
          // The CR before it ended the record.
          this.#nCr--
          this.#nCrLf++
          start = i + 1
          continue
        }
        if (byte === CR) this.#nCr++
        else this.#nLf++
        this.#endRecord(chunk.subarray(start, i), state)
        this.#line++
        this.#recordLine = this.#line
        start = i + 1
        state = CELL_START
        continue
      }
      this.#lastWasCr = false
      if (this.#toSkip > 0 || state === BROKEN) continue
      switch (state) {
        case CELL_START:
          if (byte === delimiter) this.#nCells++
          else if (byte === QUOTE) {
            state = QUOTED
            this.#quoteLine = this.#line
          } else if (byte !== BLANK) state = PLAIN
          break
        case PLAIN:
          if (byte === delimiter) {
            this.#nCells++
            state = CELL_START
          }
          break
        case QUOTED:
          if (byte === QUOTE) state = AFTER_QUOTE
          break
        default:
          if (byte === delimiter) {
            this.#nCells++
            state = CELL_START
          } else if (byte === BLANK) state = AFTER_BLANK
          else state = byte === QUOTE && state === AFTER_QUOTE ? QUOTED : BROKEN
      }
    }
    if (start < chunk.length) {
      const part = chunk.slice(start)
      this.#parts.push(part)
      this.#partsLength += part.length
      if (this.#partsLength > (this.#options.maxRecordBytes ?? Number.POSITIVE_INFINITY))
        throw new RecordTooLong(this.#recordLine)
    }
    this.#state = state
  }

  end(): CsvScan {
    if (this.#state !== QUOTED && (this.#partsLength > 0 || this.#nCells > 1))
      this.#endRecord(new Uint8Array(), this.#state)
    const nKinds = [this.#nLf, this.#nCr, this.#nCrLf].filter((count) => count > 0).length
    return {
      rowNumbers: this.#lines.values(),
      malformed: this.#malformed,
      openQuoteLine: this.#state === QUOTED ? this.#quoteLine : null,
      longest: this.#longest,
      clean: this.#clean && this.#malformed.length === 0 && nKinds <= 1,
    }
  }

  #endRecord(tail: Uint8Array, state: number): void {
    const length = this.#partsLength + tail.length
    const parts = this.#parts
    const nCells = this.#nCells
    this.#parts = []
    this.#partsLength = 0
    this.#nCells = 1
    if (this.#toSkip > 0) {
      this.#toSkip--
      return
    }
    if (length === 0) {
      if (this.#awaitingHeader || this.#options.nColumns === 1) this.#clean = false
      return
    }
    if (length > this.#longest) this.#longest = length
    if (this.#awaitingHeader) {
      this.#awaitingHeader = false
      if (this.#recordLine !== this.#line) this.#clean = false
      return
    }
    const reason = this.#fault(state, nCells)
    if (reason !== null) {
      const malformed = { row: this.#recordLine, reason, text: textOf(parts, tail) }
      if (this.#options.onMalformed) {
        this.#clean = false
        this.#options.onMalformed(malformed)
      } else this.#malformed.push(malformed)
      return
    }
    if (!this.#options.onMalformed) this.#lines.push(this.#recordLine)
    this.#options.onRow?.(parts.length === 0 ? tail : Buffer.concat([...parts, tail]), this.#recordLine)
  }

  #fault(state: number, nCells: number): string | null {
    const { nColumns } = this.#options
    const span = this.#line > this.#recordLine ? ` (the row runs to line ${this.#line}; is a quote left open?)` : ''
    if (state === BROKEN) return `text after a closing quote, in cell ${nCells}${span}`
    if (nCells === nColumns) return null
    return `expected ${nColumns} cells, found ${nCells}${span}`
  }
}

function textOf(parts: readonly Uint8Array[], tail: Uint8Array): string {
  return Buffer.concat([...parts, tail])
    .toString('utf8')
    .slice(0, MAX_TEXT)
}
