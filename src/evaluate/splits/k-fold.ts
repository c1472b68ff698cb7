import { BellwetherError } from '../../errors.ts'
import { RandomState } from '../../table/random.ts'
import { type Fold, foldsOf } from './fold.ts'

export interface ShuffleOptions {
  /** Rows are dealt in random order; without it in the order of the file. Default true. */
  readonly shuffle?: boolean
  /** Equal seeds give equal folds, scikit-learn's `random_state`. Default 0; unused without `shuffle`. */
  readonly seed?: number
  /** Draws from this stream, and moves it on, in place of one of its own from `seed`. */
  readonly random?: RandomState
}

/**
 * The very rows of scikit-learn's `KFold(k, shuffle, random_state)`: k runs of the (shuffled) rows, the first n mod k of
 * them one row longer.
 * @throws FOLDS_TOO_MANY when there are fewer rows than folds, or k is below 2.
 */
export function kFold(nRows: number, k: number, options: ShuffleOptions = {}): Fold[] {
  checkFoldCount(k)
  if (nRows < k) throw new BellwetherError('FOLDS_TOO_MANY', `${k} folds need at least ${k} rows; there are ${nRows}.`)
  const order = Uint32Array.from({ length: nRows }, (_, row) => row)
  if (options.shuffle ?? true) (options.random ?? new RandomState(options.seed ?? 0)).shuffle(order)
  const foldOf = new Int32Array(nRows)
  let start = 0
  for (let fold = 0; fold < k; fold++) {
    const size = Math.floor(nRows / k) + (fold < nRows % k ? 1 : 0)
    for (let i = start; i < start + size; i++) foldOf[order[i]!] = fold
    start += size
  }
  return foldsOf(foldOf, k)
}

/** @throws FOLDS_TOO_MANY unless k is a whole number of at least 2. */
export function checkFoldCount(k: number): void {
  if (Number.isInteger(k) && k >= 2) return
  throw new BellwetherError(
    'FOLDS_TOO_MANY',
    `Cross-validation expects a whole number of folds, 2 or more, not ${k}.`,
    {
      hint: 'Set `search.folds` to 2 or more; 5 is usual.',
    },
  )
}
