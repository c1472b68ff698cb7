import { BellwetherError } from '../errors.ts'
import { promisedSet } from '../evaluate/conformal/answer-sets.ts'
import { predictionInterval } from '../evaluate/conformal.ts'
import type { ModelManifest } from '../packaging/manifest.ts'
import { isClustering, type LoadedClustering, type LoadedModel } from '../packaging/read-package.ts'
import type { ModelSignature } from '../packaging/signature.ts'
import type { TableProfile } from '../table/profile.ts'
import { compileRecordReader } from '../table/records.ts'
import { selectRows, type Table } from '../table/table.ts'
import { clusterAnswers } from './cluster-answers.ts'
import { explainRecord } from './explain-record.ts'
import { invalid, type OnError } from './predict-request.ts'
import type { FailedPrediction, Prediction } from './prediction.ts'
import { asRecord, type ScoredRow, type ScorePart } from './scorer-parts.ts'

export interface ScoreOptions {
  readonly explain: boolean
  readonly newId: () => string
  /** Default: refuse. */
  readonly onError?: OnError
}

/** Answers records with one model version. */
export interface Scorer {
  readonly signature: ModelSignature
  readonly manifest: ModelManifest
  /** Of the rows that the model learnt from. */
  readonly profile: TableProfile
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

export function createScorer(loaded: LoadedModel | LoadedClustering): Scorer {
  const { manifest, signature, profile } = loaded
  // A row of the file that the model learnt from can be sent as it is: target and identifiers are passed over.
  const read = compileRecordReader(signature.inputs, { ignored: signature.ignored ?? [] })
  const scorePart = isClustering(loaded) ? clusterAnswers(loaded) : predictingPart(loaded)

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
      const scored = scorePart(part)
      for (let row = 0; row < part.nRows; row++) {
        const index = rows[start + row]!
        const unanswered = scored.isFinite(row) ? null : unanswerable(index)
        if (unanswered && !partial) throw unanswered
        predictions[index] = unanswered
          ? { error: unanswered.toDocument() }
          : scored.answer({ row, record: records[index], warnings: warnings[index]! }, options)
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
    profile,
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

/** Answers of a model that predicts a target. */
function predictingPart(loaded: LoadedModel): ScorePart {
  const { pipeline, signature } = loaded
  const answer = signature.task === 'classification' ? classAnswers(loaded) : valueAnswers(loaded)
  return (table) => {
    const outputs = pipeline.predict(table)
    const width = outputs.length / table.nRows
    return {
      isFinite(row) {
        for (let c = row * width; c < (row + 1) * width; c++) if (!Number.isFinite(outputs[c])) return false
        return true
      },
      answer: (scored, options) => answer({ ...scored, outputs, table }, options),
    }
  }
}

interface Row extends ScoredRow {
  /** What the pipeline gave for the rows of `table`. */
  readonly outputs: Float64Array
  readonly table: Table
}

type Answer = (row: Row, options: ScoreOptions) => Prediction

function classAnswers({ manifest, signature, pipeline }: LoadedModel): Answer {
  const { classes } = signature.target
  const promise = manifest.conformal?.task === 'classification' ? manifest.conformal : null
  // Without a prototype, a class named `__proto__` is a key like any other; with one, JSON is written in half of the time.
  const plain = !classes.includes('__proto__')
  return ({ outputs, table, row, record, warnings }, { explain, newId }) => {
    const own = outputs.subarray(row * classes.length, (row + 1) * classes.length)
    const probabilities: Record<string, number> = plain ? {} : Object.create(null)
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

/** Remembers the answer to the last question: rows come table by table. */
function ofLast<Question, Answer>(ask: (question: Question) => Answer): (question: Question) => Answer {
  let last: { readonly question: Question; readonly answer: Answer } | null = null
  return (question) => {
    if (last?.question !== question) last = { question, answer: ask(question) }
    return last.answer
  }
}

/** A label that weighs more than its probability may be outside of the set: with it the promise is kept as well. */
function setWith(label: number, set: number[]): number[] {
  return set.includes(label) ? set : [...set, label]
}

function valueAnswers({ manifest, signature, pipeline }: LoadedModel): Answer {
  const conformal = manifest.conformal?.task === 'regression' ? manifest.conformal : null
  const intervals = ofLast((table: Table) => pipeline.intervals(table))
  return ({ outputs, table, row, record, warnings }, { explain, newId }) => {
    const value = outputs[row]!
    return {
      id: newId(),
      value,
      interval:
        conformal && 'halfWidth' in conformal
          ? predictionInterval(value, conformal.halfWidth)
          : (intervals(table)?.[row] ?? null),
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

function unanswerable(record: number): BellwetherError {
  const message = 'the values are valid, but the model gives no finite number for them'
  return new BellwetherError('CANNOT_SERVE', `records[${record}]: ${message}`, {
    details: [{ path: `records[${record}]`, message }],
  })
}
