import type { Scorer } from '../scorer.ts'
import { EXTRACTION_RULES, type ExtractionRule } from './extraction-rules.ts'
import type { ExtractionSettings } from './extraction-settings.ts'
import { QuestionWindow } from './question-window.ts'
import { type TrainingShape, trainingShape } from './training-shape.ts'

/** Callers of whom windows are kept; those that were quiet longest are forgotten first. About 40 KB each at most. */
const MAX_WINDOWS = 500
/** Records before a window is opened, and callers who have not come so far yet. */
const FIRST = 32
const MAX_NEWCOMERS = 20_000
const MAX_REFUSED = 10_000
/** Records of one request that are looked at: a run from somewhere in it, so that a long request is no longer for it. */
const MAX_PER_REQUEST = 64
/** Records that were looked at between two judgements. */
const JUDGE_EVERY = 32

/** Records that were answered. */
export interface Asked {
  /** `key:…`, `oidc:…`, or `address:…` where there is no key. */
  readonly caller: string
  readonly model: string
  readonly version: number
  readonly scorer: Pick<Scorer, 'signature' | 'profile'>
  readonly records: readonly unknown[]
  /** Label or cluster of each record, null for a number; undefined for a record that was not answered. Shape as `records`. */
  readonly answerOf: (index: number) => string | number | null | undefined
  /** Requests a minute that the caller may send; null: any number. */
  readonly ratePerMinute: number | null
}

export interface ExtractionAlert {
  readonly caller: string
  readonly model: string
  readonly version: number
  readonly rule: ExtractionRule['name']
  readonly why: string
}

interface Watched {
  readonly window: QuestionWindow
  readonly shape: TrainingShape
  /** Rule -> until when it says nothing again. */
  readonly said: Map<string, number>
  sinceJudged: number
}

export interface ExtractionWatchOptions {
  readonly settings: ExtractionSettings
  readonly clock: () => number
  /** In [0, 1): which records of many are looked at. */
  readonly random: () => number
  readonly onAlert: (alert: ExtractionAlert) => void
}

/**
 * Watches how callers ask models, and tells of those who ask as one who copies them (extraction-rules.ts). Only predictions count, no what-ifs,
 * which change one field after another because that is what they are for. Memory is bounded whatever the number of callers, the time by looking at
 * samples.
 */
export class ExtractionWatch {
  readonly #options: ExtractionWatchOptions
  readonly #windows = new Map<string, Watched>()
  readonly #newcomers = new Map<string, number>()
  readonly #refused = new Map<string, number>()
  readonly #shapes = new WeakMap<object, TrainingShape>()

  constructor(options: ExtractionWatchOptions) {
    this.#options = options
  }

  /** Callers of whom a window is kept. */
  get watched(): number {
    return this.#windows.size
  }

  /** Seconds that a caller is refused for; 0: not at all. */
  refusedSeconds(caller: string): number {
    if (this.#refused.size === 0) return 0
    const until = this.#refused.get(caller) ?? 0
    return Math.max(0, Math.ceil((until - this.#options.clock()) / 1000))
  }

  asked(asked: Asked): void {
    const { records } = asked
    const watched = this.#watched(asked)
    if (watched === null || records.length === 0) return
    const now = this.#options.clock()
    const { window } = watched
    window.asked(now)
    const beyond = Math.max(0, records.length - MAX_PER_REQUEST)
    const from = beyond === 0 ? 0 : Math.floor(this.#options.random() * (beyond + 1))
    if (beyond > 0) window.passOver(beyond, now)
    for (let i = from; i < records.length - (beyond - from); i++) {
      const answer = asked.answerOf(i)
      if (answer !== undefined && window.add(records[i], answer, now)) watched.sinceJudged++
    }
    if (watched.sinceJudged < JUDGE_EVERY) return
    watched.sinceJudged = 0
    this.#judge(asked, watched, now)
  }

  #judge({ caller, model, version, ratePerMinute }: Asked, { window, shape, said }: Watched, now: number): void {
    const { settings, onAlert } = this.#options
    const totals = window.totals(now)
    if (Math.min(totals.fresh, totals.distinct) < settings.minRecords) return
    const oneFieldByChance = 1 - (1 - shape.oneFieldChance) ** window.remembered
    for (const { name, judge } of EXTRACTION_RULES) {
      if ((said.get(name) ?? 0) > now) continue
      const why = judge({ ...totals, oneFieldByChance, ratePerMinute }, settings)
      if (why === null) continue
      const until = now + settings.windowMinutes * 60_000
      said.set(name, until)
      if (settings.refuse) keep(this.#refused, caller, until, MAX_REFUSED)
      onAlert({ caller, model, version, rule: name, why })
    }
  }

  #watched({ caller, model, version, scorer, records }: Asked): Watched | null {
    const name = `${caller} ${model}/${version}`
    const found = this.#windows.get(name)
    if (found) {
      keep(this.#windows, name, found, MAX_WINDOWS)
      return found
    }
    const before = (this.#newcomers.get(name) ?? 0) + records.length
    if (before < FIRST) {
      keep(this.#newcomers, name, before, MAX_NEWCOMERS)
      return null
    }
    this.#newcomers.delete(name)
    const { settings, random } = this.#options
    const shape = this.#shapeOf(scorer)
    const window = new QuestionWindow(shape, settings.windowMinutes * 60_000, random)
    const watched: Watched = { window, shape, said: new Map(), sinceJudged: 0 }
    keep(this.#windows, name, watched, MAX_WINDOWS)
    return watched
  }

  #shapeOf(scorer: Asked['scorer']): TrainingShape {
    const found = this.#shapes.get(scorer)
    if (found) return found
    const shape = trainingShape(scorer.signature.inputs, scorer.profile)
    this.#shapes.set(scorer, shape)
    return shape
  }
}

function keep<T>(map: Map<string, T>, name: string, value: T, most: number): void {
  map.delete(name)
  map.set(name, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
