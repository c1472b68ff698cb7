import type { RandomState } from '../../table/random.ts'
import type { BinMapper } from './bin.ts'

/** Columns that a split is possible on: those with two bins or more, ascending. */
export function splittableColumns(mapper: BinMapper): Int32Array {
  const columns: number[] = []
  for (let column = 0; column < mapper.nColumns; column++) if (mapper.nBins[column]! > 1) columns.push(column)
  return Int32Array.from(columns)
}

/**
 * Moves `count` of the columns, drawn without replacement, to the front (the first steps of Fisher and Yates), and puts
 * those in ascending order: of equal splits the one on the first column is then kept, whatever the order of the draw.
 */
export function drawColumns(columns: Int32Array, count: number, random: RandomState): Int32Array {
  for (let i = 0; i < count; i++) {
    const j = i + random.randint(columns.length - i)
    const drawn = columns[j]!
    columns[j] = columns[i]!
    columns[i] = drawn
  }
  return columns.subarray(0, count).sort()
}
