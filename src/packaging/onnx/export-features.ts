import type {
  BlockState,
  FeaturesState,
  NumbersState,
  SlotsState,
  TermsState,
  ValuesState,
} from '../../features/block-state.ts'
import { DAY_MS } from '../../features/date-parts.ts'
import { restoreExpression } from '../../features/expression/evaluate.ts'
import { ColumnScope, type ColumnValue, type OnnxInput } from './column-scope.ts'
import { calendarNodes } from './export-calendar.ts'
import { exportExpression } from './export-expression.ts'
import { termsTensor } from './export-terms.ts'
import { isMissing, isTextMissing, NotInOnnx } from './expression-nodes.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

/** The features of all records in the graph. */
export interface FeatureTensor {
  /** Double, shape (N, nColumns); one column of zeros where the features have none. */
  readonly tensor: TensorName
  /** Where each column of the features' matrix lies in the tensor; shape (nColumns). */
  readonly position: Int32Array
}

/** Pieces that lie side by side, and which matrix column each of their columns is. */
interface Pieces {
  readonly tensors: TensorName[]
  readonly columns: number[]
}

const TEXT_INPUTS = ['length', 'wordCount', 'words', 'hashed'] as const

/** Every name that an input of the graph may have. */
export function inputNames(state: FeaturesState): string[] {
  const names = [...state.inputs, ...state.derived.map(({ name }) => name)]
  return [...names, ...names.flatMap((name) => TEXT_INPUTS.map((measure) => `${measure}(${name})`))]
}

/**
 * Fitted features as the first part of a graph: a double tensor with the same numbers as `transform` gives, to the last bit for all
 * but logarithms, exponentials and powers.
 * @param inputs The graph's inputs so far; those that these features read are added.
 */
export function exportFeatures(
  builder: GraphBuilder,
  inputs: Map<string, OnnxInput>,
  state: FeaturesState,
): FeatureTensor {
  const scope = new ColumnScope(builder, inputs)
  for (const { name, expression } of state.derived) scope.define(name, derivedValue(name, expression, scope))
  const pieces: Pieces = { tensors: [], columns: [] }
  const blocks = state.blocks.filter((block) => block.type !== 'terms')
  const begins = blockBegins(blocks)
  numbersPieces(blocks, begins, scope, pieces)
  blocks.forEach((block, i) => {
    if (block.type === 'numbers') return
    pieces.tensors.push(categoryTensor(block, scope))
    pieces.columns.push(...block.names.map((_, j) => begins[i]! + j))
  })
  // The columns of terms stand behind all others.
  for (const block of state.blocks) {
    if (block.type !== 'terms') continue
    const { tensor, nColumns } = termsTensor(block, scope)
    const begin = pieces.columns.length
    pieces.tensors.push(tensor)
    for (let j = 0; j < nColumns; j++) pieces.columns.push(begin + j)
  }
  if (pieces.tensors.length === 0) return noColumns(state, scope)
  const position = new Int32Array(pieces.columns.length)
  pieces.columns.forEach((column, at) => {
    position[column] = at
  })
  return { tensor: builder.concat(pieces.tensors), position }
}

function derivedValue(
  name: string,
  expression: FeaturesState['derived'][number]['expression'],
  scope: ColumnScope,
): ColumnValue {
  try {
    return exportExpression(expression, scope)
  } catch (error) {
    if (!(error instanceof NotInOnnx)) throw error
    return precomputed(name, expression, scope)
  }
}

/** A derived column that the caller works out. */
function precomputed(
  name: string,
  expression: FeaturesState['derived'][number]['expression'],
  scope: ColumnScope,
): ColumnValue {
  const { type } = restoreExpression(expression)
  const said = `the value of ${expression.text}`
  const { builder } = scope
  switch (type) {
    case 'number':
    case 'date': {
      const missing = type === 'date' ? ', in milliseconds since 1970-01-01 UTC' : ''
      return {
        type,
        tensor: builder.finite(scope.numbers(name, 'number', `${said}${missing}; NaN where it is missing`)),
      }
    }
    case 'boolean':
      return {
        type,
        tensor: scope.numbers(name, 'number', `${said} as 1 and 0; NaN where it is missing`),
      }
    case 'text':
      return { type, tensor: scope.texts(name, `${said}; an empty text where it is missing`), missing: null }
  }
}

type DenseBlock = Exclude<BlockState, TermsState>

/** Where each block's columns begin in the matrix. */
function blockBegins(blocks: readonly DenseBlock[]): number[] {
  let at = 0
  return blocks.map((block) => {
    const begin = at
    at += block.type === 'numbers' ? block.steps.length + (block.indicator ? 1 : 0) : block.names.length
    return begin
  })
}

/** All numbers side by side, so that each step is one operation on all of them; then where they were missing. */
function numbersPieces(
  blocks: readonly DenseBlock[],
  begins: readonly number[],
  scope: ColumnScope,
  pieces: Pieces,
): void {
  const { builder } = scope
  const raw: TensorName[] = []
  const steps: NumbersState['steps'][number][] = []
  const indicators: { of: TensorName; column: number }[] = []
  blocks.forEach((block, i) => {
    if (block.type !== 'numbers') return
    const measured = block.measures.map((measure) => measureTensor(block.source, measure, scope))
    block.steps.forEach((own, j) => {
      raw.push(measured[j]!)
      steps.push(own)
      pieces.columns.push(begins[i]! + j)
    })
    if (block.indicator) indicators.push({ of: measured[0]!, column: begins[i]! + block.steps.length })
  })
  if (raw.length > 0) pieces.tensors.push(applySteps(builder, builder.finite(builder.concat(raw)), steps))
  if (indicators.length === 0) return
  const looked = builder.finite(builder.concat(indicators.map(({ of }) => of)))
  pieces.tensors.push(builder.cast(isMissing(builder, looked), 'double'))
  pieces.columns.push(...indicators.map(({ column }) => column))
}

/** Clip, impute, scale, in this order; bounds and values of all columns at once. */
function applySteps(
  builder: GraphBuilder,
  values: TensorName,
  steps: readonly NumbersState['steps'][number][],
): TensorName {
  let x = values
  if (steps.some(({ clip }) => clip !== null)) {
    const low = builder.doubles(steps.map(({ clip }) => clip?.low ?? Number.NEGATIVE_INFINITY))
    const high = builder.doubles(steps.map(({ clip }) => clip?.high ?? Number.POSITIVE_INFINITY))
    const raised = builder.where(builder.node('Less', [x, low]), low, x)
    x = builder.where(builder.node('Greater', [raised, high]), high, raised)
  }
  if (steps.some(({ impute }) => impute !== null)) {
    x = builder.where(isMissing(builder, x), builder.doubles(steps.map(({ impute }) => impute ?? Number.NaN)), x)
  }
  if (steps.some(({ scale }) => scale !== null)) {
    const centred = builder.node('Sub', [x, builder.doubles(steps.map(({ scale }) => scale?.center ?? 0))])
    x = builder.node('Div', [centred, builder.doubles(steps.map(({ scale }) => scale?.scale ?? 1))])
  }
  return x
}

function measureTensor(source: string, measure: NumbersState['measures'][number], scope: ColumnScope): TensorName {
  const { builder } = scope
  const derived = scope.derived(source)
  switch (measure.kind) {
    case 'value':
      return derived ? derived.tensor : scope.numbers(source, 'number')
    case 'text':
      return scope.textMeasure(source, measure.measure)
    case 'date': {
      const ms = derived ? derived.tensor : scope.numbers(source, 'date')
      if (measure.part !== 'ageInDays') return calendarNodes(builder, measure.part, ms)
      const age = builder.node('Sub', [builder.number(measure.reference), ms])
      return builder.node('Div', [age, builder.number(DAY_MS)])
    }
  }
}

/** A category's columns: its row of a table that has one for each known category, for missing, and for unknown ones. */
function categoryTensor(block: SlotsState | ValuesState, scope: ColumnScope): TensorName {
  const { builder } = scope
  const nRows = block.categories.length + 2
  const nColumns = block.names.length
  const table = new Float64Array(nRows * nColumns)
  for (let row = 0; row < nRows; row++) {
    if (block.type === 'slots') {
      if (block.slots[row]! >= 0) table[row * nColumns + block.slots[row]!] = 1
    } else {
      for (let j = 0; j < nColumns; j++) table[row * nColumns + j] = block.values[j * nRows + row]!
    }
  }
  const index = builder.node('Reshape', [categoryIndex(block, scope), builder.integers([-1])])
  return builder.node('Gather', [builder.doubles(table, [nRows, nColumns]), index], { axis: { int: 0 } })
}

/** Row of each record's category, int64, shape (N, 1): of missing the number of categories, of unknown ones 1 more. */
function categoryIndex({ source, categories }: SlotsState | ValuesState, scope: ColumnScope): TensorName {
  const { builder } = scope
  const missing = categories.length
  const derived = scope.derived(source)
  const indexOf = (text: string) => {
    const at = categories.indexOf(text)
    return at < 0 ? missing + 1 : at
  }
  if (derived && derived.type !== 'text') {
    const isTrue = builder.node('Equal', [derived.tensor, builder.number(1)])
    const index = builder.where(isTrue, builder.number(indexOf('true')), builder.number(indexOf('false')))
    const all = builder.where(isMissing(builder, derived.tensor), builder.number(missing), index)
    return builder.cast(all, 'int64')
  }
  const computed = derived?.type === 'text' && derived.missing !== null ? derived : null
  const keys = [...categories, ...(computed ? [] : [''])]
  const codes = builder.mlNode('LabelEncoder', [computed?.tensor ?? scope.texts(source)], {
    keys_strings: { strings: keys },
    values_int64s: { ints: keys.map((_, i) => i) },
    default_int64: { int: missing + 1 },
  })
  return computed ? builder.where(isTextMissing(builder, computed), builder.integers([missing]), codes) : codes
}

/** Without features (a baseline over nothing that varies) the graph still needs an input to count the records by. */
function noColumns(state: FeaturesState, scope: ColumnScope): FeatureTensor {
  const { builder } = scope
  const first =
    builder.inputs[0]?.name ??
    scope.numbers(state.inputs[0] ?? 'rows', 'number', 'any number: it only says how many records there are')
  const count = builder.node('Gather', [builder.node('Shape', [first]), builder.integers([0])], { axis: { int: 0 } })
  const shape = builder.node('Concat', [count, builder.integers([1])], { axis: { int: 0 } })
  return { tensor: builder.node('Expand', [builder.number(0), shape]), position: new Int32Array(0) }
}
