import { BellwetherError } from '../errors.ts'
import { promisedSet } from '../evaluate/conformal/answer-sets.ts'
import { predictionInterval } from '../evaluate/conformal.ts'
import type { LoadedModel } from '../packaging/read-package.ts'
import type { ModelSignature } from '../packaging/signature.ts'
import { compileRecordReader } from '../table/records.ts'
import { selectRows, type Table } from '../table/table.ts'
import { explainRecord } from './explain-record.ts'
import { invalid, isPlainObject, type OnError } from './predict-request.ts'
import type { FailedPrediction, Prediction, PredictionWarning } from './prediction.ts'

export interface ScoreOptions {
  readonly explain: boolean
  readonly newId: () => string
  /** Default: refuse. */
  readonly onError?: OnError
}

/** Answers records with one model version. */
export interface Scorer {
  readonly signature: ModelSignature
  readonly manifest: LoadedModel['manifest']
  /**
   * One answer per record, in order. A record's answer does not depend on the others, to the last bit.
   * @throws INVALID_INPUT naming every fault of every record; CANNOT_SERVE when the model has no finite answer. With
   *   `onError: 'partial'` neither: the records at fault carry their errors.
   */
  score(records: readonly unknown[], options: ScoreOptions): (Prediction | FailedPrediction)[]
  /** The same, in slices: `pause` is awaited between them, so that a large batch does not keep a server from other requests. */
  scoreInSlices(
    records: readonly unknown[],
    options: ScoreOptions,
    pause: () => Promise<void>,
  ): Promise<(Prediction | FailedPrediction)[]>
  /** Answers its own example; throws where that fails. */
  smoke(newId: () => string): void
}

/** Rows that are scored without a pause: some milliseconds of work. */
const SLICE = 256
const SLICE_EXPLAINED = 16

export function createScorer(loaded: LoadedModel): Scorer {
  const { manifest, signature, pipeline } = loaded
  // A row of the file that the model learnt from can be sent as it is: target and identifiers are passed over.
  const read = compileRecordReader(signature.inputs, { ignored: signature.ignored ?? [] })
  const answer = signature.task === 'classification' ? classAnswers(loaded) : valueAnswers(loaded)

  function* steps(
    records: readonly unknown[],
    options: ScoreOptions,
  ): Generator<void, (Prediction | FailedPrediction)[]> {
    const { table, rows, faults, warnings, allFaults } = read(records)
    const partial = options.onError === 'partial'
    if (allFaults.length > 0 && !partial) throw invalid(allFaults)
    const predictions = faults.map((own): Prediction | FailedPrediction | null =>
      own.length > 0 ? { error: invalid(own).toDocument() } : null,
    )

    const size = options.explain ? SLICE_EXPLAINED : SLICE
    for (let start = 0; start < table.nRows; start += size) {
      if (start > 0) yield
      const end = Math.min(start + size, table.nRows)
      const part =
        end - start === table.nRows
          ? table
          : selectRows(
              table,
              Uint32Array.from({ length: end - start }, (_, i) => start + i),
            )
      const outputs = pipeline.predict(part)
      for (let row = 0; row < part.nRows; row++) {
        const index = rows[start + row]!
        const unanswered = unanswerable(outputs, row, outputs.length / part.nRows, index)
        if (unanswered && !partial) throw unanswered
        predictions[index] = unanswered
          ? { error: unanswered.toDocument() }
          : answer({ outputs, table: part, row, record: records[index], warnings: warnings[index]! }, options)
      }
    }
    // Every record is either at fault or a row of the table.
    return predictions as (Prediction | FailedPrediction)[]
  }

  function score(records: readonly unknown[], options: ScoreOptions): (Prediction | FailedPrediction)[] {
    const run = steps(records, options)
    for (;;) {
      const step = run.next()
      if (step.done) return step.value
    }
  }

  return {
    signature,
    manifest,
    score,
    async scoreInSlices(records, options, pause) {
      const run = steps(records, options)
      for (;;) {
        const step = run.next()
        if (step.done) return step.value
        await pause()
      }
    },
    smoke(newId) {
      score([signature.example], { explain: false, newId })
    },
  }
}

interface Row {
  /** What the pipeline gave for the rows of `table`. */
  readonly outputs: Float64Array
  readonly table: Table
  readonly row: number
  readonly record: unknown
  readonly warnings: readonly PredictionWarning[]
}

type Answer = (row: Row, options: ScoreOptions) => Prediction

function classAnswers({ manifest, signature, pipeline }: LoadedModel): Answer {
  const { classes } = signature.target
  const promise = manifest.conformal?.task === 'classification' ? manifest.conformal : null
  return ({ outputs, table, row, record, warnings }, { explain, newId }) => {
    const own = outputs.subarray(row * classes.length, (row + 1) * classes.length)
    // Without a prototype, a class named `__proto__` is a key like any other.
    const probabilities: Record<string, number> = Object.create(null)
    for (let c = 0; c < classes.length; c++) probabilities[classes[c]!] = own[c]!
    const best = pipeline.labels(own)[0]!
    const label = classes[best]!
    return {
      id: newId(),
      label,
      confidence: own[best]!,
      probabilities,
      set: promise && setWith(best, promisedSet(own, promise)).map((code) => classes[code]!),
      warnings,
      ...(explain
        ? { explanation: explainRecord({ pipeline, table, row, record: asRecord(record), output: best, of: label }) }
        : {}),
    }
  }
}

/** A label that weighs more than its probability may be outside of the set: with it the promise is kept as well. */
function setWith(label: number, set: number[]): number[] {
  return set.includes(label) ? set : [...set, label]
}

function valueAnswers({ manifest, signature, pipeline }: LoadedModel): Answer {
  const conformal = manifest.conformal?.task === 'regression' ? manifest.conformal : null
  return ({ outputs, table, row, record, warnings }, { explain, newId }) => {
    const value = outputs[row]!
    return {
      id: newId(),
      value,
      interval: conformal ? predictionInterval(value, conformal.halfWidth) : null,
      warnings,
      ...(explain
        ? {
            explanation: explainRecord({
              pipeline,
              table,
              row,
              record: asRecord(record),
              output: 0,
              of: signature.target.name,
            }),
          }
        : {}),
    }
  }
}

/** JSON has no word for NaN and infinities, and they are no answers. */
function unanswerable(outputs: Float64Array, i: number, width: number, record: number): BellwetherError | null {
  for (let c = i * width; c < (i + 1) * width; c++) {
    if (!Number.isFinite(outputs[c])) {
      const message = 'the values are valid, but the model gives no finite number for them'
      return new BellwetherError('CANNOT_SERVE', `records[${record}]: ${message}`, {
        details: [{ path: `records[${record}]`, message }],
      })
    }
  }
  return null
}

function asRecord(record: unknown): Readonly<Record<string, unknown>> {
  return isPlainObject(record) ? record : {}
}
