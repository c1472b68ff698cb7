import { BellwetherError } from '../../errors.ts'
import { RandomState } from '../../table/random.ts'
import { type Fold, foldsOf, type Split } from './fold.ts'
import { checkFoldCount, type ShuffleOptions } from './k-fold.ts'
import { testCount } from './train-test-split.ts'

/**
 * Folds in which no group is on both sides, such as a student with several rows: the very rows of scikit-learn's
 * `GroupKFold(k, shuffle, random_state)`. Without shuffling, groups go from the largest to the fold with fewest rows so
 * far; with it, shuffled groups are dealt in k runs.
 * @param groups Group of each row, shape (nRows), not negative. @param options `shuffle` defaults to true.
 * @throws FOLDS_TOO_MANY when there are fewer groups than folds.
 */
export function groupKFold(groups: Int32Array, k: number, options: ShuffleOptions = {}): Fold[] {
  checkFoldCount(k)
  const { ids, indexes } = distinctGroups(groups)
  if (ids.length < k) {
    const message = `${k} folds by group need at least ${k} groups; there ${ids.length === 1 ? 'is' : 'are'} ${ids.length}.`
    throw new BellwetherError('FOLDS_TOO_MANY', message, {
      hint: 'Use fewer folds (`search.folds`), or another column as group.',
    })
  }
  const foldOfGroup =
    (options.shuffle ?? true) ? dealShuffled(ids.length, k, options.seed ?? 0) : dealBySize(indexes, ids.length, k)
  return foldsOf(
    indexes.map((group) => foldOfGroup[group]!),
    k,
  )
}

/**
 * A split in which no group is on both sides; scikit-learn's `GroupShuffleSplit(test_size, random_state)`.
 * @param options `testSize` is a share (or count) of the groups, not of the rows.
 * @throws SPLIT_IMPOSSIBLE when a side would be empty.
 */
export function groupTrainTestSplit(
  groups: Int32Array,
  options: { readonly testSize: number; readonly seed: number },
): Split {
  const { ids, indexes } = distinctGroups(groups)
  const nTest = testCount(ids.length, options.testSize, 'groups')
  const order = new RandomState(options.seed).permutation(ids.length)
  const inTest = new Uint8Array(ids.length)
  for (let i = 0; i < nTest; i++) inTest[order[i]!] = 1
  const rows = Uint32Array.from({ length: groups.length }, (_, row) => row)
  return { train: rows.filter((row) => !inTest[indexes[row]!]), test: rows.filter((row) => inTest[indexes[row]!]) }
}

function distinctGroups(groups: Int32Array) {
  const ids = Int32Array.from(new Set(groups)).sort()
  const indexOf = new Map(Array.from(ids, (id, index) => [id, index]))
  return { ids, indexes: groups.map((id) => indexOf.get(id)!) }
}

function dealShuffled(nGroups: number, k: number, seed: number): Int32Array {
  const order = new RandomState(seed).permutation(nGroups)
  const foldOf = new Int32Array(nGroups)
  let next = 0
  for (let fold = 0; fold < k; fold++) {
    const size = Math.floor(nGroups / k) + (fold < nGroups % k ? 1 : 0)
    for (let i = 0; i < size; i++) foldOf[order[next++]!] = fold
  }
  return foldOf
}

function dealBySize(indexes: Int32Array, nGroups: number, k: number): Int32Array {
  const sizes = new Uint32Array(nGroups)
  for (const group of indexes) sizes[group]!++
  // Largest first; of equal ones the last first, as numpy's reversed stable sort gives.
  const order = Array.from(sizes, (_, group) => group).sort((a, b) => sizes[b]! - sizes[a]! || b - a)
  const foldOf = new Int32Array(nGroups)
  const rowsInFold = new Uint32Array(k)
  for (const group of order) {
    const lightest = rowsInFold.indexOf(Math.min(...rowsInFold))
    foldOf[group] = lightest
    rowsInFold[lightest]! += sizes[group]!
  }
  return foldOf
}
