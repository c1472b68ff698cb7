import type { NewOutcome, Outcome, OutcomeQuery, OutcomeStatus, OutcomeStore } from '../serve/outcomes/outcome-store.ts'
import { nextNumber } from './queries/counters.ts'
import {
  deleteOutcomesOfPerson,
  INSERT_OUTCOME,
  type OutcomeRow,
  SELECT_CURRENT_OUTCOME,
  SELECT_CURRENT_OUTCOMES,
  SELECT_OUTCOME_HISTORY,
  SELECT_SAME_OUTCOME,
} from './queries/outcome-queries.ts'
import type { SqlConnection, SqlDatabase } from './sql-database.ts'

/** Outcomes on a SQL database, whatever its dialect. */
export class SqlOutcomeStore implements OutcomeStore {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  record(outcomes: readonly NewOutcome[]): Promise<OutcomeStatus[]> {
    return this.#database.write(async (sql) => {
      const statuses: OutcomeStatus[] = []
      for (const outcome of outcomes) statuses.push(await recordOne(sql, outcome))
      return statuses
    })
  }

  async current({ model, version, since, until, after, limit }: OutcomeQuery): Promise<Outcome[]> {
    const from = after?.predictionTime ?? -1
    const rows = await this.#database.read((sql) =>
      sql.all<OutcomeRow>(
        SELECT_CURRENT_OUTCOMES,
        ...[model, since ?? 0, until ?? Number.MAX_SAFE_INTEGER, version ?? 0, version ?? 0],
        ...[from, from, after?.predictionId ?? '', limit],
      ),
    )
    return rows.map(outcomeOf)
  }

  async history(predictionId: string): Promise<Outcome[]> {
    const rows = await this.#database.read((sql) => sql.all<OutcomeRow>(SELECT_OUTCOME_HISTORY, predictionId))
    return rows.map(outcomeOf)
  }

  async erase(person: string | ReadonlySet<string>): Promise<number> {
    const keys = typeof person === 'string' ? [person] : [...person]
    const erased = await this.#database.write((sql) => sql.run(deleteOutcomesOfPerson(keys.length), ...keys))
    if (erased > 0) await this.#database.purge()
    return erased
  }
}

async function recordOne(sql: SqlConnection, outcome: NewOutcome): Promise<OutcomeStatus> {
  const { predictionId, truth, receivedTime } = outcome
  const [label, value] = 'label' in truth ? [truth.label, null] : [null, truth.value]
  const current = await sql.first<OutcomeRow>(SELECT_CURRENT_OUTCOME, predictionId)
  const same = current !== undefined && current.label === label && current.value === value
  // Sent again, or said again without a time: known.
  if (same && outcome.observedTime === null) return 'unchanged'
  const observedTime = outcome.observedTime ?? receivedTime
  if (await sql.first(SELECT_SAME_OUTCOME, predictionId, observedTime, label, value)) return 'unchanged'
  const { model, version, predictionTime, source, person } = outcome
  await sql.run(
    INSERT_OUTCOME,
    ...[await nextNumber(sql, 'outcomes'), predictionId, model, version, predictionTime, label, value],
    ...[observedTime, receivedTime, source, person],
  )
  if (!current) return 'recorded'
  if (observedTime < current.observed_time) return 'late'
  return same ? 'confirmed' : 'corrected'
}

function outcomeOf(row: OutcomeRow): Outcome {
  return {
    predictionId: row.prediction_id,
    model: row.model,
    version: row.version,
    predictionTime: row.prediction_time,
    truth: row.label === null ? { value: row.value! } : { label: row.label },
    observedTime: row.observed_time,
    receivedTime: row.received_time,
    source: row.source,
    person: row.person,
  }
}
