import { BellwetherError } from '../errors.ts'
import { balancedWeights } from '../table/balanced-weights.ts'
import { RandomState } from '../table/random.ts'
import type { Target } from '../table/target.ts'

/**
 * Weights that let each class count the same (`balancedWeights` of rows that all weigh 1). For training rows only.
 * @returns Weight of each row, shape (nRows); their sum is nRows.
 * @throws FEATURES_INVALID for a regression.
 */
export function weighRows(target: Target): Float64Array {
  const { codes, counts } = classCounts(target, 'weights')
  return balancedWeights(codes, counts.length)
}

/**
 * Rows of a training set in which every class has as many rows as the most frequent one (`oversample`: all rows, then drawn with
 * replacement) or as the rarest (`undersample`: drawn without). Never apply it to validation or test rows.
 * @returns Row numbers, ascending; repeated ones stand together.
 * @throws FEATURES_INVALID for a regression.
 */
export function resampleRows(target: Target, method: 'oversample' | 'undersample', seed: number): Uint32Array {
  const { codes, counts } = classCounts(target, method)
  const random = new RandomState(seed)
  const present = counts.filter((count) => count > 0)
  const size = present.length === 0 ? 0 : method === 'oversample' ? Math.max(...present) : Math.min(...present)
  const rowsOfClass = counts.map((count) => new Uint32Array(count))
  const filled = new Array<number>(counts.length).fill(0)
  codes.forEach((code, row) => {
    rowsOfClass[code]![filled[code]!++] = row
  })
  const chosen: number[] = []
  for (const rows of rowsOfClass) {
    if (rows.length === 0) continue
    if (method === 'undersample') {
      for (const i of random.permutation(rows.length).subarray(0, size)) chosen.push(rows[i]!)
      continue
    }
    for (const row of rows) chosen.push(row)
    for (let drawn = rows.length; drawn < size; drawn++) chosen.push(rows[random.randint(rows.length)]!)
  }
  return Uint32Array.from(chosen).sort()
}

function classCounts(target: Target, method: string): { codes: Int32Array; counts: number[] } {
  if (target.task === 'regression') {
    const message = `features.balance: ${method} is for classes; a regression has none.`
    throw new BellwetherError('FEATURES_INVALID', message, { details: [{ path: 'features.balance', message }] })
  }
  const counts = new Array<number>(target.classes.length).fill(0)
  for (const code of target.codes) counts[code]!++
  return { codes: target.codes, counts }
}
