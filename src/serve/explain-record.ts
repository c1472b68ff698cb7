import type { AnsweringPipeline } from '../evaluate/answering-pipeline.ts'
import type { AnswerExplanation } from '../evaluate/explain-answer.ts'
import { type Column, isMissing } from '../table/column.ts'
import { selectRows, type Table } from '../table/table.ts'
import type { Contribution, Explanation } from './prediction.ts'

export interface ExplainRequest {
  readonly pipeline: Pick<AnsweringPipeline, 'explain' | 'withDerived' | 'target'>
  readonly table: Table
  readonly row: number
  /** As the caller sent it. */
  readonly record: Readonly<Record<string, unknown>>
  /** Class that is explained; 0 for regression. */
  readonly output: number
  /** Name of that class, or of the target. */
  readonly of: string
}

/** The contributions to one answer, with the values that the caller sent. */
export function explainRecord({ pipeline, table, row, record, output, of }: ExplainRequest): Explanation {
  const one = table.nRows === 1 ? table : selectRows(table, Uint32Array.of(row))
  const explanation = pipeline.explain(one, 0, output)
  const { base, score, contributions, backgroundRows } = explanation
  return explanationOf({
    score: scoreName(explanation, pipeline.target.classes.length, of),
    base,
    total: score,
    ...(backgroundRows === null ? {} : { backgroundRows }),
    contributions,
    columns: pipeline.withDerived(one).columns,
    record,
  })
}

export interface ExplanationParts extends Pick<Explanation, 'score' | 'base' | 'total' | 'backgroundRows'> {
  readonly contributions: readonly Omit<Contribution, 'value'>[]
  /** Of the one row, derived columns among them. */
  readonly columns: Table['columns']
  /** As the caller sent it. */
  readonly record: Readonly<Record<string, unknown>>
}

/** Contributions with the values that the caller sent, largest influence first. */
export function explanationOf({ contributions, columns, record, ...score }: ExplanationParts): Explanation {
  return {
    ...score,
    contributions: contributions
      .map(
        ({ feature, contribution, terms }): Contribution => ({
          feature,
          value: shownValue(record, feature, columns.get(feature)),
          contribution,
          ...(terms ? { terms } : {}),
        }),
      )
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
  }
}

/** A text is not sent back: answers are logged and shown more widely than the texts that they are about. */
function shownValue(
  record: Readonly<Record<string, unknown>>,
  feature: string,
  column: Column | undefined,
): Contribution['value'] {
  if (column?.kind === 'text') return null
  return sentValue(record, feature) ?? derivedValue(column)
}

/** The value of a column made from others: a number or a category, null where it is missing. */
function derivedValue(column: Column | undefined): Contribution['value'] {
  if (!column || isMissing(column, 0)) return null
  switch (column.kind) {
    case 'category':
      return column.categories[column.codes[0]!] ?? null
    case 'date':
      return new Date(column.values[0]!).toISOString()
    default:
      return column.values[0] ?? null
  }
}

/**
 * With two classes a boosted or linear score is the log-odds of the class. With more it is what softmax turns into the probability: it
 * adds up, and only its differences between classes are log-odds. A score that a calibrator has still to bend says so.
 */
function scoreName({ space, beforeCalibration }: AnswerExplanation, nClasses: number, of: string): string {
  if (space === 'value') return of
  const name = space === 'log-odds' && nClasses > 2 ? 'softmax score' : space
  return `${name} of ${of}${beforeCalibration ? ' before calibration' : ''}`
}

function sentValue(record: Readonly<Record<string, unknown>>, feature: string): Contribution['value'] {
  const value = Object.hasOwn(record, feature) ? record[feature] : null
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
