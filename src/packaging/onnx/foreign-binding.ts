import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { PredictingSignature } from '../signature.ts'
import { ELEMENT_TYPES } from './proto.ts'
import type { FileValue, OnnxFile } from './read-model.ts'
import { findZipMap, labelsOf } from './rewrite-model.ts'

/** How numbers that come out are to be read. */
export const ScoreKind = z.enum(['probabilities', 'logits', 'values'])
export type ScoreKind = z.output<typeof ScoreKind>

const InputType = z.enum(['float32', 'float64', 'int32', 'int64', 'bool', 'string'])
export type InputType = z.output<typeof InputType>

/** How records become the tensors of a foreign model and its tensors answers. Kept in `model.json` beside the file. */
export const ForeignBinding = z.strictObject({
  kind: z.literal('onnx model'),
  task: z.enum(['classification', 'regression']),
  classes: z.array(z.string()),
  inputs: z
    .array(
      z.strictObject({
        name: z.string(),
        type: InputType,
        /** Columns side by side, in this order. */
        columns: z.array(z.string()).min(1),
        /** 1 for a vector, 2 for a table. */
        rank: z.union([z.literal(1), z.literal(2)]),
      }),
    )
    .min(1),
  /** The model takes one row at a time. */
  rowByRow: z.boolean(),
  output: z.string(),
  scores: ScoreKind,
})
export type ForeignBinding = z.output<typeof ForeignBinding>

/** What may be said of a foreign model beside its file. */
export const ForeignSignature = z.strictObject({
  target: z.string().min(1).optional().describe('Name of what is predicted.'),
  classes: z.array(z.string().min(1)).min(2).optional().describe('Labels in the order of the probabilities.'),
  scores: z.enum(['probabilities', 'logits']).optional(),
  output: z.string().optional().describe('Name of the output that holds probabilities or values.'),
  inputs: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        min: z.number().optional(),
        max: z.number().optional(),
        categories: z.array(z.string()).min(1).optional(),
        required: z.boolean().optional(),
        description: z.string().optional(),
        unit: z.string().optional(),
        example: z.union([z.string(), z.number(), z.boolean()]).optional(),
      }),
    )
    .optional()
    .describe('The columns, in the order in which the model takes them.'),
})
export type ForeignSignature = z.output<typeof ForeignSignature>

export interface BoundModel {
  readonly binding: ForeignBinding
  readonly signature: PredictingSignature
}

const INPUT_TYPES: ReadonlyMap<number, InputType> = new Map<number, InputType>([
  [ELEMENT_TYPES.float, 'float32'],
  [ELEMENT_TYPES.double, 'float64'],
  [ELEMENT_TYPES.int32, 'int32'],
  [ELEMENT_TYPES.int64, 'int64'],
  [ELEMENT_TYPES.bool, 'bool'],
  [ELEMENT_TYPES.string, 'string'],
])

/**
 * How a model's inputs are columns and its outputs answers, from the file and what is said beside it. Inputs of shape (n, 1) are a column
 * each, one of shape (n, d) is d of them.
 * @throws ONNX_NOT_TABULAR naming the input or output that is not, or what has to be said
 */
export function bindModel(file: OnnxFile, said: ForeignSignature): BoundModel {
  const constants = new Set(file.graph.constants.map(({ name }) => name))
  const values = file.graph.inputs.filter(({ name }) => !constants.has(name))
  if (values.length === 0) throw notTabular('It has no input.')
  const named = said.inputs?.map(({ name }) => name) ?? null
  const bound = bindInputs(values, named)
  const ours = ownSignature(file)
  const output = chooseOutput(file, said, ours)
  const classes = said.classes ?? output.classes
  const task = classes === null ? 'regression' : 'classification'
  const binding = ForeignBinding.parse({
    kind: 'onnx model',
    task,
    classes: classes ?? [],
    inputs: bound.inputs,
    rowByRow: bound.rowByRow,
    output: output.name,
    scores: task === 'regression' ? 'values' : (said.scores ?? 'probabilities'),
  })
  if (new Set(classes).size !== (classes?.length ?? 0)) throw notTabular('Two of its classes have the same label.')
  const columns = binding.inputs.flatMap(({ columns: own, type }) =>
    own.map((name) => columnOf(name, type, said, ours)),
  )
  const signature = PredictingSignature.parse({
    task,
    target: {
      name: said.target ?? ours?.target.name ?? (task === 'classification' ? 'label' : 'value'),
      classes: classes ?? [],
    },
    inputs: columns,
    example: Object.fromEntries(
      columns.map((column) => [column.name, ours?.example[column.name] ?? exampleOf(column, said)]),
    ),
  })
  return { binding, signature }
}

/** The signature that our own export writes into the file; null for files from elsewhere. */
function ownSignature({ metadata }: OnnxFile): PredictingSignature | null {
  try {
    return PredictingSignature.parse(JSON.parse(metadata.get('bellwether.signature') ?? ''))
  } catch {
    return null
  }
}

function bindInputs(values: readonly FileValue[], named: readonly string[] | null) {
  let rowByRow = false
  const all = values.map(({ name, type }) => {
    if (type.kind !== 'tensor') throw notTabular(`Its input "${name}" is no tensor.`)
    const element = INPUT_TYPES.get(type.element)
    if (!element) throw notTabular(`Its input "${name}" is of a type (number ${type.element}) that no column has.`)
    const rank = type.dims?.length ?? 2
    if (rank !== 1 && rank !== 2) throw notTabular(`Its input "${name}" has ${rank} dimensions; a table has two.`)
    const [rows, width] = [type.dims?.[0] ?? null, rank === 1 ? 1 : (type.dims?.[1] ?? null)]
    if (typeof rows === 'number' && rows > 1)
      throw notTabular(`Its input "${name}" takes ${rows} rows at once, no others.`)
    rowByRow ||= rows === 1
    return { name, type: element, rank, width: typeof width === 'number' && width > 0 ? width : null }
  })
  // One input without a width takes what the named columns leave.
  const open = all.filter(({ width }) => width === null)
  const known = all.reduce((sum, { width }) => sum + (width ?? 0), 0)
  if (open.length > 0 && (named === null || open.length > 1)) {
    throw notTabular(`Its input "${open[0]!.name}" takes any number of columns: name them with --features.`)
  }
  const total = open.length > 0 ? named!.length : known
  if (named !== null && (named.length !== total || total <= known - (open.length > 0 ? 0 : 1))) {
    throw notTabular(`It takes ${known}${open.length > 0 ? ' or more' : ''} columns; ${named.length} are named.`)
  }
  let at = 0
  const inputs = all.map(({ name, type, rank, width }) => {
    const own = width ?? total - known
    const begin = at
    at += own
    const columns =
      named?.slice(begin, at) ?? (own === 1 ? [name] : Array.from({ length: own }, (_, i) => `${name}_${i}`))
    return { name, type, rank, columns }
  })
  const columns = inputs.flatMap((input) => input.columns)
  if (new Set(columns).size !== columns.length) throw notTabular('Two of its columns have the same name.')
  return { inputs, rowByRow }
}

interface ChosenOutput {
  readonly name: string
  /** null where the file names none: a value, unless labels are said. */
  readonly classes: readonly string[] | null
}

/** The output with probabilities, or the one number. */
function chooseOutput(file: OnnxFile, said: ForeignSignature, ours: PredictingSignature | null): ChosenOutput {
  const { outputs, nodes } = file.graph
  const zipMap = findZipMap(file)
  const own = ours?.task === 'classification' ? ours.target.classes : null
  const inFile = zipMap?.classes.length
    ? zipMap.classes
    : (own ?? nodes.map(labelsOf).find((labels) => labels !== null) ?? null)
  const floats = outputs.filter(
    ({ type }) =>
      type.kind === 'tensor' && (type.element === ELEMENT_TYPES.float || type.element === ELEMENT_TYPES.double),
  )
  if (said.output !== undefined) {
    const found = floats.find(({ name }) => name === said.output)
    if (!found) throw notTabular(`It has no output "${said.output}" of numbers; it has ${namesOf(floats)}.`)
    return { name: found.name, classes: inFile }
  }
  if (zipMap && outputs.some(({ name }) => name === zipMap.output)) return { name: zipMap.input, classes: inFile }
  if (floats.length !== 1) {
    throw notTabular(
      floats.length === 0
        ? 'It has no output of numbers: probabilities or a value.'
        : `It has several outputs of numbers (${namesOf(floats)}): name one as "output" in --signature.`,
    )
  }
  // Beside a label of its own, the numbers are the classes' probabilities.
  const hasLabel = outputs.length > 1
  if (hasLabel && inFile === null && said.classes === undefined) {
    throw notTabular('It gives labels, and the file does not name them: name them with --classes.')
  }
  return { name: floats[0]!.name, classes: inFile }
}

const namesOf = (values: readonly FileValue[]) => values.map(({ name }) => `"${name}"`).join(', ') || 'none'

function columnOf(
  name: string,
  type: InputType,
  said: ForeignSignature,
  ours: PredictingSignature | null,
): ColumnSchema {
  const known = ours?.inputs.find((each) => each.name === name)
  if (known) return known
  const own = said.inputs?.find((each) => each.name === name)
  const whole = type === 'int32' || type === 'int64'
  const kind = type === 'bool' || own?.categories ? 'category' : type === 'string' ? 'text' : 'number'
  const dataType = type === 'bool' ? 'boolean' : type === 'string' ? 'string' : whole ? 'integer' : 'float'
  const categories = type === 'bool' ? ['false', 'true'] : (own?.categories ?? [])
  return {
    name,
    kind,
    dataType,
    declared: {
      // A whole number or a truth has no word for "missing".
      required: own?.required ?? (whole || type === 'bool'),
      ...(whole ? { dataType: 'integer' as const } : {}),
      ...(own?.min === undefined ? {} : { min: own.min }),
      ...(own?.max === undefined ? {} : { max: own.max }),
      ...(own?.categories ? { categories: own.categories } : {}),
    },
    observed: { missing: 0, distinct: categories.length, min: null, max: null, categories },
    ...(own?.unit ? { unit: own.unit } : {}),
    ...(own?.description ? { description: own.description } : {}),
  }
}

function exampleOf({ name, kind, dataType, declared }: ColumnSchema, said: ForeignSignature) {
  const example = said.inputs?.find((each) => each.name === name)?.example
  if (example !== undefined) return example
  if (dataType === 'boolean') return false
  if (kind === 'category') return dataType === 'string' ? declared.categories![0]! : Number(declared.categories![0])
  if (kind === 'text') return 'text'
  return Math.min(Math.max(0, declared.min ?? 0), declared.max ?? 0)
}

export function notTabular(why: string): BellwetherError {
  return new BellwetherError('ONNX_NOT_TABULAR', `The ONNX model can't be served as it is. ${why}`)
}
