import { BellwetherError } from '../../errors.ts'
import type { FittedFeatures } from '../../features/fitted-features.ts'
import { HashingVectoriser } from '../../features/text/hashing-vectoriser.ts'
import type { AnalysisOptions, HashingOptions } from '../../features/text/text-options.ts'
import { wordsOf } from '../../features/text/word-reader.ts'
import { textMeasure } from '../../features/text-measures.ts'
import type { Column } from '../../table/column.ts'
import { matrixRows } from '../../table/matrix.ts'
import { toDenseMatrix } from '../../table/sparse-matrix.ts'
import type { Table } from '../../table/table.ts'
import type { OnnxInput } from './column-scope.ts'
import type { TensorFeed } from './onnx-session.ts'

/**
 * What an exported graph is given for the rows of a table: each input's column, of shape (nRows, 1), and what our own code works out
 * for those that ONNX can't.
 * @param features Of every member of the pipeline: each knows the columns that it derives.
 */
export function onnxFeeds(
  inputs: readonly OnnxInput[],
  features: readonly FittedFeatures[],
  table: Table,
): Record<string, TensorFeed> {
  const derived = features.map((own) => own.withDerived(table).columns)
  const feeds: Record<string, TensorFeed> = {}
  for (const input of inputs) {
    const column = derived.map((columns) => columns.get(input.column)).find((found) => found !== undefined)
    if (input.measure === 'word-list' || input.measure === 'hashed') {
      if (column?.kind !== 'text') throw mismatch(input, table.nRows)
      feeds[input.name] = input.measure === 'hashed' ? hashed(input, column.values) : wordList(input, column.values)
      continue
    }
    const dims = [table.nRows, 1]
    if (input.type === 'string') {
      feeds[input.name] = { type: 'string', dims, data: texts(input, column, table.nRows) }
    } else feeds[input.name] = { type: 'float64', dims, data: numbers(input, column, table.nRows) }
  }
  return feeds
}

/** The words of each text, the rows padded to the longest. */
function wordList({ analysis }: OnnxInput, values: readonly (string | null)[]): TensorFeed {
  const lists = values.map((text) => wordsOf(text, analysis as AnalysisOptions))
  const width = Math.max(1, ...lists.map(({ length }) => length))
  const data = lists.flatMap((words) => [...words, ...new Array<string>(width - words.length).fill('')])
  return { type: 'string', dims: [values.length, width], data }
}

function hashed({ analysis }: OnnxInput, values: readonly (string | null)[]): TensorFeed {
  const { nRows, nColumns, data } = toDenseMatrix(new HashingVectoriser(analysis as HashingOptions).transform(values))
  return { type: 'float64', dims: [nRows, nColumns], data: matrixRows({ nRows, nColumns, data, names: [] }) }
}

function texts(input: OnnxInput, column: Column | undefined, nRows: number): string[] {
  if (column?.kind === 'category') {
    return Array.from(column.codes, (code) => (code < 0 ? '' : column.categories[code]!))
  }
  if (column?.kind === 'text') return column.values.map((value) => value ?? '')
  throw mismatch(input, nRows)
}

function numbers(input: OnnxInput, column: Column | undefined, nRows: number): Float64Array {
  const { measure } = input
  if (measure === 'length' || measure === 'words') {
    if (column?.kind !== 'text') throw mismatch(input, nRows)
    return Float64Array.from(column.values, (value) => textMeasure(measure, value))
  }
  if (column?.kind === 'number' || column?.kind === 'date') return column.values
  // A derived truth that the graph takes as a number.
  if (column?.kind === 'category') {
    return Float64Array.from(column.codes, (code) => {
      if (code < 0) return Number.NaN
      return column.categories[code] === 'true' ? 1 : 0
    })
  }
  // The one input of a model without features says no more than how many rows there are.
  if (column === undefined || input.precomputed?.startsWith('any number')) return new Float64Array(nRows)
  throw mismatch(input, nRows)
}

function mismatch(input: OnnxInput, nRows: number): BellwetherError {
  return new BellwetherError(
    'FEATURES_INPUT_INVALID',
    `The table of ${nRows} rows has no column "${input.column}" that can feed the graph's ${input.type} input.`,
  )
}
