import { BellwetherError, type ErrorDetail } from '../../errors.ts'
import { type ActionableField, actionableFields } from '../../packaging/actionable/actionable-fields.ts'
import { ActionableOptions } from '../../packaging/actionable/actionable-options.ts'
import { jsonType } from '../../table/records-value.ts'
import type { JsonScalar } from '../../table/table-to-records.ts'
import { isPlainObject } from '../predict-request.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../prediction.ts'
import type { Scorer } from '../scorer.ts'
import { type Change, costOf, type Move, searchChange, type Verdict } from './search-change.ts'
import type { WhatIfRequest } from './what-if-request.ts'

/** What a model says: the label with the probabilities, or the value. */
export type WhatIfOutcome =
  | { readonly label: string; readonly probabilities: Readonly<Record<string, number>> }
  | { readonly value: number }

export interface WhatIfOption {
  readonly value: JsonScalar
  readonly cost: number
  readonly outcome: WhatIfOutcome
  /** Whether this change alone reaches what was wanted. */
  readonly reaches: boolean
}

export interface WhatIfFieldAnswer {
  readonly field: string
  readonly unit: string | null
  /** As it was sent; null where it is missing. */
  readonly current: JsonScalar
  readonly direction: ActionableField['direction']
  /** The answer for each allowed value of this field, the others staying as they are. */
  readonly options: readonly WhatIfOption[]
}

export interface WhatIfAnswer {
  readonly outcome: WhatIfOutcome
  /** What was wanted: a label, any other label than the present one (null), or bounds of the value. */
  readonly target: string | null | { readonly min?: number; readonly max?: number }
  /** Whether the record is there already. */
  readonly reached: boolean
  readonly fields: readonly WhatIfFieldAnswer[]
  /** The cheapest change that reaches what was wanted; null when none was found, none is needed, or nothing was wanted. */
  readonly smallest: {
    readonly changes: readonly {
      readonly field: string
      readonly from: JsonScalar
      readonly to: JsonScalar
      readonly cost: number
    }[]
    readonly cost: number
    readonly outcome: WhatIfOutcome
  } | null
  readonly search: {
    readonly asked: number
    /** Whether every change that would have been cheaper was tried. */
    readonly exhaustive: boolean
    readonly maxFields: number
  }
  readonly note: string
}

/** Said beside every answer. */
export const WHAT_IF_NOTE =
  'These are associations that the model has learnt: how its answer differs between records, not what would become of a person who changes. Actions need a human judgement.'

/** Changes that one request may ask the model about. */
const BUDGET = 4000

/** What may be changed about the records of a model, as its project says; empty where it says nothing. */
export function actionableOf({
  manifest,
  signature,
}: Pick<Scorer, 'manifest' | 'signature'>): readonly ActionableField[] {
  const serving = manifest.project['serving'] as { actionable?: unknown } | undefined
  const options = ActionableOptions.safeParse(serving?.actionable ?? {})
  return options.success ? actionableFields(options.data, signature.inputs) : []
}

/**
 * How the answer changes with each actionable field alone, and the smallest change that moves it to where it is wanted.
 *
 * @param pause Awaited between slices of work, so that a server goes on answering others.
 * @throws NOT_ACTIONABLE when the project names no such field; INVALID_INPUT with every fault of the record or the target; CANNOT_SERVE for clusterings
 */
export async function whatIf(
  scorer: Scorer,
  request: WhatIfRequest,
  pause: () => Promise<void>,
): Promise<WhatIfAnswer> {
  const { signature } = scorer
  if (signature.task === 'clustering')
    throw new BellwetherError('CANNOT_SERVE', 'A clustering has no target that a change could be wanted for.')
  const all = actionableOf(scorer)
  if (all.length === 0)
    throw new BellwetherError(
      'NOT_ACTIONABLE',
      `The project of "${scorer.manifest.name}" names no column that can be changed.`,
    )
  const fields = chosenFields(all, request.fields)
  const wanted = wantedOf(signature, request.target)
  const record = withPlainKeys(request.record)

  const outcomes = async (records: readonly Readonly<Record<string, unknown>>[]): Promise<WhatIfOutcome[]> =>
    (await scorer.scoreInSlices(records, { explain: false, newId: () => '', onError: 'refuse' }, pause)).map(outcomeOf)
  const [outcome] = await outcomes([record]).catch((error: unknown) => {
    throw error instanceof BellwetherError ? withRecordPaths(error) : error
  })

  const judge = (after: WhatIfOutcome): Verdict => wanted.judge(after, outcome!)
  const moves = fields.map((field, index) => movesOf(field, index, currentOf(record, field)))
  const changed = (change: Change) => ({
    ...record,
    ...Object.fromEntries(
      change.map(({ field, value }) => [fields[field]!.column.name, fields[field]!.values[value]!]),
    ),
  })

  const alone = moves.map((own) => own.map((move): Change => [move]))
  const flat = await outcomes(alone.flat().map(changed))
  let at = 0
  const answers = fields.map(
    (field, index): WhatIfFieldAnswer => ({
      field: field.column.name,
      unit: field.column.unit ?? null,
      current: currentOf(record, field),
      direction: field.direction,
      options: moves[index]!.map((move) => {
        const after = flat[at++]!
        return {
          value: field.values[move.value]!,
          cost: shown(move.cost),
          outcome: after,
          reaches: judge(after).reached,
        }
      }),
    }),
  )

  const reached = judge(outcome!).reached
  const skip = reached || wanted.nothing
  const found = skip
    ? { change: null, asked: 0, exhaustive: true }
    : await searchChange({
        moves,
        maxFields: request.maxFields,
        budget: BUDGET,
        ask: async (changes) => (await outcomes(changes.map(changed))).map(judge),
      })
  return {
    outcome: outcome!,
    target: wanted.target,
    reached,
    fields: answers,
    smallest: found.change && {
      changes: found.change.map(({ field, value, cost }) => ({
        field: fields[field]!.column.name,
        from: currentOf(record, fields[field]!),
        to: fields[field]!.values[value]!,
        cost: shown(cost),
      })),
      cost: shown(costOf(found.change)),
      outcome: (await outcomes([changed(found.change)]))[0]!,
    },
    search: { asked: found.asked + flat.length, exhaustive: found.exhaustive, maxFields: request.maxFields },
    note: WHAT_IF_NOTE,
  }
}

interface Wanted {
  readonly target: WhatIfAnswer['target']
  /** For numbers, where no bounds are given: there is nothing to search for. */
  readonly nothing: boolean
  readonly judge: (after: WhatIfOutcome, before: WhatIfOutcome) => Verdict
}

function wantedOf(
  { task, target: { name, classes } }: Extract<Scorer['signature'], { task: 'classification' | 'regression' }>,
  target: WhatIfRequest['target'],
): Wanted {
  const refuse = (message: string): never => {
    throw new BellwetherError('INVALID_INPUT', `target: ${message}`, { details: [{ path: 'target', message }] })
  }
  if (task === 'regression') {
    if (typeof target === 'string') return refuse(`expected {"min": …} or {"max": …}, as ${name} is a number`)
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = target ?? {}
    return {
      target: target ?? {},
      nothing: target === undefined,
      judge: (after) => {
        const value = 'value' in after ? after.value : Number.NaN
        return {
          reached: target !== undefined && value >= min && value <= max,
          nearness: -Math.max(min - value, value - max, 0),
        }
      },
    }
  }
  if (typeof target === 'object') return refuse(`expected one of ${name}'s labels`)
  if (target === undefined) {
    return {
      target: null,
      nothing: false,
      judge: (after, before) => {
        if (!('label' in after) || !('label' in before)) return { reached: false, nearness: 0 }
        return { reached: after.label !== before.label, nearness: -after.probabilities[before.label]! }
      },
    }
  }
  if (!classes.includes(target)) return refuse(`expected one of ${classes.join(', ')}`)
  return {
    target,
    nothing: false,
    judge: (after) =>
      'label' in after
        ? { reached: after.label === target, nearness: after.probabilities[target]! }
        : { reached: false, nearness: 0 },
  }
}

function chosenFields(
  all: readonly ActionableField[],
  names: readonly string[] | undefined,
): readonly ActionableField[] {
  if (names === undefined) return all
  const details = names.flatMap((name, i): ErrorDetail[] =>
    all.some(({ column }) => column.name === name)
      ? []
      : [{ path: `fields[${i}]`, message: `expected one of ${all.map(({ column }) => column.name).join(', ')}` }],
  )
  if (details.length > 0)
    throw new BellwetherError('INVALID_INPUT', `${details[0]!.path}: ${details[0]!.message}`, { details })
  return all.filter(({ column }) => names.includes(column.name))
}

/** From where the field is; from a missing value to any, at the full cost. */
function movesOf({ values, direction, cost, range }: ActionableField, field: number, current: JsonScalar): Move[] {
  return values.flatMap((value, index): Move[] => {
    if (value === current) return []
    if (typeof value !== 'number' || typeof current !== 'number' || range === null)
      return [{ field, value: index, cost }]
    if ((direction === 'up' && value < current) || (direction === 'down' && value > current)) return []
    return [{ field, value: index, cost: range === 0 ? cost : (cost * Math.abs(value - current)) / range }]
  })
}

function currentOf(record: Readonly<Record<string, unknown>>, { column }: ActionableField): JsonScalar {
  const value = Object.hasOwn(record, column.name) ? record[column.name] : null
  // The record was answered, so it is a value of the column.
  return (value ?? null) as JsonScalar
}

function withPlainKeys(record: unknown): Readonly<Record<string, unknown>> {
  if (!isPlainObject(record)) {
    const message = `expected an object with the columns of the model's signature, came ${jsonType(record)}`
    throw new BellwetherError('INVALID_INPUT', `record: ${message}`, { details: [{ path: 'record', message }] })
  }
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key.trim(), value]))
}

function outcomeOf(answer: Prediction | FailedPrediction): WhatIfOutcome {
  if (isFailed(answer)) throw new BellwetherError('INTERNAL', 'A refused request has no failed predictions.')
  if ('label' in answer) return { label: answer.label, probabilities: answer.probabilities }
  if ('value' in answer) return { value: answer.value }
  throw new BellwetherError('INTERNAL', 'A clustering was asked what if.')
}

/** The one record of this request is no list. */
function withRecordPaths(error: BellwetherError): BellwetherError {
  const plain = (text: string) => text.replace(/^records\[0\]/, 'record')
  const details = error.details.map(({ path, message }) => ({ path: plain(path), message }))
  return new BellwetherError(error.code, plain(error.message), { details, hint: error.hint })
}

/** Costs for people: without the noise of the last bits. */
function shown(cost: number): number {
  return Number(cost.toPrecision(6))
}
