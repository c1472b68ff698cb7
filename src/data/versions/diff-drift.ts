import { binDrift } from '../../evaluate/drift/column-drift.ts'
import { areBinnedAsNumbers, MOST_VALUES, quantileEdges, quantilePlaces } from '../../evaluate/drift/shared-bins.ts'
import { byCodePoint } from '../../table/code-point-order.ts'
import type { Ask } from './ask-duckdb.ts'
import type { ComparedColumn, ComparedTables } from './compared-tables.ts'

type Distances = NonNullable<ReturnType<typeof binDrift>>
type Counts = Parameters<typeof binDrift>[0]

/** Values of the two sides that are not missing. */
export interface Present {
  readonly before: number
  readonly after: number
}

/**
 * How far a column moved, counted in the bins of `sharedBins`, which sees the column in memory.
 * @returns null where one of the tables has no row
 */
export async function columnDriftInFiles(
  column: ComparedColumn,
  tables: ComparedTables,
  present: Present,
  ask: Ask,
): Promise<Distances | null> {
  if (tables.before.nRows === 0 || tables.after.nRows === 0) return null
  return binDrift(
    areBinnedAsNumbers(column.before.kind, column.after.kind)
      ? await numberCounts(column, tables, present, ask)
      : await valueCounts(column, tables, present, ask),
  )
}

async function numberCounts(
  column: ComparedColumn,
  { before, after }: ComparedTables,
  present: Present,
  ask: Ask,
): Promise<Counts> {
  const [reference, current] = [column.before.number!, column.after.number!]
  const few = await fewValues(reference, before.from, ask)
  const [conditions, rest] = few
    ? [few.sort((a, b) => byCodePoint(String(a), String(b))).map((value) => `v = ${double(value)}`), 'other' as const]
    : [
        (await edgesOf(reference, before.from, present.before, ask)).map((edge) => `v <= ${double(edge)}`),
        'above' as const,
      ]
  const count = async (value: string, from: string, side: 'before' | 'after', nRows: number) => {
    const counts =
      conditions.length === 0
        ? []
        : await ask.numbers(
            `SELECT ${conditions.map((condition) => `count(*) FILTER (${condition})`).join(', ')} FROM (SELECT ${value} AS v FROM ${from})`,
          )
    // Counts below an edge hold those of all bins before.
    const bins = rest === 'above' ? counts.map((n, i) => n - (counts[i - 1] ?? 0)) : counts
    const counted = bins.reduce((sum, n) => sum + n, 0)
    return Float64Array.of(...bins, present[side] - counted, nRows - present[side])
  }
  return {
    reference: await count(reference, before.from, 'before', before.nRows),
    current: await count(current, after.from, 'after', after.nRows),
  }
}

/** Rows that are looked at before all are: most columns show in them that they have many values. */
const FIRST_ROWS = 10_000

/** The different values of a column where they are few, else null. */
async function fewValues(value: string, from: string, ask: Ask): Promise<number[] | null> {
  const among = (rows: string) =>
    ask.column(
      `SELECT DISTINCT v FROM (SELECT ${value} AS v FROM ${rows}) WHERE v IS NOT NULL LIMIT ${MOST_VALUES + 1}`,
    )
  if ((await among(`${from} LIMIT ${FIRST_ROWS}`)).length > MOST_VALUES) return null
  const found = await among(from)
  return found.length > MOST_VALUES ? null : found
}

/** @param n Values that are not missing. */
async function edgesOf(value: string, from: string, n: number, ask: Ask): Promise<number[]> {
  const places = quantilePlaces(n)
  const values = await ask.column(
    `SELECT v FROM (SELECT v, row_number() OVER () - 1 AS i FROM (SELECT v FROM (SELECT ${value} AS v FROM ${from}) WHERE v IS NOT NULL ORDER BY v))
     WHERE i IN (${places.join(', ')}) ORDER BY i`,
  )
  // Only these places of the sorted values are read.
  return quantileEdges({ length: n, ...Object.fromEntries(places.map((place, i) => [place, values[i]!])) })
}

/** A bin for each value of the first table, in the order of their texts; then for other values and for missing ones. */
async function valueCounts(
  column: ComparedColumn,
  { before, after }: ComparedTables,
  present: Present,
  ask: Ask,
): Promise<Counts> {
  const reference: number[] = []
  const current: number[] = []
  let known = 0
  const side = (early: boolean, key: string, text: string, from: string) =>
    `SELECT ${early} AS early, ${key} AS k, ${text} AS t FROM ${from}`
  await ask.each(
    `SELECT n_before, n_after FROM (
       SELECT any_value(t) AS t, count(*) FILTER (early) AS n_before, count(*) FILTER (NOT early) AS n_after
       FROM (${side(true, column.before.key, column.before.text, before.from)} UNION ALL
             ${side(false, column.after.key, column.after.text, after.from)})
       WHERE k IS NOT NULL GROUP BY k)
     WHERE n_before > 0 ORDER BY t`,
    ([nBefore, nAfter]) => {
      reference.push(Number(nBefore))
      current.push(Number(nAfter))
      known += Number(nAfter)
    },
  )
  reference.push(0, before.nRows - present.before)
  current.push(present.after - known, after.nRows - present.after)
  return { reference: Float64Array.from(reference), current: Float64Array.from(current) }
}

/** A number as SQL, to the last bit. */
function double(value: number): string {
  return `CAST('${value}' AS DOUBLE)`
}
