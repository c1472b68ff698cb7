import type { ErrorDetail } from '../../errors.ts'
import type { ModelSignature } from '../../packaging/signature.ts'
import { jsonType } from '../../table/records-value.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { invalid, isPlainObject } from '../predict-request.ts'
import { mainAnswer, type Prediction } from '../prediction.ts'
import { probabilitiesOf } from './probabilities-of.ts'

/*
 * Open Inference Protocol V2 over HTTP: tensors by name. A table is one input per column, of shape [n] or [n, 1]; or one input of shape
 * [n, d] with the columns in the signature's order. Answers are `predict` (label, number or cluster) and, for classes, `predict_proba`;
 * of clusters `predict_proba` or `distances`.
 * https://github.com/kserve/open-inference-protocol
 */

export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly datatype: string
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
  readonly data: readonly (string | number | boolean | null)[]
}

export interface InferRequest {
  readonly id: string | null
  readonly records: readonly Record<string, unknown>[]
  /** Names of the outputs asked for; null: all. */
  readonly outputs: readonly string[] | null
}

const DATATYPES: ReadonlyMap<string, 'boolean' | 'number' | 'string'> = new Map([
  ['BOOL', 'boolean'],
  ...['UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'FP16', 'FP32', 'FP64'].map(
    (name) => [name, 'number'] as const,
  ),
  ['BYTES', 'string'],
])

const MAX_ID = 1000

const PROBABILITIES = 'predict_proba'
const DISTANCES = 'distances'

/** @throws INVALID_INPUT */
export function readInferRequest(body: unknown, signature: ModelSignature, maxRecords: number): InferRequest {
  if (!isPlainObject(body)) throw invalid([{ path: 'body', message: `expected an object, came ${jsonType(body)}` }])
  const { id = null, inputs, outputs = null } = body
  const faults: ErrorDetail[] = []
  if (id !== null && (typeof id !== 'string' || id.length > MAX_ID))
    faults.push({ path: 'id', message: `expected a string of at most ${MAX_ID} characters, came ${jsonType(id)}` })
  if (!Array.isArray(inputs) || inputs.length === 0) {
    faults.push({
      path: 'inputs',
      message: `expected an array of tensors, came ${inputs === undefined ? 'nothing' : jsonType(inputs)}`,
    })
    throw invalid(faults)
  }
  const wanted = readOutputs(outputs, signature, faults)
  const tensors = inputs.map((input, i) => readTensor(input, `inputs[${i}]`, faults))
  if (faults.length > 0) throw invalid(faults)
  const columns = columnsOf(tensors as ReadTensor[], signature)
  const n = columns[0]?.values.length ?? 0
  for (const { path, values } of columns) {
    if (values.length !== n)
      faults.push({ path, message: `expected ${n} rows as in the first input, came ${values.length}` })
  }
  if (n > maxRecords) faults.push({ path: 'inputs', message: `expected at most ${maxRecords} rows, came ${n}` })
  if (faults.length > 0) throw invalid(faults)
  return {
    id: id as string | null,
    outputs: wanted,
    records: Array.from({ length: n }, (_, row) =>
      Object.fromEntries(columns.map(({ name, values }) => [name, values[row]])),
    ),
  }
}

interface ReadTensor {
  readonly name: string
  readonly path: string
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data: readonly unknown[]
}

function readTensor(input: unknown, path: string, faults: ErrorDetail[]): ReadTensor | null {
  const fault = (field: string, message: string): null => {
    faults.push({ path: field === '' ? path : `${path}.${field}`, message })
    return null
  }
  if (!isPlainObject(input)) return fault('', `expected a tensor, came ${jsonType(input)}`)
  const { name, shape, datatype, data } = input
  if (typeof name !== 'string' || name === '') return fault('name', `expected a string, came ${jsonType(name)}`)
  if (!Array.isArray(shape) || shape.length === 0 || !shape.every((size) => Number.isInteger(size) && size >= 0))
    return fault('shape', 'expected an array of whole numbers, such as [1]')
  if (shape.length > 2) return fault('shape', `expected [rows] or [rows, columns], came ${shape.length} dimensions`)
  const type = typeof datatype === 'string' ? DATATYPES.get(datatype) : undefined
  if (type === undefined) return fault('datatype', `expected one of ${[...DATATYPES.keys()].join(', ')}`)
  if (!Array.isArray(data)) return fault('data', `expected an array, came ${jsonType(data)}`)
  const values = data.some(Array.isArray) ? data.flat(2) : data
  const expected = (shape as number[]).reduce((product, size) => product * size, 1)
  if (values.length !== expected)
    return fault('data', `expected ${expected} values for the shape [${shape.join(', ')}], came ${values.length}`)
  // A boolean may come as 0 and 1, as numpy writes it; null is a missing value, which the column's own rules judge.
  const wrong = values.findIndex(
    (value) => value !== null && typeof value !== type && !(type === 'boolean' && (value === 0 || value === 1)),
  )
  if (wrong >= 0) return fault(`data[${wrong}]`, `expected ${datatype as string}, came ${jsonType(values[wrong])}`)
  return {
    name,
    path,
    shape: shape as number[],
    data: type === 'boolean' ? values.map((value) => (value === null ? null : Boolean(value))) : values,
  }
}

interface Column {
  readonly name: string
  readonly path: string
  readonly values: readonly unknown[]
}

function columnsOf(tensors: readonly ReadTensor[], signature: ModelSignature): Column[] {
  const [only] = tensors
  const width = only?.shape[1] ?? 1
  const known = signature.inputs.some(({ name }) => name === only?.name)
  if (tensors.length === 1 && only && !known && width > 1) {
    if (width !== signature.inputs.length) {
      throw invalid([
        {
          path: `${only.path}.shape`,
          message: `expected [rows, ${signature.inputs.length}], the columns of the model, came [${only.shape.join(', ')}]`,
        },
      ])
    }
    const n = only.shape[0]!
    return signature.inputs.map(({ name }, column) => ({
      name,
      path: only.path,
      values: Array.from({ length: n }, (_, row) => only.data[row * width + column]),
    }))
  }
  const seen = new Set<string>()
  return tensors.map(({ name, path, shape, data }) => {
    if (seen.has(name)) throw invalid([{ path: `${path}.name`, message: 'is there twice' }])
    seen.add(name)
    if ((shape[1] ?? 1) !== 1)
      throw invalid([{ path: `${path}.shape`, message: `expected [rows] or [rows, 1], came [${shape.join(', ')}]` }])
    return { name, path, values: data }
  })
}

function readOutputs(outputs: unknown, signature: ModelSignature, faults: ErrorDetail[]): string[] | null {
  if (outputs === null || (Array.isArray(outputs) && outputs.length === 0)) return null
  if (!Array.isArray(outputs)) {
    faults.push({ path: 'outputs', message: `expected an array, came ${jsonType(outputs)}` })
    return null
  }
  const known = outputsOf(signature).map(({ name }) => name)
  return outputs.map((output: unknown, i) => {
    const name = isPlainObject(output) ? output['name'] : undefined
    if (typeof name === 'string' && known.includes(name)) return name
    faults.push({ path: `outputs[${i}].name`, message: `expected one of ${known.join(', ')}` })
    return ''
  })
}

export interface TensorFacts {
  readonly name: string
  readonly datatype: string
  /** -1: any number. */
  readonly shape: readonly number[]
}

/** Inputs and outputs of a model, as its metadata lists them. */
export function tensorsOf(signature: ModelSignature): { inputs: TensorFacts[]; outputs: TensorFacts[] } {
  return {
    inputs: signature.inputs.map((column) => ({ name: column.name, datatype: datatypeOf(column), shape: [-1, 1] })),
    outputs: outputsOf(signature),
  }
}

function outputsOf(signature: ModelSignature): TensorFacts[] {
  const { task, target } = signature
  if (task === 'clustering') {
    const name = signature.beside === 'probabilities' ? PROBABILITIES : DISTANCES
    return [
      { name: 'predict', datatype: 'INT64', shape: [-1] },
      { name, datatype: 'FP64', shape: [-1, signature.clusters] },
    ]
  }
  if (task !== 'classification') return [{ name: 'predict', datatype: 'FP64', shape: [-1] }]
  return [
    { name: 'predict', datatype: 'BYTES', shape: [-1] },
    { name: PROBABILITIES, datatype: 'FP64', shape: [-1, target.classes.length] },
  ]
}

function datatypeOf({ kind, dataType }: ColumnSchema): string {
  if (kind === 'text' || kind === 'date') return 'BYTES'
  if (dataType === 'boolean') return 'BOOL'
  if (dataType === 'integer') return 'INT64'
  return dataType === 'float' ? 'FP64' : 'BYTES'
}

/** The answer's outputs, in the order asked for. */
export function inferOutputs(
  predictions: readonly Prediction[],
  signature: ModelSignature,
  wanted: readonly string[] | null,
): Tensor[] {
  const n = predictions.length
  const all = outputsOf(signature)
  const chosen = wanted === null ? all : wanted.map((name) => all.find((output) => output.name === name)!)
  return chosen.map(({ name, datatype, shape }) => {
    if (name === PROBABILITIES) {
      return {
        name,
        datatype,
        shape: [n, shape[1]!],
        ...(signature.target ? { parameters: { classes: JSON.stringify(signature.target.classes) } } : {}),
        data: predictions.flatMap((prediction) => probabilitiesOf(prediction, signature)),
      }
    }
    if (name === DISTANCES) {
      const data = predictions.flatMap((prediction) => ('cluster' in prediction ? (prediction.distances ?? []) : []))
      return { name, datatype, shape: [n, shape[1]!], data }
    }
    return { name, datatype, shape: [n], data: predictions.map(mainAnswer) }
  })
}
