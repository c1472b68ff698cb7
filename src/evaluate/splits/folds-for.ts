import type { Target } from '../../table/target.ts'
import type { Fold } from './fold.ts'
import { kFold } from './k-fold.ts'
import { stratifiedKFold } from './stratified-k-fold.ts'

/**
 * The folds of a search: stratified for classes, plain for numbers, both shuffled. scikit-learn's `StratifiedKFold` and
 * `KFold` with `shuffle=True` give the same rows.
 * @throws FOLDS_TOO_MANY, TARGET_ONE_CLASS
 */
export function foldsFor(target: Target, k: number, seed: number): Fold[] {
  if (target.task === 'regression') return kFold(target.values.length, k, { seed })
  return stratifiedKFold(target.codes, k, { seed, classes: target.classes })
}
