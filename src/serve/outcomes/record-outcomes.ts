import { normalIdentifier } from '../../data/identifier-of-person.ts'
import { BellwetherError, type ErrorDetail } from '../../errors.ts'
import { SIGNATURE_FILE } from '../../packaging/manifest.ts'
import { ModelSignature } from '../../packaging/signature.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import type { ModelRegistry } from '../../track/model-registry.ts'
import { originOfPrediction } from '../../track/prediction-id.ts'
import type { PredictionEntry, PredictionLog } from '../prediction-log/prediction-log.ts'
import type { NewOutcome, OutcomeStatus, OutcomeStore, Truth } from './outcome-store.ts'

/** An outcome as a client gives it: of a prediction by its id, or of a person's newest prediction at or before a time. */
export interface GivenOutcome {
  readonly predictionId?: string | undefined
  readonly person?: string | undefined
  /** Milliseconds since 1970-01-01 UTC; now where left out. */
  readonly time?: number | undefined
  readonly label?: string | undefined
  readonly value?: number | undefined
  readonly observedTime?: number | undefined
}

export interface OutcomeDeps {
  readonly model: string
  readonly log: Pick<PredictionLog, 'entries' | 'personKeys'>
  readonly outcomes: OutcomeStore
  readonly models: Pick<ModelRegistry, 'version'>
  readonly blobs: Pick<BlobStore, 'get'>
  readonly clock: () => number
  readonly source: string
}

export type OutcomeResult =
  | { readonly predictionId: string; readonly status: OutcomeStatus }
  /** The fault alone: an identifier is not sent back. */
  | { readonly fault: ErrorDetail; readonly unknown: boolean }

/** An id is made just before its prediction is scored and logged. */
const BEFORE_MS = 60_000
const AFTER_MS = 60 * 60_000
/** An outcome from the future is a clock or a unit gone wrong. */
const AHEAD_MS = 24 * 60 * 60_000

type Task = { readonly classes: readonly string[] } | 'number' | 'none'

/**
 * Keeps outcomes of one model's predictions. Sending the same again changes nothing.
 * @param onError `refuse`: where one is at fault, none is kept; `partial`: the others are.
 * @returns one result for each, in their order; with `refuse` no fault is among them
 * @throws INVALID_INPUT, OUTCOME_UNKNOWN naming each fault, where `refuse`
 */
export async function recordOutcomes(
  given: readonly GivenOutcome[],
  onError: 'refuse' | 'partial',
  deps: OutcomeDeps,
): Promise<OutcomeResult[]> {
  const now = deps.clock()
  const results: (OutcomeResult | null)[] = given.map((one, i) => {
    const message = faultOf(one, now)
    return message === null ? null : { fault: { path: `outcomes[${i}]`, message }, unknown: false }
  })
  const found = await predictionsOf(given, results, deps, now)
  const tasks = new Map<number, Task>()
  const taken: { at: number; outcome: NewOutcome }[] = []
  for (const [i, one] of given.entries()) {
    if (results[i]) continue
    const entry = found[i]
    const path = `outcomes[${i}]`
    if (!entry) {
      const what =
        one.person === undefined
          ? 'no prediction of this model has this id'
          : 'no prediction of this model before that time'
      results[i] = { fault: { path, message: what }, unknown: true }
      continue
    }
    let task = tasks.get(entry.version)
    if (task === undefined) {
      task = await taskOf(entry, deps)
      tasks.set(entry.version, task)
    }
    const truth = truthOf(one, task)
    if ('message' in truth)
      results[i] = { fault: { path: `${path}.${truth.field}`, message: truth.message }, unknown: false }
    else taken.push({ at: i, outcome: outcomeOf(one, entry, truth, now, deps.source) })
  }
  if (onError === 'refuse') refuse(results)
  const statuses = taken.length === 0 ? [] : await deps.outcomes.record(taken.map(({ outcome }) => outcome))
  for (const [k, { at, outcome }] of taken.entries())
    results[at] = { predictionId: outcome.predictionId, status: statuses[k]! }
  return results.map((result) => {
    if (result === null) throw new BellwetherError('INTERNAL', 'An outcome has neither a fault nor a status.')
    return result
  })
}

/** What is wrong with it by itself. */
function faultOf({ predictionId, person, time, label, value, observedTime }: GivenOutcome, now: number): string | null {
  if ((predictionId === undefined) === (person === undefined)) return 'expected one of predictionId and person'
  if (person !== undefined && normalIdentifier(person) === '') return 'person is blank'
  if (predictionId !== undefined && time !== undefined) return 'time comes with person, not with predictionId'
  if ((label === undefined) === (value === undefined)) return 'expected one of label and value'
  if (observedTime !== undefined && observedTime > now + AHEAD_MS) return 'observedTime lies in the future'
  return null
}

function refuse(results: readonly (OutcomeResult | null)[]): void {
  const faulty = results.flatMap((result) => (result && 'fault' in result ? [result] : []))
  const [first] = faulty
  if (!first) return
  const details = faulty.slice(0, 1000).map(({ fault }) => fault)
  const more = faulty.length > 1 ? ` (and ${faulty.length - 1} more)` : ''
  throw new BellwetherError(
    faulty.every(({ unknown }) => unknown) ? 'OUTCOME_UNKNOWN' : 'INVALID_INPUT',
    `${first.fault.path}: ${first.fault.message}${more}`,
    { details },
  )
}

/** The prediction that each is about. */
async function predictionsOf(
  given: readonly GivenOutcome[],
  results: readonly (OutcomeResult | null)[],
  { model, log }: OutcomeDeps,
  now: number,
): Promise<(PredictionEntry | undefined)[]> {
  const open = [...given.entries()].filter(([i]) => results[i] === null)
  const byId = await entriesById(
    open.flatMap(([, { predictionId }]) => predictionId ?? []),
    model,
    log,
  )
  /** What stands for a person -> the times that are asked for. */
  const persons = new Map<string, { readonly time: number; readonly at: number }[]>()
  for (const [i, { person, time }] of open) {
    if (person === undefined) continue
    for (const key of log.personKeys(person))
      persons.set(key, [...(persons.get(key) ?? []), { time: time ?? now, at: i }])
  }
  const found: (PredictionEntry | undefined)[] = given.map(({ predictionId }) =>
    predictionId === undefined ? undefined : byId.get(predictionId),
  )
  if (persons.size === 0) return found
  const until = Math.max(...[...persons.values()].flat().map(({ time }) => time)) + 1
  for await (const entry of log.entries({ model, until, person: new Set(persons.keys()) })) {
    for (const { time, at } of (entry.person && persons.get(entry.person)) || [])
      if (entry.time <= time && entry.time >= (found[at]?.time ?? 0)) found[at] = entry
  }
  return found
}

/** Ids hold the time when they were made, so that only a part of the log is looked through. */
async function entriesById(
  ids: readonly string[],
  model: string,
  log: OutcomeDeps['log'],
): Promise<Map<string, PredictionEntry>> {
  const timed: { readonly id: string; readonly time: number }[] = []
  const ofBatches: { readonly id: string; readonly batch: string }[] = []
  for (const id of ids) {
    const origin = originOfPrediction(id)
    if (origin === null) continue
    if ('batch' in origin) ofBatches.push({ id, batch: origin.batch })
    else timed.push({ id, time: origin.time })
  }
  timed.sort((a, b) => a.time - b.time)
  const found = new Map<string, PredictionEntry>()
  for (let from = 0; from < timed.length; ) {
    let end = from + 1
    while (end < timed.length && timed[end]!.time - timed[end - 1]!.time < AFTER_MS) end++
    const group = timed.slice(from, end)
    const query = {
      model,
      ids: new Set(group.map(({ id }) => id)),
      since: group[0]!.time - BEFORE_MS,
      until: group.at(-1)!.time + AFTER_MS,
    }
    for await (const entry of log.entries(query)) found.set(entry.id, entry)
    from = end
  }
  for (const [job, group] of Map.groupBy(ofBatches, ({ batch }) => batch))
    for await (const entry of log.entries({ model, job, ids: new Set(group.map(({ id }) => id)) }))
      found.set(entry.id, entry)
  return found
}

/** What the version predicts. */
async function taskOf({ model, version }: PredictionEntry, { models, blobs }: OutcomeDeps): Promise<Task> {
  const { files } = await models.version(model, version)
  const file = files.find(({ path }) => path === SIGNATURE_FILE)
  if (!file) return 'none'
  const signature = ModelSignature.parse(JSON.parse(Buffer.from(await blobs.get(file.hash)).toString('utf8')))
  if (signature.task === 'clustering') return 'none'
  return signature.task === 'regression' ? 'number' : { classes: signature.target.classes }
}

function truthOf({ label, value }: GivenOutcome, task: Task): Truth | { field: string; message: string } {
  const field = label === undefined ? 'value' : 'label'
  if (task === 'none') return { field, message: 'this version predicts no target, so that nothing can come true' }
  if (task === 'number') {
    if (value === undefined) return { field, message: 'expected a number as value' }
    return Number.isFinite(value) ? { value } : { field, message: 'expected a finite number' }
  }
  if (label === undefined) return { field, message: 'expected a label' }
  if (task.classes.includes(label)) return { label }
  const classes = task.classes.slice(0, 20).map((name) => JSON.stringify(name))
  return { field, message: `expected one of ${classes.join(', ')}${task.classes.length > 20 ? ', …' : ''}` }
}

function outcomeOf(
  { observedTime }: GivenOutcome,
  entry: PredictionEntry,
  truth: Truth,
  now: number,
  source: string,
): NewOutcome {
  return {
    predictionId: entry.id,
    model: entry.model,
    version: entry.version,
    predictionTime: entry.time,
    truth,
    observedTime: observedTime ?? null,
    receivedTime: now,
    source,
    person: entry.person ?? null,
  }
}
