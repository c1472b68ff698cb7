import { DistinctCount, hashNumber } from './distinct-count.ts'
import { normality } from './normality.ts'
import type { TrainingShape } from './training-shape.ts'

/** Parts of a window; the oldest is forgotten as a new one begins. */
export const PARTS = 6
/** Records of a part that are all looked at; after them a run of `RUN` in every `STRETCH`. */
const FULLY = 512
const RUN = 32
const STRETCH = 1024
/** Records that are remembered to compare others with: as many as fit into so many numbers. */
const REMEMBERED_NUMBERS = 4096
const MAX_REMEMBERED = 96
/** Distances that are judged together. */
export const DISTANCES = 128

interface Part {
  /** Number of the part's time since 1970. */
  epoch: number
  requests: number
  records: number
  looked: number
  fresh: number
  oneField: number
  /** Sum over fresh records, and sum of squares. */
  evenness: number
  evennessSquares: number
  readonly distinct: DistinctCount
}

/** What one caller asked one model version within the window. */
export interface QuestionTotals {
  /** Since the oldest part that is still in the window, complete or not. */
  readonly records: number
  /** Records that were looked at, and were not just what had been asked before. */
  readonly fresh: number
  /** About how many different records were asked, those that were not looked at taken to be like those that were. */
  readonly distinct: number
  /** Of the fresh ones, those that differ in one field from one before. */
  readonly oneFieldShare: number
  /**
   * How much rather the fresh ones come from drawing each field evenly from its range than from the training data: the mean of ln(u / p), in nats,
   * less three of its standard errors.
   */
  readonly evenness: number
  /**
   * How normally the distances to the nearest earlier record with the same answer are distributed (1: perfectly), the better of the last two sets; null
   * until there are two.
   */
  readonly normality: number | null
  /** Requests a minute in the quietest of the last three complete parts. */
  readonly steadyPerMinute: number
}

/**
 * What is kept of one caller's questions to one model version: counts by parts of a window that slides, the last records, the last distances. A
 * caller who asks a lot is looked at in samples, in runs, so that neighbours stay neighbours.
 */
export class QuestionWindow {
  readonly #shape: TrainingShape
  readonly #partMs: number
  readonly #random: () => number
  readonly #parts: Part[] = []
  readonly #capacity: number
  /** Grows to `capacity` rows, then is overwritten from its beginning. */
  #rows: Float64Array
  readonly #answers: (string | number)[] = []
  #next = 0
  readonly #row: Float64Array
  readonly #distances = new Float64Array(DISTANCES)
  #nDistances = 0
  #normality: readonly [number | null, number | null] = [null, null]
  #runAt = 0

  constructor(shape: TrainingShape, windowMs: number, random: () => number) {
    this.#shape = shape
    this.#partMs = windowMs / PARTS
    this.#random = random
    this.#capacity = Math.max(16, Math.min(MAX_REMEMBERED, Math.floor(REMEMBERED_NUMBERS / Math.max(1, shape.width))))
    this.#rows = new Float64Array(16 * shape.width)
    this.#row = new Float64Array(shape.width)
  }

  get remembered(): number {
    return this.#answers.length
  }

  asked(now: number): void {
    this.#part(now).requests++
  }

  /** Takes a record that was answered. @param answer Label or cluster; null for numbers. @returns whether it was looked at */
  add(record: unknown, answer: string | number | null, now: number): boolean {
    const part = this.#part(now)
    const nth = part.records++
    if (nth >= FULLY) {
      const at = (nth - FULLY) % STRETCH
      if (at === 0) this.#runAt = Math.floor(this.#random() * (STRETCH - RUN))
      if (at < this.#runAt || at >= this.#runAt + RUN) return false
    }
    this.#look(part, record, answer ?? '')
    return true
  }

  /** A record that was answered and is not looked at. */
  passOver(count: number, now: number): void {
    this.#part(now).records += count
  }

  #look(part: Part, record: unknown, answer: string | number): void {
    const shape = this.#shape
    const row = this.#row
    shape.encode(record, row)
    let hash = 0
    for (const value of row) hash = hashNumber(hash, value)
    part.distinct.add(hash)
    part.looked++

    let nearest = Number.POSITIVE_INFINITY
    let fewest = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#answers.length; i++) {
      const { distance, fields } = shape.compare(this.#rows, i * shape.width, row)
      if (fields < fewest) fewest = fields
      if (fields === 0) return
      if (distance < nearest && this.#answers[i] === answer) nearest = distance
    }
    part.fresh++
    if (fewest === 1) part.oneField++
    const evenness = shape.drawnEvenly(row)
    part.evenness += evenness
    part.evennessSquares += evenness * evenness
    this.#remember(row, answer)
    if (nearest < Number.POSITIVE_INFINITY) this.#distance(nearest)
  }

  #remember(row: Float64Array, answer: string | number): void {
    const at = this.#next
    this.#next = (at + 1) % this.#capacity
    const end = (at + 1) * row.length
    if (this.#rows.length < end) {
      const more = new Float64Array(Math.min(this.#capacity * row.length, this.#rows.length * 2))
      more.set(this.#rows)
      this.#rows = more
    }
    this.#rows.set(row, at * row.length)
    this.#answers[at] = answer
  }

  #distance(nearest: number): void {
    // The first ones are far from their few predecessors, whoever asks.
    if (this.#answers.length < Math.min(this.#capacity, 64)) return
    this.#distances[this.#nDistances++] = nearest
    if (this.#nDistances < DISTANCES) return
    this.#normality = [this.#normality[1], normality(this.#distances)]
    this.#nDistances = 0
  }

  totals(now: number): QuestionTotals {
    const epoch = Math.floor(now / this.#partMs)
    const sum = { records: 0, looked: 0, fresh: 0, oneField: 0, evenness: 0, evennessSquares: 0 }
    const distinct = new DistinctCount()
    for (const part of this.#parts) {
      if (part.epoch <= epoch - PARTS) continue
      sum.records += part.records
      sum.looked += part.looked
      sum.fresh += part.fresh
      sum.oneField += part.oneField
      sum.evenness += part.evenness
      sum.evennessSquares += part.evennessSquares
      distinct.merge(part.distinct)
    }
    const [before, last] = this.#normality
    const steady = [1, 2, 3].map((ago) => this.#parts.find((part) => part.epoch === epoch - ago)?.requests ?? 0)
    return {
      records: sum.records,
      fresh: sum.fresh,
      distinct: sum.looked === 0 ? 0 : Math.min(sum.records, (distinct.estimate() * sum.records) / sum.looked),
      oneFieldShare: sum.fresh === 0 ? 0 : sum.oneField / sum.fresh,
      evenness: surely(sum),
      normality: before === null || last === null ? null : Math.max(before, last),
      steadyPerMinute: Math.min(...steady) / (this.#partMs / 60_000),
    }
  }

  #part(now: number): Part {
    const epoch = Math.floor(now / this.#partMs)
    const at = epoch % PARTS
    const found = this.#parts.find((part) => part.epoch % PARTS === at)
    if (found?.epoch === epoch) return found
    const empty = { epoch, requests: 0, records: 0, looked: 0, fresh: 0, oneField: 0, evenness: 0, evennessSquares: 0 }
    if (found) {
      // After a silence as long as the window nothing is left to compare with.
      if (this.#parts.every((part) => part.epoch <= epoch - PARTS)) this.#forget()
      found.distinct.clear()
      return Object.assign(found, empty)
    }
    const part = { ...empty, distinct: new DistinctCount() }
    this.#parts.push(part)
    return part
  }

  #forget(): void {
    this.#answers.length = 0
    this.#next = 0
    this.#nDistances = 0
    this.#normality = [null, null]
  }
}

/** The mean less three of its standard errors. */
function surely({
  fresh,
  evenness,
  evennessSquares,
}: {
  readonly fresh: number
  readonly evenness: number
  readonly evennessSquares: number
}): number {
  if (fresh < 2) return Number.NEGATIVE_INFINITY
  const mean = evenness / fresh
  const variance = Math.max(0, (evennessSquares - fresh * mean * mean) / (fresh - 1))
  return mean - 3 * Math.sqrt(variance / fresh)
}
