import { BellwetherError } from '../../errors.ts'
import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import type { Split } from './fold.ts'

export interface TrainTestOptions {
  /** Share of the rows that are kept for the test, in (0, 1); from 1 on a count of rows. The count is rounded up. */
  readonly testSize: number
  /** Each class keeps its share on both sides; for regression and when left out rows are drawn plainly. */
  readonly stratify?: Target
  /** scikit-learn's `random_state`. */
  readonly seed: number
}

/**
 * The very rows, in the very order, of scikit-learn's `train_test_split(test_size, stratify, random_state)`.
 * (For classes that are numbers scikit-learn orders 2 before 10; classes here are texts, as in a column of strings.)
 * @throws SPLIT_IMPOSSIBLE when a side would be empty, a class has one row, or a side is smaller than the number of classes.
 */
export function trainTestSplit(nRows: number, options: TrainTestOptions): Split {
  const nTest = testCount(nRows, options.testSize)
  const nTrain = nRows - nTest
  const random = new RandomState(options.seed)
  if (options.stratify?.task === 'classification') return stratifiedSplit(options.stratify, nTrain, nTest, random)
  const order = random.permutation(nRows)
  return { test: order.slice(0, nTest), train: order.slice(nTest, nTest + nTrain) }
}

/** How many of n rows are for the test. @throws SPLIT_IMPOSSIBLE when one side would be empty. */
export function testCount(n: number, testSize: number, what = 'rows'): number {
  const nTest = testSize < 1 ? Math.ceil(testSize * n) : testSize
  if (Number.isInteger(nTest) && nTest >= 1 && nTest < n) return nTest
  const asked = testSize < 1 ? `a share of ${testSize}` : `${testSize}`
  throw new BellwetherError(
    'SPLIT_IMPOSSIBLE',
    `${n} ${what} can't be cut in two with ${asked} for the test: neither side may be empty.`,
  )
}

/** One draw of scikit-learn's StratifiedShuffleSplit: first how many rows of each class, then which. */
function stratifiedSplit(
  target: Extract<Target, { task: 'classification' }>,
  nTrain: number,
  nTest: number,
  random: RandomState,
): Split {
  const rowsOf: number[][] = target.classes.map(() => [])
  for (let row = 0; row < target.codes.length; row++) rowsOf[target.codes[row]!]!.push(row)
  const present = rowsOf.filter((rows) => rows.length > 0)
  rowsOf.forEach((rows, code) => {
    if (rows.length !== 1) return
    const message = `Class "${target.classes[code]}" has 1 row; a stratified split needs at least 2 of each class.`
    throw new BellwetherError('SPLIT_IMPOSSIBLE', message, {
      hint: 'Merge or leave out the rare class, or set `split.stratify: false`.',
    })
  })
  if (Math.min(nTrain, nTest) < present.length) {
    const message = `A stratified split of ${nTrain} rows to train and ${nTest} to test is too small for ${present.length} classes.`
    throw new BellwetherError('SPLIT_IMPOSSIBLE', message)
  }
  const counts = present.map((rows) => rows.length)
  const trainCounts = approximateMode(counts, nTrain, random)
  const left = counts.map((count, c) => count - trainCounts[c]!)
  const testCounts = approximateMode(left, nTest, random)
  const train: number[] = []
  const test: number[] = []
  present.forEach((rows, c) => {
    const order = Array.from(random.permutation(rows.length), (i) => rows[i]!)
    for (let i = 0; i < trainCounts[c]!; i++) train.push(order[i]!)
    for (let i = 0; i < testCounts[c]!; i++) test.push(order[trainCounts[c]! + i]!)
  })
  return { train: random.shuffle(Uint32Array.from(train)), test: random.shuffle(Uint32Array.from(test)) }
}

/**
 * How many of `nDraws` rows come from each class: each class's share, rounded down, and the rows that are then missing
 * to the largest remainders, ties drawn at random; scikit-learn's `_approximate_mode`, operation by operation.
 */
function approximateMode(counts: readonly number[], nDraws: number, random: RandomState): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const continuous = counts.map((count) => (count / total) * nDraws)
  const drawn = continuous.map(Math.floor)
  let needed = Math.trunc(nDraws - drawn.reduce((sum, count) => sum + count, 0))
  if (needed <= 0) return drawn
  const remainders = continuous.map((value, c) => value - drawn[c]!)
  for (const value of Array.from(new Set(remainders)).sort((a, b) => b - a)) {
    const tied = remainders.flatMap((remainder, c) => (remainder === value ? [c] : []))
    const added = Math.min(tied.length, needed)
    const order = random.permutation(tied.length)
    for (let i = 0; i < added; i++) drawn[tied[order[i]!]!]!++
    needed -= added
    if (needed === 0) break
  }
  return drawn
}
