import type { BellwetherError } from '../../errors.ts'
import type { ModelSignature } from '../../packaging/signature.ts'
import { jsonType } from '../../table/records-value.ts'
import { invalid, isPlainObject } from '../predict-request.ts'
import { mainAnswer, type Prediction } from '../prediction.ts'
import { CsvError, csvRecords } from './csv-records.ts'
import { probabilitiesOf } from './probabilities-of.ts'

/** What a body of MLflow's scoring protocol asks for. */
export interface Invocation {
  readonly records: readonly unknown[]
  /** `predict` gives labels or numbers, `predict_proba` probabilities in the order of the classes or clusters. */
  readonly method: 'predict' | 'predict_proba'
}

const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

/**
 * Reads a body of `POST /invocations`: exactly one of `dataframe_split`, `dataframe_records`, `instances` (rows) and `inputs` (columns), or a CSV text.
 * Where MLflow's own server lets a null for a required number through as NaN, and quotes rows in its errors, this does neither.
 * @throws INVALID_INPUT
 * @see https://mlflow.org/docs/latest/deployment/deploy-model-locally
 */
export function readInvocation(body: unknown, signature: ModelSignature, maxRecords: number): Invocation {
  const invocation = typeof body === 'string' ? fromCsv(body, signature) : fromJson(body, signature)
  if (invocation.records.length > maxRecords) {
    throw invalid([
      {
        path: 'body',
        message: `expected at most ${maxRecords} records in a request, came ${invocation.records.length}`,
      },
    ])
  }
  return invocation
}

function fromCsv(text: string, signature: ModelSignature): Invocation {
  try {
    return { records: csvRecords(text, signature.inputs), method: 'predict' }
  } catch (error) {
    if (error instanceof CsvError) throw invalid([{ path: 'body', message: error.message }])
    throw error
  }
}

function fromJson(body: unknown, signature: ModelSignature): Invocation {
  if (!isPlainObject(body)) throw invalid([{ path: 'body', message: `expected an object, came ${jsonType(body)}` }])
  const given = FORMS.filter((form) => Object.hasOwn(body, form))
  const [form] = given
  if (form === undefined || given.length > 1) {
    throw invalid([
      {
        path: 'body',
        message: `expected exactly one of ${FORMS.join(', ')}, came ${given.length === 0 ? 'none' : given.join(' and ')}`,
      },
    ])
  }
  const method = readMethod(body['params'], signature)
  const value = body[form]
  switch (form) {
    case 'dataframe_split':
      return { records: fromSplit(value), method }
    case 'dataframe_records':
      return { records: listOf(value, form), method }
    case 'instances':
      return { records: fromInstances(value, signature), method }
    case 'inputs':
      return { records: fromColumns(value, signature), method }
  }
}

function readMethod(params: unknown, signature: ModelSignature): Invocation['method'] {
  if (params === undefined || params === null) return 'predict'
  if (!isPlainObject(params))
    throw invalid([{ path: 'params', message: `expected an object, came ${jsonType(params)}` }])
  const { predict_method: method = 'predict' } = params
  const hasProbabilities =
    signature.task === 'classification' || (signature.task === 'clustering' && signature.beside === 'probabilities')
  if (method === 'predict' || (method === 'predict_proba' && hasProbabilities)) return method
  const known = hasProbabilities ? '"predict" or "predict_proba"' : '"predict"'
  throw invalid([{ path: 'params.predict_method', message: `expected ${known}` }])
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalid([{ path, message: `expected an array, came ${jsonType(value)}` }])
}

function fromSplit(value: unknown): Record<string, unknown>[] {
  const path = 'dataframe_split'
  if (!isPlainObject(value)) throw invalid([{ path, message: `expected an object, came ${jsonType(value)}` }])
  const columns = namesOf(value['columns'], `${path}.columns`)
  return listOf(value['data'], `${path}.data`).map((row, i) => rowRecord(row, columns, `${path}.data[${i}]`))
}

function namesOf(value: unknown, path: string): string[] {
  const names = listOf(value, path)
  const wrong = names.findIndex((name, i) => typeof name !== 'string' || names.indexOf(name) !== i)
  if (wrong < 0) return names as string[]
  throw invalid([{ path: `${path}[${wrong}]`, message: 'expected a name that is there once' }])
}

function rowRecord(row: unknown, names: readonly string[], path: string): Record<string, unknown> {
  if (!Array.isArray(row)) throw invalid([{ path, message: `expected an array, came ${jsonType(row)}` }])
  if (row.length !== names.length)
    throw invalid([{ path, message: `expected ${names.length} values, came ${row.length}` }])
  return Object.fromEntries(names.map((name, i) => [name, row[i]]))
}

/** Rows as objects, or as lists in the order of the signature. */
function fromInstances(value: unknown, signature: ModelSignature): unknown[] {
  const names = signature.inputs.map(({ name }) => name)
  return listOf(value, 'instances').map((row, i) =>
    Array.isArray(row) ? rowRecord(row, names, `instances[${i}]`) : row,
  )
}

/** Columns as lists of equal length; one row's values by name; or rows as lists. */
function fromColumns(value: unknown, signature: ModelSignature): unknown[] {
  if (Array.isArray(value)) {
    const names = signature.inputs.map(({ name }) => name)
    return value.map((row, i) => (Array.isArray(row) ? rowRecord(row, names, `inputs[${i}]`) : row))
  }
  if (!isPlainObject(value)) throw invalid([{ path: 'inputs', message: `expected an object, came ${jsonType(value)}` }])
  const entries = Object.entries(value)
  if (entries.length > 0 && entries.every(([, column]) => !Array.isArray(column))) return [value]
  const lengths = entries.map(([name, column]) => listOf(column, `inputs.${name.slice(0, 100)}`).length)
  const wrong = lengths.findIndex((length) => length !== lengths[0])
  if (wrong >= 0) {
    throw invalid([
      {
        path: `inputs.${entries[wrong]![0].slice(0, 100)}`,
        message: `expected ${lengths[0]} values as in the first column, came ${lengths[wrong]}`,
      },
    ])
  }
  const lists = entries as [string, unknown[]][]
  return Array.from({ length: lengths[0] ?? 0 }, (_, row) =>
    // A tensor of one column comes as lists of one.
    Object.fromEntries(lists.map(([name, column]) => [name, single(column[row])])),
  )
}

function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value
}

/** The answer: a label, a number, a cluster or the probabilities of each row. */
export function invocationAnswer(
  predictions: readonly Prediction[],
  signature: ModelSignature,
  method: Invocation['method'],
): { predictions: (string | number | number[])[] } {
  return {
    predictions: predictions.map((prediction) => {
      return method === 'predict' ? mainAnswer(prediction) : probabilitiesOf(prediction, signature)
    }),
  }
}

/** MLflow's name for one of our errors. */
export function invocationErrorCode(error: BellwetherError): string {
  switch (error.status) {
    case 400:
      return error.details.some(({ message }) => /missing|absent/.test(message))
        ? 'INVALID_PARAMETER_VALUE'
        : 'BAD_REQUEST'
    case 401:
      return 'UNAUTHENTICATED'
    case 403:
      return 'PERMISSION_DENIED'
    case 404:
      return 'RESOURCE_DOES_NOT_EXIST'
    case 408:
    case 504:
      return 'DEADLINE_EXCEEDED'
    case 429:
      return 'REQUEST_LIMIT_EXCEEDED'
    case 503:
      return 'TEMPORARILY_UNAVAILABLE'
    default:
      return error.status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR'
  }
}
