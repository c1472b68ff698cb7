import type { RejectedRow } from '../../data/rejects-csv.ts'
import { BellwetherError } from '../../errors.ts'
import type { ModelSignature } from '../../packaging/signature.ts'
import { type CsvOptions, csvLine } from '../../table/csv-cell.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { rawText } from '../../table/raw-table.ts'
import type { Prediction } from '../prediction.ts'
import type { ScoredChunk, ScoredRow } from './score-chunk.ts'

export const BATCH_FORMATS = ['csv', 'jsonl', 'parquet'] as const
export type BatchFormat = (typeof BATCH_FORMATS)[number]

export interface OutputOptions extends CsvOptions {
  /** Columns of the file to be copied beside each answer. */
  readonly include?: readonly string[]
  /** Whether CSV has the predictions' ids; JSON lines always have them. */
  readonly ids?: boolean
  /** Whether rejected rows stand among the answers, with what is wrong with them. */
  readonly errors?: boolean
}

/** A column of CSV and Parquet output. */
export interface OutputColumn {
  readonly name: string
  /** As DuckDB calls it. */
  readonly type: 'BIGINT' | 'DOUBLE' | 'VARCHAR'
}

interface AnswerColumn extends OutputColumn {
  readonly value: (answer: Prediction) => string | number | null | undefined
}

/** Writes answers as text, chunk by chunk. Equal chunks give equal text. */
export interface BatchWriter {
  readonly columns: readonly OutputColumn[]
  readonly header: string
  lines(raw: RawTable, chunk: ScoredChunk): string
}

/** @param format Parquet is made from the lines of CSV at the end. @throws COLUMN_NOT_FOUND, INVALID_INPUT for included columns */
export function batchWriter(
  format: BatchFormat,
  signature: ModelSignature,
  names: readonly string[],
  options: OutputOptions,
): BatchWriter {
  const include = options.include ?? []
  for (const name of include) {
    if (!names.includes(name))
      throw new BellwetherError('COLUMN_NOT_FOUND', `The file has no column ${JSON.stringify(name)} to include.`)
  }
  return format === 'jsonl' ? jsonLines(include, options) : delimited(signature, include, options)
}

function jsonLines(include: readonly string[], { errors }: OutputOptions): BatchWriter {
  return {
    columns: [],
    header: '',
    lines(raw, chunk) {
      const included = includedCells(raw, include)
      const line = (row: number, rest: object) => `${JSON.stringify({ row, ...rest })}\n`
      const parts: string[] = []
      inOrder(chunk, errors === true, {
        scored: ({ row, at, answer }) =>
          parts.push(line(row, include.length > 0 ? { ...answer, columns: included(at) } : answer)),
        rejected: ({ row, violations }) =>
          parts.push(
            line(row, {
              error: 'INVALID_INPUT',
              details: violations.map(({ column, message }) => ({ path: column ?? '', message })),
            }),
          ),
      })
      return parts.join('')
    },
  }
}

function delimited(signature: ModelSignature, include: readonly string[], options: OutputOptions): BatchWriter {
  const { ids, errors } = options
  const answers = answerColumns(signature)
  const columns: OutputColumn[] = [
    { name: 'row', type: 'BIGINT' },
    ...(ids ? [{ name: 'id', type: 'VARCHAR' } as const] : []),
    ...include.map((name) => ({ name, type: 'VARCHAR' }) as const),
    ...answers.map(({ name, type }) => ({ name, type })),
    ...(errors ? [{ name: 'error', type: 'VARCHAR' } as const] : []),
  ]
  return {
    columns,
    header: csvLine(
      columns.map(({ name }) => name),
      options,
    ),
    lines(raw, chunk) {
      const included = includedCells(raw, include)
      const parts: string[] = []
      inOrder(chunk, errors === true, {
        scored({ row, at, answer }) {
          const cells: (string | number | null)[] = ids ? [row, answer.id] : [row]
          if (include.length > 0) cells.push(...Object.values(included(at)))
          for (const { value } of answers) cells.push(value(answer) ?? null)
          if (errors) cells.push(null)
          parts.push(csvLine(cells, options))
        },
        rejected({ row, violations }) {
          const reasons = violations.map(({ column, message }) => (column === null ? message : `${column}: ${message}`))
          const empty = new Array<null>(columns.length - 2).fill(null)
          parts.push(csvLine([row, ...empty, reasons.join(' | ')], options))
        },
      })
      return parts.join('')
    },
  }
}

/** Cells of a row of the file by column, as text. */
function includedCells(raw: RawTable, include: readonly string[]): (at: number) => Record<string, string | null> {
  const columns = include.map((name) => raw.columns.find((column) => column.name === name)!)
  return (at) => Object.fromEntries(columns.map((column) => [column.name, rawText(column, at)]))
}

function inOrder(
  { scored, rejected }: ScoredChunk,
  both: boolean,
  write: { scored(row: ScoredRow): void; rejected(row: RejectedRow): void },
): void {
  let next = 0
  const rejectedBefore = (row: number) => {
    while (both && next < rejected.length && rejected[next]!.row < row) write.rejected(rejected[next++]!)
  }
  for (const one of scored) {
    rejectedBefore(one.row)
    write.scored(one)
  }
  rejectedBefore(Number.POSITIVE_INFINITY)
}

function answerColumns(signature: ModelSignature): AnswerColumn[] {
  if (signature.task === 'clustering') {
    const what = signature.beside === 'probabilities' ? 'probability' : 'distance'
    return [
      { name: 'cluster', type: 'BIGINT', value: (answer) => ('cluster' in answer ? answer.cluster : null) },
      ...Array.from(
        { length: signature.clusters },
        (_, cluster): AnswerColumn => ({
          name: `${what} ${cluster}`,
          type: 'DOUBLE',
          value: (answer) => ('cluster' in answer ? (answer.probabilities ?? answer.distances ?? [])[cluster] : null),
        }),
      ),
    ]
  }
  if (signature.task === 'regression') {
    const bound = (side: 0 | 1) => (answer: Prediction) => ('value' in answer ? answer.interval?.[side] : null)
    return [
      { name: 'value', type: 'DOUBLE', value: (answer) => ('value' in answer ? answer.value : null) },
      { name: 'low', type: 'DOUBLE', value: bound(0) },
      { name: 'high', type: 'DOUBLE', value: bound(1) },
    ]
  }
  return [
    { name: 'label', type: 'VARCHAR', value: (answer) => ('label' in answer ? answer.label : null) },
    { name: 'confidence', type: 'DOUBLE', value: (answer) => ('label' in answer ? answer.confidence : null) },
    ...signature.target.classes.map(
      (name): AnswerColumn => ({
        name: `probability ${name}`,
        type: 'DOUBLE',
        value: (answer) => ('label' in answer ? answer.probabilities?.[name] : null),
      }),
    ),
    { name: 'set', type: 'VARCHAR', value: (answer) => ('label' in answer ? answer.set?.join(' | ') : null) },
  ]
}
