import { BellwetherError } from '../../errors.ts'
import { RandomState } from '../../table/random.ts'
import { type Fold, foldsOf } from './fold.ts'
import { checkFoldCount, type ShuffleOptions } from './k-fold.ts'

export interface StratifiedOptions extends ShuffleOptions {
  /** Labels of the codes, for messages. */
  readonly classes?: readonly string[]
}

/**
 * The very rows of scikit-learn's `StratifiedKFold(k, shuffle, random_state)`: every fold holds each class in the share
 * that it has in the whole, to within a row. Classes are numbered by their first row; how many rows of a class a fold
 * gets is counted off over the sorted classes; shuffling mixes fold numbers within each class.
 *
 * Stricter than scikit-learn in one thing: there, a class with fewer rows than folds is a warning, and some folds are
 * then scored without it, so that their macro averages are not comparable. Here it is an error with a remedy.
 * @param codes Class of each row, shape (nRows).
 * @throws FOLDS_TOO_MANY naming each class with fewer rows than folds; TARGET_ONE_CLASS.
 */
export function stratifiedKFold(codes: Int32Array, k: number, options: StratifiedOptions = {}): Fold[] {
  checkFoldCount(k)
  const { encoded, counts, firstCodes } = encodeByAppearance(codes)
  refuseRareClasses(counts, firstCodes, k, options.classes)

  const rowsOfFold = allocate(counts, k)
  const random = (options.shuffle ?? true) ? (options.random ?? new RandomState(options.seed ?? 0)) : null
  const foldOf = new Int32Array(codes.length)
  for (let c = 0; c < counts.length; c++) {
    const foldsOfClass = new Int32Array(counts[c]!)
    let i = 0
    for (let fold = 0; fold < k; fold++) {
      for (let j = 0; j < rowsOfFold[fold * counts.length + c]!; j++) foldsOfClass[i++] = fold
    }
    random?.shuffle(foldsOfClass)
    i = 0
    for (let row = 0; row < encoded.length; row++) if (encoded[row] === c) foldOf[row] = foldsOfClass[i++]!
  }
  return foldsOf(foldOf, k)
}

/** Classes numbered in the order of their first rows; `firstCodes` gives the code of each. */
function encodeByAppearance(codes: Int32Array) {
  const numbers = new Map<number, number>()
  const counts: number[] = []
  const encoded = new Int32Array(codes.length)
  for (let row = 0; row < codes.length; row++) {
    let c = numbers.get(codes[row]!)
    if (c === undefined) {
      c = numbers.size
      numbers.set(codes[row]!, c)
      counts.push(0)
    }
    encoded[row] = c
    counts[c]!++
  }
  return { encoded, counts, firstCodes: Array.from(numbers.keys()) }
}

/** Rows of each class in each fold, shape (k * nClasses): row i of the sorted classes goes to fold i mod k. */
function allocate(counts: readonly number[], k: number): Int32Array {
  const rowsOfFold = new Int32Array(k * counts.length)
  let i = 0
  counts.forEach((count, c) => {
    for (let j = 0; j < count; j++) rowsOfFold[(i++ % k) * counts.length + c]!++
  })
  return rowsOfFold
}

function refuseRareClasses(
  counts: readonly number[],
  firstCodes: readonly number[],
  k: number,
  classes?: readonly string[],
) {
  const nameOf = (c: number) => `"${classes?.[firstCodes[c]!] ?? firstCodes[c]}"`
  if (counts.length < 2) {
    const found = counts.length === 0 ? 'there is none' : `there is only ${nameOf(0)}`
    throw new BellwetherError('TARGET_ONE_CLASS', `Stratified folds expect at least two classes; ${found}.`)
  }
  const rare = counts.map((count, c) => ({ count, c })).filter(({ count }) => count < k)
  if (rare.length === 0) return
  const named = rare.map(({ count, c }) => `${nameOf(c)} has ${count} ${count === 1 ? 'row' : 'rows'}`)
  const shown = named.length > 5 ? `${named.slice(0, 5).join(', ')} and ${named.length - 5} more` : named.join(', ')
  const least = Math.min(...rare.map(({ count }) => count))
  const fewer = least >= 2 ? `Use ${least} folds or fewer (\`search.folds: ${least}\`), or merge` : 'Merge'
  const which = rare.length === 1 ? 'the rare class' : 'the rare classes'
  throw new BellwetherError(
    'FOLDS_TOO_MANY',
    `${k} folds need at least ${k} training rows of each class, but class ${shown}.`,
    {
      hint: `${fewer} ${which} with another in the target, leave ${rare.length === 1 ? 'it' : 'them'} out, or add rows.`,
      details: rare.map(({ count, c }) => ({ path: `class ${nameOf(c)}`, message: `${count} of at least ${k} rows` })),
    },
  )
}
