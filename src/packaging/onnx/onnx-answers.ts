import type { AnsweringPipeline } from '../../evaluate/answering-pipeline.ts'
import type { Table } from '../../table/table.ts'
import type { OnnxExport } from './export-pipeline.ts'
import { onnxFeeds } from './onnx-feeds.ts'
import { type OnnxSession, openOnnx } from './onnx-session.ts'

/** Answers of an exported graph, in the shape of our own. */
export interface OnnxAnswers {
  /** Probabilities, shape (nRows * nClasses) row-major, or values, shape (nRows). */
  readonly predictions: Float64Array
  /** Of classes: the label of each row; empty for regression. */
  readonly labels: readonly string[]
}

/** Runs an exported graph on a table. */
export function onnxAnswers(
  session: OnnxSession,
  exported: Pick<OnnxExport, 'inputs' | 'outputs'>,
  pipeline: AnsweringPipeline,
  table: Table,
): OnnxAnswers {
  const feeds = onnxFeeds(
    exported.inputs,
    pipeline.members.map(({ features }) => features),
    table,
  )
  const results = session.run(feeds, exported.outputs)
  const answers = results[exported.outputs.at(-1)!]!
  const labels = exported.outputs.length === 2 ? results[exported.outputs[0]!]!.data : []
  return {
    predictions: Float64Array.from(answers.data as ArrayLike<number>),
    labels: Array.from(labels as readonly string[]),
  }
}

/** How an exported graph answers beside the pipeline that it was made of. */
export interface Agreement {
  readonly rows: number
  /** Rows with another label than ours. */
  readonly otherLabels: number
  /** Largest difference of a probability; of a value, relative to its size where that is above 1. */
  readonly largestDifference: number
}

/** Lets both answer the same rows. */
export function compareOnnx(exported: OnnxExport, pipeline: AnsweringPipeline, table: Table): Agreement {
  const session = openOnnx(exported.bytes)
  try {
    const theirs = onnxAnswers(session, exported, pipeline, table)
    const ours = pipeline.predict(table)
    const { classes } = pipeline.target
    let largestDifference = 0
    for (let i = 0; i < ours.length; i++) {
      const size = classes.length > 0 ? 1 : Math.max(1, Math.abs(ours[i]!))
      const difference = Math.abs(ours[i]! - theirs.predictions[i]!) / size
      // What is no number agrees with nothing.
      largestDifference = Math.max(largestDifference, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
    }
    const codes = classes.length > 0 ? pipeline.labels(ours) : new Int32Array(0)
    const otherLabels = codes.reduce((n, code, row) => n + (classes[code] === theirs.labels[row] ? 0 : 1), 0)
    return { rows: table.nRows, otherLabels, largestDifference }
  } finally {
    session.close()
  }
}
