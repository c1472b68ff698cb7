import { BellwetherError } from '../../errors.ts'
import type { FittedFeatures } from '../../features/fitted-features.ts'
import type { FittedModel } from '../../learn/estimator.ts'
import type { FittedPipeline } from '../../learn/fitted-pipeline.ts'
import type { Column } from '../../table/column.ts'
import { columnOf, selectRows, type Table } from '../../table/table.ts'
import type { ForeignBinding, InputType } from './foreign-binding.ts'
import { FOREIGN_ESTIMATOR } from './foreign-files.ts'
import { inspectOnnx } from './inspect-model.ts'
import { type OnnxSession, openOnnx, type TensorFeed } from './onnx-session.ts'
import { servableModel } from './rewrite-model.ts'

/**
 * A model from elsewhere as a pipeline: it answers as ours do. What it learnt is not known, so it has no explanations and no importances.
 * @throws ONNX_INVALID, ONNX_RUNTIME_MISSING
 */
export function foreignPipeline(bytes: Uint8Array, binding: ForeignBinding): FittedPipeline {
  const session = openOnnx(servableModel(bytes, inspectOnnx(bytes)))
  const inputs = binding.inputs.flatMap(({ columns }) => columns)
  const state = () => binding
  return {
    features: foreignFeatures(inputs, state),
    model: foreignModel(binding, inputs.length, state),
    target: { task: binding.task, classes: binding.classes },
    predict: (table) => (binding.rowByRow ? eachRow(session, binding, table) : predict(session, binding, table)),
    explain: () => {
      throw noExplanation()
    },
    state,
  }
}

function foreignFeatures(inputs: readonly string[], state: FittedFeatures['state']): FittedFeatures {
  return {
    inputs,
    names: inputs,
    sources: inputs,
    transform() {
      throw new BellwetherError('INTERNAL', 'An imported ONNX model takes the columns as they are: it has no matrix.')
    },
    withDerived: (table) => table,
    state,
  }
}

function foreignModel(binding: ForeignBinding, nColumns: number, state: FittedModel['state']): FittedModel {
  return {
    estimator: FOREIGN_ESTIMATOR,
    task: binding.task,
    nClasses: binding.classes.length,
    predict() {
      throw new BellwetherError('INTERNAL', 'An imported ONNX model answers tables, not matrices.')
    },
    explain() {
      throw noExplanation()
    },
    importances: () => new Float64Array(nColumns),
    state,
  }
}

function noExplanation(): BellwetherError {
  return new BellwetherError(
    'CANNOT_SERVE',
    'This model was imported as ONNX: it has no explanations. Ask without them.',
  )
}

function eachRow(session: OnnxSession, binding: ForeignBinding, table: Table): Float64Array {
  const answers = Array.from({ length: table.nRows }, (_, row) =>
    predict(session, binding, selectRows(table, Uint32Array.of(row))),
  )
  return Float64Array.from(answers.flatMap((answer) => Array.from(answer)))
}

/** @throws ONNX_RUN_FAILED when the runtime fails, or gives another number of answers than there are rows */
function predict(session: OnnxSession, binding: ForeignBinding, table: Table): Float64Array {
  const { nRows } = table
  if (nRows === 0) return new Float64Array(0)
  const feeds = Object.fromEntries(
    binding.inputs.map((input): [string, TensorFeed] => {
      const columns = input.columns.map((name) => columnOf(table, name))
      const dims = input.rank === 1 ? [nRows] : [nRows, columns.length]
      return [input.name, { type: input.type, dims, data: tensorData(columns, input.type, nRows) }]
    }),
  )
  const { data } = session.run(feeds, [binding.output])[binding.output]!
  const scores = Float64Array.from(data as ArrayLike<number>)
  const nClasses = binding.classes.length
  if (binding.task === 'regression') {
    if (scores.length !== nRows) throw otherShape(scores.length, nRows, 1)
    return scores
  }
  const width = scores.length / nRows
  if (width === nClasses) return binding.scores === 'logits' ? softmax(scores, nClasses) : scores
  // One number for two classes is the second's.
  if (width !== 1 || nClasses !== 2) throw otherShape(scores.length, nRows, nClasses)
  const probabilities = new Float64Array(2 * nRows)
  for (let row = 0; row < nRows; row++) {
    const p = binding.scores === 'logits' ? 1 / (1 + Math.exp(-scores[row]!)) : scores[row]!
    probabilities[2 * row] = 1 - p
    probabilities[2 * row + 1] = p
  }
  return probabilities
}

function otherShape(came: number, nRows: number, width: number): BellwetherError {
  const expected = width === 1 ? 'one number a row' : `${width} numbers a row, one for each class`
  return new BellwetherError(
    'ONNX_RUN_FAILED',
    `The ONNX model gave ${came} numbers for ${nRows} rows; expected ${expected}. Name its classes in their order.`,
  )
}

function softmax(scores: Float64Array, nClasses: number): Float64Array {
  const result = new Float64Array(scores.length)
  for (let from = 0; from < scores.length; from += nClasses) {
    const highest = Math.max(...scores.subarray(from, from + nClasses))
    let sum = 0
    for (let c = 0; c < nClasses; c++) sum += Math.exp(scores[from + c]! - highest)
    for (let c = 0; c < nClasses; c++) result[from + c] = Math.exp(scores[from + c]! - highest) / sum
  }
  return result
}

/** Row by row, the columns side by side. */
function tensorData(columns: readonly Column[], type: InputType, nRows: number): TensorFeed['data'] {
  const width = columns.length
  if (type === 'string') {
    const texts = new Array<string>(nRows * width)
    columns.forEach((column, j) => {
      for (let row = 0; row < nRows; row++) texts[row * width + j] = textAt(column, row)
    })
    return texts
  }
  if (type === 'int64') {
    const whole = new BigInt64Array(nRows * width)
    columns.forEach((column, j) => {
      for (let row = 0; row < nRows; row++) whole[row * width + j] = BigInt(numberAt(column, row))
    })
    return whole
  }
  const numbers = new { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array }[type](
    nRows * width,
  )
  columns.forEach((column, j) => {
    for (let row = 0; row < nRows; row++) numbers[row * width + j] = numberAt(column, row)
  })
  return numbers
}

function numberAt(column: Column, row: number): number {
  if (column.kind === 'number' || column.kind === 'date') return column.values[row]!
  if (column.kind !== 'category' || column.codes[row]! < 0) return Number.NaN
  const text = column.categories[column.codes[row]!]!
  return text === 'true' ? 1 : text === 'false' ? 0 : Number(text)
}

function textAt(column: Column, row: number): string {
  if (column.kind === 'text') return column.values[row] ?? ''
  if (column.kind === 'category') return column.codes[row]! < 0 ? '' : column.categories[column.codes[row]!]!
  return String(column.values[row])
}
