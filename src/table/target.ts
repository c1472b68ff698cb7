/** What is to be predicted, for the rows of a matrix. */
export type Target =
  | {
      readonly task: 'classification'
      /** Index into `classes`, shape (nRows). */
      readonly codes: Int32Array
      /** Labels in code-point order, as scikit-learn sorts them; at least two. */
      readonly classes: readonly string[]
    }
  | {
      readonly task: 'regression'
      /** shape (nRows), finite */
      readonly values: Float64Array
    }

export type SupervisedTask = Target['task']

/** The given rows of a target; the classes stay the same even when one has no row. */
export function selectTarget(target: Target, rows: Uint32Array): Target {
  if (target.task === 'classification') {
    const codes = new Int32Array(rows.length)
    for (let i = 0; i < rows.length; i++) codes[i] = target.codes[rows[i]!]!
    return { task: 'classification', codes, classes: target.classes }
  }
  const values = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) values[i] = target.values[rows[i]!]!
  return { task: 'regression', values }
}

export function targetLength(target: Target): number {
  return target.task === 'classification' ? target.codes.length : target.values.length
}
