import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import type { Fold } from './fold.ts'
import { kFold } from './k-fold.ts'
import { stratifiedKFold } from './stratified-k-fold.ts'

/**
 * Folds over and over, each time shuffled anew from one stream: the very rows of scikit-learn's
 * `RepeatedStratifiedKFold(n_splits, n_repeats, random_state)` for classes, and of `RepeatedKFold` for numbers.
 * @returns `repeats` times k folds, those of one repeat side by side.
 * @throws FOLDS_TOO_MANY, TARGET_ONE_CLASS
 */
export function repeatedFolds(
  target: Target,
  { k, repeats, seed }: { readonly k: number; readonly repeats: number; readonly seed: number },
): Fold[] {
  const random = new RandomState(seed)
  return Array.from({ length: repeats }, () =>
    target.task === 'regression'
      ? kFold(target.values.length, k, { random })
      : stratifiedKFold(target.codes, k, { random, classes: target.classes }),
  ).flat()
}
