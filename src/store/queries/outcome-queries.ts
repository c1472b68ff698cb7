export interface OutcomeRow {
  prediction_id: string
  model: string
  version: number
  prediction_time: number
  label: string | null
  value: number | null
  observed_time: number
  received_time: number
  source: string
  person: string | null
}

const COLUMNS =
  'prediction_id, model, version, prediction_time, label, value, observed_time, received_time, source, person'

export const INSERT_OUTCOME = `
INSERT INTO outcomes (sequence, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** The one that counts: the newest observation, and of several at one time the last that came. */
export const SELECT_CURRENT_OUTCOME = `
SELECT ${COLUMNS} FROM outcomes WHERE prediction_id = ? ORDER BY observed_time DESC, sequence DESC LIMIT 1`

export const SELECT_SAME_OUTCOME = `
SELECT sequence FROM outcomes
WHERE prediction_id = ? AND observed_time = ? AND label IS NOT DISTINCT FROM ? AND value IS NOT DISTINCT FROM ? LIMIT 1`

export const SELECT_OUTCOME_HISTORY = `
SELECT ${COLUMNS} FROM outcomes WHERE prediction_id = ? ORDER BY sequence`

/** @param nKeys How many keys the person may have. */
export const deleteOutcomesOfPerson = (nKeys: number) => `
DELETE FROM outcomes WHERE person IN (${Array.from({ length: nKeys }, () => '?').join(', ')})`

/** A page of the outcomes that count. */
export const SELECT_CURRENT_OUTCOMES = `
SELECT ${COLUMNS} FROM outcomes AS o
WHERE model = ? AND prediction_time >= ? AND prediction_time < ? AND (version = ? OR ? = 0)
  AND (prediction_time > ? OR (prediction_time = ? AND prediction_id > ?))
  AND NOT EXISTS (
    SELECT 1 FROM outcomes AS newer
    WHERE newer.prediction_id = o.prediction_id
      AND (newer.observed_time > o.observed_time OR (newer.observed_time = o.observed_time AND newer.sequence > o.sequence))
  )
ORDER BY prediction_time, prediction_id LIMIT ?`
