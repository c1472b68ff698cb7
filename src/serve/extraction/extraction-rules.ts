import type { ExtractionSettings } from './extraction-settings.ts'
import type { QuestionTotals } from './question-window.ts'

export interface Questions extends QuestionTotals {
  /** Chance that a record of life differs in one field from one of those remembered. */
  readonly oneFieldByChance: number
  /** Requests a minute that the caller may send; null: any number. */
  readonly ratePerMinute: number | null
}

export interface ExtractionRule {
  readonly name: 'one-field-sweep' | 'random-probing' | 'unnatural-distances' | 'many-records' | 'near-the-limit'
  /** What was seen, in words and figures without any value of a record; null where there is nothing to say. */
  judge(seen: Questions, settings: ExtractionSettings): string | null
}

/** Where so many pairs differ in one field by chance, who sweeps cannot be told from who does not. */
const MAX_BY_CHANCE = 0.1

const percent = (share: number) => `${Math.round(share * 100)} %`

/** What copying a model by asking it looks like. */
export const EXTRACTION_RULES: readonly ExtractionRule[] = [
  {
    // Finite differences: a record, and the same with one field changed.
    name: 'one-field-sweep',
    judge: ({ fresh, oneFieldShare, oneFieldByChance }, { oneFieldShare: limit }) =>
      limit !== null && oneFieldShare >= limit && oneFieldByChance < MAX_BY_CHANCE
        ? `${percent(oneFieldShare)} of ${fresh} records differ in one field from one before`
        : null,
  },
  {
    // Each field drawn from its range or list, as by whoever has no records of life.
    name: 'random-probing',
    judge: ({ fresh, evenness }, { evenness: limit }) =>
      limit !== null && evenness >= limit
        ? `${fresh} records look drawn evenly from ranges and lists: ${evenness.toFixed(1)} nats a record against the training data`
        : null,
  },
  {
    // Juuti, Szyller, Marchal and Asokan (2019), PRADA, https://doi.org/10.1109/EuroSP.2019.00044: distances between records of life and the nearest
    // ones before are near to normally distributed; those of records made from one another are not.
    name: 'unnatural-distances',
    judge: ({ normality }, { normality: limit }) =>
      limit !== null && normality !== null && normality < limit
        ? `distances to earlier records are not distributed as in life: W' = ${normality.toFixed(2)}`
        : null,
  },
  {
    name: 'many-records',
    judge: ({ distinct }, { distinctRecords: limit }) =>
      limit !== null && distinct >= limit ? `about ${Math.round(distinct)} different records` : null,
  },
  {
    name: 'near-the-limit',
    judge: ({ steadyPerMinute, ratePerMinute, distinct, records }, { limitShare: limit }) =>
      limit !== null &&
      ratePerMinute !== null &&
      steadyPerMinute >= limit * ratePerMinute &&
      // Who asks the same again copies nothing.
      distinct >= records / 2
        ? `${Math.round(steadyPerMinute)} requests a minute, of ${ratePerMinute} that are allowed, for half of the window`
        : null,
  },
]
