import { createHmac, type KeyObject } from 'node:crypto'
import { normalIdentifier } from '../../data/identifier-of-person.ts'
import type { JsonScalar } from '../../table/table-to-records.ts'
import type { ServedModel } from '../model-cache.ts'
import { isPlainObject } from '../predict-request.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../prediction.ts'
import { logPolicyOf } from './log-policy.ts'
import type { PredictionEntry, PredictionLog } from './prediction-log.ts'

export interface ScoredBatch {
  readonly served: ServedModel
  readonly records: readonly unknown[]
  readonly predictions: readonly (Prediction | FailedPrediction)[]
  readonly time: number
  readonly latencyMs: number
  readonly key: string | null
  readonly request: string
}

interface Policy extends ReturnType<typeof logPolicyOf> {
  /** Names of the columns that the model reads. */
  readonly read: ReadonlySet<string>
}

const policies = new WeakMap<object, Policy>()

/** What a model's project says of its log; read once. */
export function policyOf({ scorer }: ServedModel): Policy {
  let policy = policies.get(scorer)
  if (!policy) {
    policy = { ...logPolicyOf(scorer.manifest.project), read: new Set(scorer.signature.inputs.map(({ name }) => name)) }
    policies.set(scorer, policy)
  }
  return policy
}

/** The entries of a batch: those of its records that were answered. */
export function makeEntries(batch: ScoredBatch, log: Pick<PredictionLog, 'personKey'> & LogSecrets): PredictionEntry[] {
  const { served, records, predictions, time, latencyMs, key, request } = batch
  const { options, id: idColumn, sensitive, read } = policyOf(served)
  const entries: PredictionEntry[] = []
  for (const [i, prediction] of predictions.entries()) {
    const sent = records[i]
    if (isFailed(prediction) || !isPlainObject(sent)) continue
    const record = trimmedKeys(sent)
    const identifier = idColumn === null ? '' : identifierOf(record[idColumn])
    const hidden = options.sensitive === 'drop' ? null : sensitiveText(record, sensitive, options.sensitive, log)
    entries.push({
      id: prediction.id,
      time,
      model: served.name,
      version: served.version,
      alias: served.alias,
      key,
      request,
      latencyMs,
      features: featuresOf(record, read),
      answer: answerOf(prediction),
      ...(identifier === '' ? {} : { person: log.personKey(identifier) }),
      ...(hidden === null ? {} : { sensitive: hidden }),
    })
  }
  return entries
}

/**
 * Of a record what the model reads: the record itself where it holds nothing else, which is far quicker to write as JSON than an object that is
 * filled key by key.
 */
function featuresOf(record: Readonly<Record<string, unknown>>, read: ReadonlySet<string>): PredictionEntry['features'] {
  for (const key in record) if (!read.has(key)) return onlyRead(record, read)
  // The reader of records has seen to it that every value is a scalar.
  return record as PredictionEntry['features']
}

function onlyRead(record: Readonly<Record<string, unknown>>, read: ReadonlySet<string>): PredictionEntry['features'] {
  // Without a prototype, a column named `__proto__` is a key like any other; with one, the whole entry is written as JSON in half of the time.
  const features: Record<string, JsonScalar> = read.has('__proto__') ? Object.create(null) : {}
  for (const name of read) {
    const value = record[name]
    if (value !== undefined) features[name] = value as JsonScalar
  }
  return features
}

/** '' where it names nobody. */
function identifierOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? normalIdentifier(String(value)) : ''
}

/** Blanks around a key do not count where records are read, so they must not hide a column here either: an identifier above all. */
function trimmedKeys(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const key in record) {
    if (key.trim() !== key)
      return Object.fromEntries(Object.entries(record).map(([name, value]) => [name.trim(), value]))
  }
  return record
}

/** What sensitive columns are hidden with. */
export interface LogSecrets {
  /** Encrypts a short text; null where no encryption key is set, and then it is dropped. */
  readonly encrypt: ((text: string) => string) | null
  /** A key object, with which Node hashes far quicker than with bytes. */
  readonly hashKey: KeyObject
}

function sensitiveText(
  record: Readonly<Record<string, unknown>>,
  names: readonly string[],
  mode: 'hash' | 'encrypt',
  { encrypt, hashKey }: LogSecrets,
): string | null {
  const sent = names.filter((name) => record[name] !== undefined && record[name] !== null)
  if (sent.length === 0) return null
  if (mode === 'encrypt')
    return encrypt === null
      ? null
      : encrypt(JSON.stringify(Object.fromEntries(sent.map((name) => [name, record[name]]))))
  const hashed = sent.map((name) => {
    const mac = createHmac('sha256', hashKey).update(`${name}\n${String(record[name])}`)
    return [name, mac.digest('base64url').slice(0, 22)]
  })
  return JSON.stringify(Object.fromEntries(hashed))
}

function answerOf(prediction: Prediction): PredictionEntry['answer'] {
  if ('label' in prediction) return { label: prediction.label, probabilities: prediction.probabilities }
  if ('value' in prediction) return { value: prediction.value }
  return { cluster: prediction.cluster }
}
