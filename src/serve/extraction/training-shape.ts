import type { ColumnProfile, TableProfile } from '../../table/profile.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { hashText } from './distinct-count.ts'

/** Largest that one field may count for or against a record being drawn at random. */
const MAX_LOG_RATIO = 3

/** What is missing. Farther from every value than any is from another, and, unlike NaN, equal to itself. */
const MISSING = -Number.MAX_VALUE

/**
 * What records of a model look like, by its training data: numbers that they are compared by. A number or date is itself; a category its place in
 * the list; any other text a hash.
 */
export interface TrainingShape {
  /** Fields of a record. */
  readonly width: number
  /** Writes a record that the model has answered. @param into Shape (width) */
  encode(record: unknown, into: Float64Array): void
  /**
   * How much rather the record comes from drawing each field evenly from its range or categories than from the training data:
   *   Σⱼ ln(uⱼ / pⱼ)      uⱼ = 1 / bins or categories, pⱼ = share of the training rows in the record's
   * in nats; positive where it looks drawn at random. A missing value says nothing.
   */
  drawnEvenly(row: Float64Array): number
  /**
   * How far two records are from each other: the square root of the sum of squares over fields, of numbers by their range, of others 0 or 1.
   * `fields` is how many differ.
   */
  compare(a: Float64Array, aAt: number, b: Float64Array): { readonly distance: number; readonly fields: number }
  /** Chance that two training records differ in exactly one field, were their fields independent; 1 where nothing is known of them. */
  readonly oneFieldChance: number
}

interface Field {
  readonly name: string
  readonly kind: 'number' | 'date' | 'code'
  /** Category -> its place; of what was never seen a hash, which is no place. */
  readonly codes: ReadonlyMap<string, number>
  /** Of a number: 1 / (largest - smallest); 0 for what is the same or not. */
  readonly scale: number
  readonly min: number
  readonly binWidth: number
  /** ln(u / p) of each bin or category, those outside last. Empty where nothing is known. */
  readonly logRatios: Float64Array
  /** Chance that two training rows agree. */
  readonly agree: number
}

/** The shape of the rows that a model learnt from. */
export function trainingShape(inputs: readonly ColumnSchema[], profile: TableProfile): TrainingShape {
  const profiles = new Map(profile.columns.map((column) => [column.name, column]))
  const fields = inputs.map((column) => fieldOf(column, profiles.get(column.name)))
  const width = fields.length
  const scales = Float64Array.from(fields, ({ scale }) => scale)
  const compared = { distance: 0, fields: 0 }
  return {
    width,
    encode(record, into) {
      const given = typeof record === 'object' && record !== null ? (record as Readonly<Record<string, unknown>>) : {}
      let blanks: Readonly<Record<string, unknown>> | null = null
      for (let j = 0; j < width; j++) {
        const field = fields[j]!
        let value = Object.hasOwn(given, field.name) ? given[field.name] : undefined
        if (value === undefined) {
          // Blanks around a name do not count for the model either.
          blanks ??= Object.fromEntries(Object.entries(given).map(([name, one]) => [name.trim(), one]))
          value = blanks[field.name]
        }
        into[j] = encoded(field, value)
      }
    },
    drawnEvenly(row) {
      let sum = 0
      for (let j = 0; j < width; j++) {
        const { logRatios, kind, min, binWidth } = fields[j]!
        const value = row[j]!
        if (logRatios.length === 0 || value === MISSING) continue
        const outside = logRatios.length - 1
        let bin = kind === 'code' ? value : Math.floor((value - min) / binWidth)
        if (kind !== 'code' && bin === outside && value <= min + outside * binWidth) bin--
        sum += logRatios[bin >= 0 && bin < outside ? bin : outside]!
      }
      return sum
    },
    compare(a, aAt, b) {
      let squares = 0
      let differ = 0
      for (let j = 0; j < width; j++) {
        const gap = a[aAt + j]! - b[j]!
        if (gap === 0) continue
        differ++
        const scale = scales[j]!
        const scaled = scale === 0 ? 1 : gap * scale
        squares += scaled > 1 || scaled < -1 ? 1 : scaled * scaled
      }
      compared.distance = Math.sqrt(squares)
      compared.fields = differ
      return compared
    },
    oneFieldChance: oneFieldChance(fields.map(({ agree }) => agree)),
  }
}

/** P = Πⱼ qⱼ · Σⱼ (1 − qⱼ) / qⱼ, qⱼ the chance that two records agree in field j. */
function oneFieldChance(agree: readonly number[]): number {
  if (agree.length === 0) return 1
  const all = agree.reduce((product, q) => product * q, 1)
  return Math.min(1, agree.reduce((sum, q) => sum + (1 - q) / q, 0) * all)
}

function encoded({ kind, codes }: Field, value: unknown): number {
  if (value === null || value === undefined || value === '') return MISSING
  if (kind === 'number') return finite(typeof value === 'number' ? value : Number(value))
  const text = String(value)
  if (kind === 'date') return finite(Date.parse(text))
  return codes.get(text) ?? codes.get(text.trim()) ?? codes.size + 1 + hashText(text)
}

const finite = (value: number) => (Number.isFinite(value) ? value : MISSING)

function fieldOf({ name, kind, dataType }: ColumnSchema, profile: ColumnProfile | undefined): Field {
  const field = {
    name,
    kind: kind === 'number' || kind === 'date' ? kind : ('code' as const),
    codes: new Map<string, number>(),
    scale: 0,
    min: 0,
    binWidth: 1,
    logRatios: new Float64Array(0),
    // Texts, and columns of which nothing is known: no two are the same.
    agree: profile === undefined ? 1 : 1 / Math.max(1, profile.distinct),
  }
  if (profile === undefined || profile.count === 0) return { ...field, agree: 1 }
  if (kind === 'category') {
    const counts = profile.categories.map(({ count }) => count)
    return {
      ...field,
      codes: new Map(profile.categories.map(({ value }, code) => [value, code])),
      logRatios: logRatios(
        counts,
        counts.map(() => 1 / counts.length),
      ),
      agree: sumOfSquares(counts),
    }
  }
  const { distribution } = profile
  if (kind === 'text' || distribution === null || distribution.max <= distribution.min) return field
  const { edges, counts } = distribution.histogram
  // Values within a bin are taken to be as many in each.
  const perBin = Math.max(1, profile.distinct / Math.max(1, counts.filter((count) => count > 0).length))
  return {
    ...field,
    scale: 1 / (distribution.max - distribution.min),
    min: edges[0]!,
    binWidth: (edges.at(-1)! - edges[0]!) / counts.length,
    logRatios: logRatios(counts, evenShares(edges, dataType === 'integer')),
    agree: sumOfSquares(counts) / perBin,
  }
}

/** Share of an even draw that falls into each bin; a whole number's bins hold the whole numbers that they hold. */
function evenShares(edges: readonly number[], whole: boolean): number[] {
  const last = edges.length - 2
  const sizes = edges.slice(1).map((upper, bin) => {
    const lower = edges[bin]!
    return whole ? (bin === last ? Math.floor(upper) + 1 : Math.ceil(upper)) - Math.ceil(lower) : upper - lower
  })
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return sizes.map((size) => size / total)
}

/**
 * ln(u / p) of each bin, and of what is outside of all.
 * @param counts Training rows in each bin. @param even Share of an even draw in each.
 */
function logRatios(counts: readonly number[], even: readonly number[]): Float64Array {
  // Half a row for each bin, so that what was not seen is rare rather than impossible.
  const total = counts.reduce((sum, count) => sum + count + 0.5, 0)
  const ratios = counts.map((count, bin) =>
    even[bin]! <= 0
      ? MAX_LOG_RATIO
      : Math.max(-MAX_LOG_RATIO, Math.min(MAX_LOG_RATIO, Math.log((even[bin]! * total) / (count + 0.5)))),
  )
  return Float64Array.from([...ratios, MAX_LOG_RATIO])
}

function sumOfSquares(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count) => sum + (count / total) ** 2, 0)
}
