import type { RawTable } from '../../table/raw-table.ts'

/** A table that is read piece by piece, so that memory does not grow with its rows. */
export interface ChunkedTable {
  /** Name of the file, for messages. */
  readonly source: string
  readonly rowNoun: RawTable['rowNoun']
  readonly names: readonly string[]
  /** Rows of the file, malformed ones included. */
  readonly nRows: number
  /** Of the file's bytes, hexadecimal: the same file gives the same chunks. */
  readonly sha256: string
  readonly notes: readonly string[]
  /**
   * The rows from the start, in the file's order, each chunk with all columns; may be called again.
   * @throws FILE_UNREADABLE, ENCODING_INVALID, CSV_MALFORMED where the file is no longer what it was; CANCELLED
   */
  chunks(signal?: AbortSignal): AsyncGenerator<RawTable>
}

/** Rows of a chunk at most. */
export const CHUNK_ROWS = 2048

/** Cells of a chunk at most, where rows may be far shorter than the table is wide: a row of it is there in any case. */
export const CHUNK_CELLS = 1 << 20

/** Bytes of the rows of a chunk of a text file, about: one long row may be more. */
export const CHUNK_BYTES = 4 * 1024 * 1024

/** Longest row of a text file that is taken. */
export const MAX_RECORD_BYTES = 32 * 1024 * 1024
