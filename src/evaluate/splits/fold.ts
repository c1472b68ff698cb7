/** One fold of a cross-validation: row numbers, ascending, that share no row. */
export interface Fold {
  readonly train: Uint32Array
  readonly validation: Uint32Array
}

/** A table cut in two: row numbers that share no row. */
export interface Split {
  readonly train: Uint32Array
  readonly test: Uint32Array
}

/**
 * The folds that a list of validation folds per row means.
 * @param foldOf Index of the fold in which each row is validated, shape (nRows).
 * @returns Folds 0 to k - 1, row numbers ascending.
 */
export function foldsOf(foldOf: Int32Array, k: number): Fold[] {
  const sizes = new Uint32Array(k)
  for (const fold of foldOf) sizes[fold]!++
  return Array.from(sizes, (size, fold) => {
    const validation = new Uint32Array(size)
    const train = new Uint32Array(foldOf.length - size)
    let v = 0
    let t = 0
    for (let row = 0; row < foldOf.length; row++) {
      if (foldOf[row] === fold) validation[v++] = row
      else train[t++] = row
    }
    return { train, validation }
  })
}
